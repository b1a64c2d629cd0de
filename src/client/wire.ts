/** A URL that takes one part; it is a secret until the upload is complete. */
export interface SignedPart {
  /** From 1. */
  readonly partNumber: number
  readonly method: 'PUT'
  readonly url: string
  /** To be sent as they are; a browser sets Content-Length and Host by itself. */
  readonly headers: Readonly<Record<string, string>>
}

/** Body of `POST …/uploads`. */
export interface StartUpload {
  readonly filename?: string
  readonly contentType?: string
  readonly size: number
  readonly checksum?: { readonly algorithm: 'sha256'; readonly value: string }
  readonly retain?: 'persist'
  readonly name?: string
}

/** 201 of `POST …/uploads`. */
export interface StartedUpload {
  readonly exists?: false
  readonly uploadId: string
  readonly ref: string
  readonly partSize: number
  readonly partCount: number
  readonly parts: readonly SignedPart[]
  /** ISO 8601, as all times here. */
  readonly urlsExpireAt: string
  readonly expiresAt: string
}

/** 200 of `POST …/uploads`: the same file is there already. */
export interface ExistingUpload {
  readonly exists: true
  readonly uploadId: string
  readonly ref: string
  readonly size: number
  readonly expiresAt: string
}

/** A part that the store has. */
export interface LandedPart {
  readonly partNumber: number
  readonly etag: string
}

/** Answer of `GET …/uploads/{uploadId}`. */
export interface UploadProgress {
  readonly uploadId: string
  readonly ref: string
  /** `failed`: what had arrived was not what had been announced. */
  readonly state: 'open' | 'complete' | 'failed'
  readonly size: number
  readonly partSize: number
  readonly partCount: number
  readonly landed: readonly LandedPart[]
  readonly expiresAt: string
  readonly filename?: string
  readonly contentType?: string
}

/** Answer of `POST …/uploads/{uploadId}/parts`. */
export interface SignedParts {
  readonly parts: readonly SignedPart[]
  /** ISO 8601, as all times here. */
  readonly urlsExpireAt: string
  readonly expiresAt: string
}

/** Answer of `POST …/uploads/{uploadId}/complete`. */
export interface CompleteUpload {
  readonly ref: string
  readonly uploadId: string
  readonly size: number
  readonly contentType?: string
  readonly filename?: string
  readonly expiresAt: string
}

/** Body of `run` and `runsync`; `input` is the worker's own. */
export interface JobRequest {
  readonly input: unknown
  readonly webhook?: string | null
  readonly policy?: {
    readonly executionTimeout?: number
    readonly ttl?: number
    readonly lowPriority?: boolean
  } | null
  readonly [member: string]: unknown
}

/** A job as the platform and the gateway show it. */
export interface Job {
  readonly id: string
  readonly status: string
  readonly output?: unknown
  readonly error?: unknown
  /** Milliseconds in the queue. */
  readonly delayTime?: number
  /** Milliseconds of work. */
  readonly executionTime?: number
  readonly [member: string]: unknown
}
