import { lastModifiedOf, nameOf, type Uploadable } from './source.ts'

/**
 * Where an upload is remembered until it is complete: `localStorage` fits as it is. It holds ids of
 * uploads, which are worth nothing without a key, and no part of a file.
 */
export interface ResumeStore {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>
  setItem(key: string, value: string): void | Promise<void>
  removeItem(key: string): void | Promise<void>
}

/** One file's place in a store. */
export interface Memory {
  /** The upload that was begun for this very file; undefined where there is none. */
  read(): Promise<Remembered | undefined>
  write(remembered: Remembered): Promise<void>
  forget(): Promise<void>
}

export interface Remembered {
  readonly uploadId: string
  /** Parts that the gateway signs at a time. */
  readonly batch: number
}

/** The memory of one file, told by gateway, endpoint, name, size and time of change. */
export function createMemory(
  store: ResumeStore,
  baseUrl: string,
  endpointId: string,
  file: Uploadable,
  name: string | undefined,
): Memory {
  const traits = [baseUrl, endpointId, name ?? nameOf(file) ?? '', file.size, lastModifiedOf(file)]
  const key = `bulkway:${JSON.stringify(traits)}`
  return {
    async read() {
      const stored = await store.getItem(key)
      return typeof stored === 'string' ? parse(stored) : undefined
    },
    write: async (remembered) => await store.setItem(key, JSON.stringify(remembered)),
    forget: async () => await store.removeItem(key),
  }
}

/** Parts that any sensible gateway signs at a time. */
const carefulBatch = 4

/** The memory of an upload whose id the caller keeps by himself. */
export function memoryOf(uploadId: string): Memory {
  return {
    read: async () => ({ uploadId, batch: carefulBatch }),
    write: async () => {},
    forget: async () => {},
  }
}

/** The memory of nothing. */
export const noMemory: Memory = {
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
}

function parse(stored: string): Remembered | undefined {
  try {
    const { uploadId, batch } = JSON.parse(stored)
    return typeof uploadId === 'string' && typeof batch === 'number'
      ? { uploadId, batch }
      : undefined
  } catch {
    return undefined
  }
}
