/** An operation that the volume's S3 API has. */
export type VolumeOperation =
  | 'ListBuckets'
  | 'HeadBucket'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'ListParts'
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'CopyObject'
  | 'DeleteObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'

/** What the real service is seen to do now and then; set and taken back at will. */
export interface VolumeQuirks {
  /** Milliseconds that CompleteMultipartUpload takes beyond its own work. */
  completeMs: number
  /** Milliseconds after which the edge answers 524, while the work goes on behind it. */
  edgeTimeoutMs: number
  /** Milliseconds for which PutObject leaves each piece of a file half written. */
  halfMs: number
  /** Keys that one page of a listing has at most. */
  pageKeys: number
  /** Pages of a listing, from the next one on, whose token is the one they were asked with. */
  repeatedTokens: number
  /** Files, from the next completed upload on, that are gone although it succeeded. */
  vanishing: number
  /** Difference of the service's clock to this machine's. */
  clockOffsetMs: number
  /** PutObject takes less than this. */
  putMaxBytes: number
  /** UploadPart takes at most this. */
  partMaxBytes: number
}

/** How it is with a volume: what is not `running` answers nothing but refusals. */
export type VolumeState = 'running' | 'stopped' | 'deleted' | 'unfunded'

/** An answer in place of the next requests that match; what is absent matches all. */
export interface VolumeFault {
  readonly operation?: VolumeOperation
  /** Matched against the key, or the prefix of a listing. */
  readonly key?: RegExp
  readonly status: number
  /** S3's word, such as `AccessDenied`; absent: a page of the edge, as with 502. */
  readonly code?: string
  /** How many requests; default 1. */
  readonly times?: number
  /** Lets the work be done first, so that only the answer is lost. */
  readonly after?: boolean
}

/** A service without a quirk in force; limits are the documented ones. */
export function defaultQuirks(): VolumeQuirks {
  return {
    completeMs: 0,
    edgeTimeoutMs: 100_000,
    halfMs: 0,
    pageKeys: 1_000,
    repeatedTokens: 0,
    vanishing: 0,
    clockOffsetMs: 0,
    putMaxBytes: 500_000_000,
    partMaxBytes: 500_000_000,
  }
}
