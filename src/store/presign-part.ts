import type { StoreConfig } from '../config/config.ts'
import { presetOf } from '../config/store-provider.ts'
import type { Presign } from './presign.ts'

/** One part of a multipart upload that somebody else is to send. */
export interface PartToSign {
  readonly key: string
  /** The store's id of the multipart upload. */
  readonly uploadId: string
  readonly partNumber: number
  /** Bytes, exactly; bound by the signature. */
  readonly length: number
  /** SHA-256 of the part in lower-case hex, for stores that check it. */
  readonly sha256?: string
}

/** Where a part goes, and what must be sent with it beside Host and Content-Length. */
export interface SignedPart {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Signs the PUT of one part, good for `expiresInSeconds` from `nowMs`. */
export async function presignPart(
  presign: Presign,
  config: StoreConfig,
  part: PartToSign,
  nowMs: number,
  expiresInSeconds: number,
): Promise<SignedPart> {
  const { key, uploadId, partNumber, length, sha256 } = part
  const headers: Record<string, string> = {}
  if (sha256 !== undefined && checksSignedDigest(config)) headers['x-amz-content-sha256'] = sha256
  const request = {
    method: 'PUT',
    key,
    query: { partNumber: String(partNumber), uploadId },
    headers: { ...headers, 'content-length': String(length) },
  }
  return { url: await presign(request, nowMs, expiresInSeconds), headers }
}

/**
 * Whether the store takes a digest into a presigned URL, and holds the body to it. Local R2 refuses
 * it, as other stores may. `x-amz-checksum-sha256` is no way round: RGW and local R2 do not look at
 * it, and AWS wants it of all parts or none, and again at the end.
 */
function checksSignedDigest(config: StoreConfig): boolean {
  return presetOf(config).signedDigest && !config.endpoint.endsWith('/cdn-cgi/local/r2/s3')
}
