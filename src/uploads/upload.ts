import { endlessDay } from '../store/keys.ts'
import type { TusState } from './tus/tus-state.ts'

/** One file that a client puts into the store before the request that uses it. */
export interface Upload {
  /** 26 characters of base32 (lower case), made like a grant's: two bytes of day number, 14 random bytes. */
  readonly uploadId: string
  /** Last day (UTC, `YYYY-MM-DD`) on which the file can be needed; `endlessDay` for one that is kept. */
  readonly day: string
  readonly endpointId: string
  readonly storeId: string
  /** The principal's opaque id. */
  readonly owner: string
  /** Real key of the object, its own: of a kept file until it is complete, `keptKey` from then on. */
  readonly key: string
  /** Real key that stands for the name of a kept file, and that a newer file of the name takes over. */
  readonly keptKey?: string
  /** The store's own id of the multipart upload. */
  readonly multipartId: string
  readonly filename: string
  readonly contentType: string
  /** Bytes that were announced. */
  readonly size: number
  /** Bytes of all parts but the last. */
  readonly partSize: number
  readonly partCount: number
  /** What was announced of the whole file: SHA-256 in lower-case hex. */
  readonly sha256?: string
  readonly retain: 'day' | 'persist'
  /**
   * `failed`: what was uploaded is not what was announced, and is deleted. `deleted`: it is not there
   * for anybody any more, and the record goes when all the rest is gone.
   */
  readonly state: 'open' | 'complete' | 'failed' | 'deleted'
  /** Why it failed. */
  readonly fault?: UploadFault
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  /** When an open upload ends. */
  readonly openUntil: number
  /** ETags that the client reported, by part number: to show progress where the store cannot, never believed. */
  readonly reported?: Readonly<Record<string, string>>
  /** ETag of the complete object. */
  readonly etag?: string
  /** Where the file comes by tus. */
  readonly tus?: TusState
}

/** What was wrong with an upload, as its client is told. */
export interface UploadFault {
  readonly detail: string
  readonly partNumber?: number
}

export { endlessDay }

/** When a complete upload can be referred to no longer; `lives` are the configuration's `uploads`. */
export function usableUntil(
  lives: { readonly openSeconds: number; readonly keepSeconds: number },
  { day, createdAt }: Pick<Upload, 'day' | 'createdAt'>,
): number {
  const endOfDay = Date.parse(`${day}T00:00:00Z`) + 86_400_000
  if (day === endlessDay) return endOfDay
  return Math.min(createdAt + (lives.openSeconds + lives.keepSeconds) * 1000, endOfDay)
}

/** The uploads of all principals, kept sealed in the state store. */
export interface Uploads {
  /** A new id whose day is the given one. */
  newId(day: string): string
  /** Writes an upload for the first time. */
  create(upload: Upload): Promise<void>
  /** The upload as it is stored; undefined when there is none or the id is malformed. */
  read(uploadId: string): Promise<Upload | undefined>
  /** Applies `change` with a conditional write, again when another instance was faster; the upload as stored then. */
  update(uploadId: string, change: (upload: Upload) => Upload): Promise<Upload | undefined>
  remove(upload: Upload): Promise<void>
}
