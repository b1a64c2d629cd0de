import { decodePercent, parseQuery, type QueryPair } from '../sigv4/query.ts'
import { S3Error } from './s3-error.ts'

const maxKeyBytes = 1024
const encoder = new TextEncoder()

/** Where a request points, in the client's own terms. */
export interface Target {
  /** Path exactly as received: what was signed. */
  readonly rawPath: string
  /** The raw path without the path of the job bucket's URL. */
  readonly rawResource: string
  /** Any name means the one bucket; empty when the path names none. */
  readonly bucket: string
  /** Virtual key, decoded once; empty for the bucket itself. */
  readonly key: string
  readonly query: readonly QueryPair[]
}

/**
 * Splits a path-style target. Nothing is normalised: what is decoded here once is what is compared
 * with the mounts and sent to the store.
 * @throws {S3Error} InvalidURI
 */
export function parseTarget(rawTarget: string, basePath: string): Target {
  const at = rawTarget.indexOf('?')
  const rawPath = at < 0 ? rawTarget : rawTarget.slice(0, at)
  const query = parseQuery(at < 0 ? '' : rawTarget.slice(at + 1))
  const isInside = rawPath === basePath || rawPath.startsWith(`${basePath}/`)
  const rawResource = rawPath.slice(basePath.length) || '/'
  const end = rawResource.indexOf('/', 1)
  const bucket = decodePercent(end < 0 ? rawResource.slice(1) : rawResource.slice(1, end))
  const key = decodePercent(end < 0 ? '' : rawResource.slice(end + 1))
  if (!isInside || query === undefined || bucket === undefined || key === undefined) {
    throw new S3Error('InvalidURI')
  }
  return { rawPath, rawResource, bucket, key, query }
}

/**
 * Refuses keys that a store could read as another one: dot segments, empty segments (but for a slash
 * at the end), control characters, more than 1,024 bytes.
 * @throws {S3Error} KeyTooLongError or InvalidArgument
 */
export function checkKey(key: string): void {
  if (encoder.encode(key).length > maxKeyBytes) throw new S3Error('KeyTooLongError')
  const segments = key.split('/')
  if (segments.length > 1 && segments.at(-1) === '') segments.pop()
  if (isForeign(key) || segments.includes('')) {
    throw new S3Error(
      'InvalidArgument',
      'The key holds segments or characters that are not allowed',
    )
  }
}

/** Whether a key or prefix holds dot segments or control characters, which stores read in their own ways. */
export function isForeign(text: string): boolean {
  if (text.split('/').some((segment) => segment === '.' || segment === '..')) return true
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed()
}
