import { decodePercent, parseQuery, type QueryPair } from '../sigv4/query.ts'
import { S3Error } from './s3-error.ts'

/** Bytes of UTF-8 that a key may have in S3. */
export const maxKeyBytes: number = 1024
const encoder = new TextEncoder()

/** Where a request points, in the client's own terms. */
export interface Target {
  /** Path exactly as received: what was signed. */
  readonly rawPath: string
  /** Bucket and key as SigV2 signs them: the raw path without the path of the job bucket's URL. */
  readonly rawResource: string
  /** Any name means the one bucket; empty when the path names none. */
  readonly bucket: string
  /** Virtual key, decoded once; empty for the bucket itself. */
  readonly key: string
  readonly query: readonly QueryPair[]
}

/** Where the job bucket's own URL ends and what is asked of it begins. */
export interface BucketAddress {
  /** Path of the job bucket's URL, such as `/s3`; empty where it has none. */
  readonly basePath: string
  /** Host name whose subdomains are buckets; undefined for path style alone. */
  readonly virtualHost: string | undefined
}

/**
 * Splits a target, path style or with the bucket in `host` (the Host header). Nothing is normalised:
 * what is decoded here once is what is compared with the mounts and sent to the store.
 * @throws {S3Error} InvalidURI
 */
export function parseTarget(rawTarget: string, host: string, address: BucketAddress): Target {
  const { basePath, virtualHost } = address
  const at = rawTarget.indexOf('?')
  const rawPath = at < 0 ? rawTarget : rawTarget.slice(0, at)
  const query = parseQuery(at < 0 ? '' : rawTarget.slice(at + 1))
  const isInside = rawPath === basePath || rawPath.startsWith(`${basePath}/`)
  const below = rawPath.slice(basePath.length) || '/'
  const named = virtualHost === undefined ? undefined : bucketOfHost(host, virtualHost)
  const rawResource = named === undefined ? below : `/${named}${below}`
  const end = rawResource.indexOf('/', 1)
  const bucket = decodePercent(end < 0 ? rawResource.slice(1) : rawResource.slice(1, end))
  const key = decodePercent(end < 0 ? '' : rawResource.slice(end + 1))
  if (!isInside || query === undefined || bucket === undefined || key === undefined) {
    throw new S3Error('InvalidURI')
  }
  return { rawPath, rawResource, bucket, key, query }
}

/** The labels before the job bucket's own host; undefined for that host itself and all others. */
function bucketOfHost(host: string, virtualHost: string): string | undefined {
  const name = host.replace(/:\d*$/, '').toLowerCase()
  const bucket = name.slice(0, -virtualHost.length - 1)
  const isBelow = name === `${bucket}.${virtualHost}`
  return isBelow && /^[a-z0-9._-]+$/.test(bucket) ? bucket : undefined
}

/**
 * Refuses keys that a store could read as another one: dot segments, control characters, more than
 * 1,024 bytes. Empty segments are kept as they are: `bucket_upload` of runpod-python makes them of
 * absolute paths, and they lead out of no mount.
 * @throws {S3Error} KeyTooLongError or InvalidArgument
 */
export function checkKey(key: string): void {
  if (keyBytes(key) > maxKeyBytes) throw new S3Error('KeyTooLongError')
  if (isForeign(key)) {
    throw new S3Error(
      'InvalidArgument',
      'The key holds segments or characters that are not allowed',
    )
  }
}

/**
 * Refuses prefixes and markers that a store could read in its own way.
 * @throws {S3Error} KeyTooLongError or InvalidArgument
 */
export function checkPrefix(text: string): string {
  if (keyBytes(text) > maxKeyBytes) throw new S3Error('KeyTooLongError')
  if (isForeign(text)) throw new S3Error('InvalidArgument', 'A prefix or marker is not allowed')
  return text
}

/** Bytes of a key as S3 counts them. */
export function keyBytes(key: string): number {
  return encoder.encode(key).length
}

/** As much of a position in a listing as a store takes for a key. */
export function cutKey(key: string): string {
  const { read } = encoder.encodeInto(key, new Uint8Array(maxKeyBytes))
  return key.slice(0, read)
}

/** Whether a key or prefix holds dot segments or control characters, which stores read in their own ways. */
function isForeign(text: string): boolean {
  if (text.split('/').some((segment) => segment === '.' || segment === '..')) return true
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed()
}
