import { createHash, randomBytes } from 'node:crypto'

/**
 * The giant request of the bench: `{"input":{"file":"<base64>","note":"x"}}`. The base64 text is
 * one chunk over and over, so that it costs its sender nothing to make.
 */

export const PREFIX: Buffer = Buffer.from('{"input":{"file":"')
export const SUFFIX: Buffer = Buffer.from('","note":"x"}}')

/** No divisor of a part, so that parts in the wrong order change the hash. */
const chunkBytes = 196_605
const bytes = randomBytes(chunkBytes)
const text = Buffer.from(bytes.toString('base64'))

/** The pieces of a body whose base64 text has `textBytes` bytes, a multiple of 4. */
export function* piecesOf(textBytes: number): Generator<Buffer> {
  if (textBytes % 4 !== 0) throw new RangeError('textBytes must be a multiple of 4')
  yield PREFIX
  for (let left = textBytes; left > 0; left -= text.length) {
    yield left < text.length ? text.subarray(0, left) : text
  }
  yield SUFFIX
}

/** Content-Length of that body. */
export function lengthOf(textBytes: number): number {
  return PREFIX.length + textBytes + SUFFIX.length
}

/** Lower-case hex SHA-256 of the payload in it, decoded. */
export function payloadHash(textBytes: number): string {
  const hash = createHash('sha256')
  let left = (textBytes / 4) * 3
  for (; left >= bytes.length; left -= bytes.length) hash.update(bytes)
  return hash.update(bytes.subarray(0, left)).digest('hex')
}
