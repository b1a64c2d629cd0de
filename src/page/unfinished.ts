import type { ResumeStore } from '../client/client.ts'

/** A file as a browser tells it from others; the file itself does not outlive the page. */
export interface FileTraits {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Milliseconds since the epoch. */
  readonly lastModified: number
}

/** An upload that was begun and not completed. */
export interface Unfinished extends FileTraits {
  readonly endpointId: string
  /** Where its ref is to be placed. */
  readonly path: string
  readonly uploadId?: string
}

const prefix = 'bulkway-upload:'

/** Where the client remembers one upload, with what the page has to know of it after a reload. */
export interface UploadMemory extends ResumeStore {
  /** Adds what became known since. */
  note(more: Partial<Unfinished>): void
}

/** Remembers one upload in `storage` until the client forgets it. */
export function createUploadMemory(storage: Storage, about: () => Unfinished): UploadMemory {
  let key: string | undefined
  return {
    getItem(name) {
      key = prefix + name
      return read(storage, key)?.value ?? null
    },
    setItem(name, value) {
      key = prefix + name
      storage.setItem(key, JSON.stringify({ about: about(), value }))
    },
    removeItem(name) {
      storage.removeItem(prefix + name)
    },
    note(more) {
      if (key === undefined) return
      const known = read(storage, key)
      if (known === undefined) return
      const { about, value } = known
      storage.setItem(key, JSON.stringify({ about: { ...about, ...more }, value }))
    },
  }
}

/** What was begun in this browser for an endpoint. */
export function listUnfinished(storage: Storage, endpointId: string): Unfinished[] {
  return keysOf(storage)
    .flatMap((key) => read(storage, key)?.about ?? [])
    .filter((one) => one.endpointId === endpointId)
}

/** Forgets one upload, or all of them. */
export function forgetUnfinished(storage: Storage, uploadId?: string): void {
  for (const key of keysOf(storage)) {
    if (uploadId === undefined || read(storage, key)?.about.uploadId === uploadId) {
      storage.removeItem(key)
    }
  }
}

/** Whether two files are one, as far as a page can tell. */
export function isSameFile(one: FileTraits, other: FileTraits): boolean {
  const { name, size, lastModified } = one
  return name === other.name && size === other.size && lastModified === other.lastModified
}

function keysOf(storage: Storage): string[] {
  return Object.keys(storage).filter((key) => key.startsWith(prefix))
}

function read(storage: Storage, key: string): { about: Unfinished; value: string } | undefined {
  try {
    const stored = JSON.parse(storage.getItem(key) ?? '')
    return typeof stored.value === 'string' && typeof stored.about === 'object' ? stored : undefined
  } catch {
    return undefined
  }
}
