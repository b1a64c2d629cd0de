import { encodeRfc3986 } from '../../sigv4/encode.ts'
import { findQuery } from '../../sigv4/query.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../s3-error.ts'

/** How a listing spells keys. */
export interface KeyEncoding {
  /** As in `EncodingType`; undefined when keys stand as they are. */
  readonly name: 'url' | undefined
  encode(key: string): string
}

/**
 * The `encoding-type` of a listing.
 * @throws {S3Error} InvalidArgument
 */
export function keyEncodingOf(call: Call): KeyEncoding {
  const name = findQuery(call.target.query, 'encoding-type')
  if (name === undefined) return { name, encode: (key) => key }
  if (name !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified')
  return { name, encode: (key) => encodeRfc3986(key).replaceAll('%2F', '/') }
}
