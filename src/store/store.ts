import type { IncomingResponse, OutgoingBody } from '../platform.ts'
import type { PartToSign, SignedPart } from './presign-part.ts'

/** One S3 request on a key of the store, to be signed by the store itself. */
export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Real object key; empty for requests on the bucket. */
  readonly key: string
  /** Subresources and list parameters, not encoded; an empty value is sent as `name=`. */
  readonly query?: Readonly<Record<string, string>>
  /** Sent as they are; Content-Type, Range and conditions belong here. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | OutgoingBody
  /** Real key of an object in the same bucket that the store is to copy: `x-amz-copy-source`. */
  readonly copyFrom?: string
  readonly signal?: AbortSignal
}

export interface StoredObject {
  readonly key: string
  readonly size: number
}

export interface ListPage {
  readonly objects: readonly StoredObject[]
  /** Common prefixes, when a delimiter was given. */
  readonly prefixes: readonly string[]
  readonly next?: string
}

export interface UploadedPart {
  readonly partNumber: number
  readonly etag: string
}

/** What a store takes, in bytes. */
export interface StoreLimits {
  /** One PUT of a whole object. */
  readonly putMaxBytes: number
  readonly partMaxBytes: number
  readonly objectMaxBytes: number
  /** One CopyObject; larger ones, and what the store finds too large, are copied in parts. */
  readonly copyMaxBytes: number
  /** False: there is no UploadPartCopy, and the bytes of a part go through the gateway. */
  readonly copiesParts: boolean
}

/**
 * An S3-compatible bucket. Every method throws `GatewayError` `store_unavailable` when the store
 * answers 5xx or is gone; `send` alone gives back whatever came.
 */
export interface ObjectStore {
  readonly id: string
  /** Absent: what every S3 takes. */
  readonly limits?: StoreLimits
  /** True: it has real directories, and lists empty ones as keys that end with a slash. */
  readonly listsDirectories?: boolean
  /** Signs and sends; the raw answer, its body not yet read. */
  send(request: StoreRequest): Promise<IncomingResponse>
  /** Presigned URL of one GET, `expiresInSeconds` from now; response headers can be overridden. */
  presignGet(
    key: string,
    expiresInSeconds: number,
    overrides?: { contentDisposition?: string; contentType?: string },
  ): Promise<string>
  /** Presigned PUT of one part of an upload, `expiresInSeconds` from now. */
  presignPart(part: PartToSign, expiresInSeconds: number): Promise<SignedPart>
  /**
   * Writes a small object whole. `condition` is `absent` (If-None-Match: *) or the ETag it must
   * still have; returns the new ETag, or undefined when the condition did not hold (412). It is
   * empty where the store did not tell it and other bytes have taken the place since.
   */
  put(
    key: string,
    bytes: Uint8Array,
    options?: {
      contentType?: string
      condition?: 'absent' | { etag: string }
      signal?: AbortSignal
    },
  ): Promise<string | undefined>
  /** Reads a small object whole, at most `maxBytes`; undefined when there is none. */
  get(key: string, maxBytes: number): Promise<{ bytes: Uint8Array; etag: string } | undefined>
  delete(key: string): Promise<void>
  list(
    prefix: string,
    options?: { delimiter?: string; after?: string; next?: string; maxKeys?: number },
  ): Promise<ListPage>
  createUpload(key: string, contentType: string): Promise<string>
  uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart>
  /** Puts the parts together; the new object's ETag, undefined where the store did not tell it. */
  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
  ): Promise<string | undefined>
  abortUpload(key: string, uploadId: string): Promise<void>
}
