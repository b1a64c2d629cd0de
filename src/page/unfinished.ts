import type { ResumeStore } from '../client/client.ts'
import { Sha256 } from '../client/sha256.ts'

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
  /** Who began it, as `callerMark` says. */
  readonly caller: string
}

/** No upload stays open for longer. */
const keptMs = 8 * 86_400_000

/** What is stored of one upload. */
interface Stored {
  readonly about: Unfinished
  /** What the client remembers. */
  readonly value: string
  /** Milliseconds since the epoch. */
  readonly begunAt: number
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
  const keyOf = (name: string) => `${prefix}${about().caller}:${name}`
  const write = (key: string, stored: Stored) => storage.setItem(key, JSON.stringify(stored))
  return {
    getItem(name) {
      key = keyOf(name)
      return read(storage, key)?.value ?? null
    },
    setItem(name, value) {
      key = keyOf(name)
      write(key, { about: about(), value, begunAt: Date.now() })
    },
    removeItem(name) {
      storage.removeItem(keyOf(name))
    },
    note(more) {
      if (key === undefined) return
      const known = read(storage, key)
      if (known === undefined) return
      // A full store must not keep anybody from uploading.
      try {
        write(key, { ...known, about: { ...known.about, ...more } })
      } catch {}
    },
  }
}

/**
 * Twelve hex digits that tell callers of this browser apart, for a gateway knows nothing of another
 * caller's uploads. A token that is renewed for the same subject has the same mark.
 */
export function callerMark(key: string): string {
  const hash = new Sha256()
  hash.update(new TextEncoder().encode(subjectOf(key) ?? key))
  return hash.hex().slice(0, 12)
}

/** What a caller has begun in this browser for an endpoint; forgets what is too old for anybody. */
export function listUnfinished(storage: Storage, endpointId: string, caller: string): Unfinished[] {
  return keysOf(storage).flatMap((key) => {
    const stored = read(storage, key)
    if (stored === undefined || Date.now() - stored.begunAt > keptMs) {
      storage.removeItem(key)
      return []
    }
    const { about } = stored
    return about.endpointId === endpointId && about.caller === caller ? about : []
  })
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

function read(storage: Storage, key: string): Stored | undefined {
  try {
    const stored = JSON.parse(storage.getItem(key) ?? '')
    const { about, value, begunAt } = stored
    const isWhole = typeof value === 'string' && typeof begunAt === 'number'
    return isWhole && typeof about === 'object' ? stored : undefined
  } catch {
    return undefined
  }
}

/** The subject of a token (RFC 7519, 4.1.2); undefined for any other key. */
function subjectOf(key: string): string | undefined {
  const [, claims = ''] = key.split('.')
  try {
    const { iss, sub } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof sub === 'string' ? JSON.stringify([iss, sub]) : undefined
  } catch {
    return undefined
  }
}
