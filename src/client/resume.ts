import { lastModifiedOf, type Uploadable } from './source.ts'

/**
 * Where an upload is remembered until it is complete: `localStorage` fits as it is. It holds ids of
 * uploads, which are worth nothing without a key, and no part of a file. One that fails costs the
 * resuming alone.
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

/** The memory of nothing. */
export const noMemory: Memory = {
  read: async () => undefined,
  write: async () => {},
  forget: async () => {},
}

/**
 * The memory of one upload, told from others by the file's size and time of change and by `traits`:
 * where it goes and what it is to become. Without a time nobody can tell two files apart, and there
 * is none.
 */
export function createMemory(
  store: ResumeStore,
  file: Uploadable,
  traits: readonly (string | undefined)[],
): Memory {
  const lastModified = lastModifiedOf(file)
  if (lastModified === undefined) return noMemory
  const key = `bulkway:${JSON.stringify([...traits, file.size, lastModified])}`
  // A store that is full, read-only or forbidden must not keep anybody from uploading.
  return {
    async read() {
      try {
        const stored = await store.getItem(key)
        return typeof stored === 'string' ? parse(stored) : undefined
      } catch {
        return undefined
      }
    },
    async write(remembered) {
      try {
        await store.setItem(key, JSON.stringify(remembered))
      } catch {}
    },
    async forget() {
      try {
        await store.removeItem(key)
      } catch {}
    },
  }
}

/** Parts that any sensible gateway signs at a time. */
const carefulBatch = 4

/** The memory of an upload whose id the caller keeps by himself. */
export function memoryOf(uploadId: string): Memory {
  return { ...noMemory, read: async () => ({ uploadId, batch: carefulBatch }) }
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
