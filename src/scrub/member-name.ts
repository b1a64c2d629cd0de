/** What the raw bytes of a JSON key or string say. */

/** Bytes of a key or string beyond which it is not looked at. */
export const MAX_SCALAR = 1024

/** Bytes from which a key without escapes is none of `s3Config`'s. */
const NAME_BYTES = 32
const backslash = 0x5c
const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** Whether a key may be one of `s3Config`'s; false is certain. */
export function mayMatter(chunk: Uint8Array, from: number, to: number): boolean {
  const length = to - from
  if (length > MAX_SCALAR) return false
  if (length < 7) return false
  if (((chunk[to - 1] ?? 0) | 0x20) === 0x67 && length < NAME_BYTES) return true
  for (let at = from; at < to; at++) if (chunk[at] === backslash) return true
  return false
}

/** Whether a key is one of the spellings of `s3Config`. */
export function isS3Config(name: string): boolean {
  // The bounds of `mayMatter`, which sees a key only where no chunk ends in it.
  if (name.length < 8 || name.length >= NAME_BYTES || !/g$/i.test(name)) return false
  return /^(?:output)?s3config$/.test(name.toLowerCase().replaceAll(/[_-]/g, ''))
}

/** The text of a JSON string's inner bytes; undefined when its escapes are not valid. */
export function decoded(text: Uint8Array): string | undefined {
  const source = utf8.decode(text)
  if (!source.includes('\\')) return source
  try {
    return String(JSON.parse(`"${source}"`))
  } catch {
    return undefined
  }
}

/** Whether a byte can stand in a number or one of the words `true`, `false`, `null`. */
export function isScalar(byte: number): boolean {
  if (byte >= 0x30 && byte <= 0x39) return true
  if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) return true
  return byte === 0x2b || byte === 0x2d || byte === 0x2e
}
