import { encodeRfc3986 } from '../sigv4/encode.ts'
import { escapeKey } from './presign.ts'
import type { StoreRequest } from './store.ts'

/** How a store wants an ETag in If-Match: AWS and R2 quoted, Ceph RGW 16 bare. */
export type EtagSpelling = 'quoted' | 'bare'

/** Headers as they leave; the length is the platform's to send, and the body is never hashed. */
export function outgoingHeaders(request: StoreRequest, bucket: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers[name.toLowerCase()] = value
  }
  delete headers['content-length']
  delete headers['x-amz-content-sha256']
  const { copyFrom } = request
  if (copyFrom !== undefined) {
    headers['x-amz-copy-source'] = `/${encodeRfc3986(bucket)}/${escapeKey(copyFrom)}`
  }
  return headers
}

/** What must not be altered on the way: length, type, conditions and every x-amz header. */
export function signedHeaders(
  request: StoreRequest,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const bound = Object.entries(headers).filter(
    ([name]) => name === 'content-type' || /^(if-(none-)?match$|x-amz-)/.test(name),
  )
  const length = request.body?.length
  if (length !== undefined) bound.push(['content-length', String(length)])
  return Object.fromEntries(bound)
}

/** Whether the request may be sent again when its connection was found closed. */
export function isIdempotent(
  request: StoreRequest,
  headers: Readonly<Record<string, string>>,
): boolean {
  if (request.method === 'POST') return false
  return headers['if-match'] === undefined && headers['if-none-match'] === undefined
}

/** An ETag as the store compares it. */
export function spellEtag(etag: string, spelling: EtagSpelling): string {
  const bare = etag.replace(/^"|"$/g, '')
  return spelling === 'bare' ? bare : `"${bare}"`
}
