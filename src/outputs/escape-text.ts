/** How each byte that JSON does not take as it is stands in a string (RFC 8259 §7); else undefined. */
const ESCAPES: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) return undefined
  return new TextEncoder().encode(JSON.stringify(String.fromCharCode(byte)).slice(1, -1))
})
/** Bytes that each byte becomes. */
const LENGTHS = Uint8Array.from(ESCAPES, (escaped) => escaped?.length ?? 1)

/** UTF-8 as it stands between the quotes of JSON: the chunk itself where nothing is to be escaped. */
export function escapeText(chunk: Uint8Array): Uint8Array {
  let length = 0
  for (const byte of chunk) length += LENGTHS[byte] ?? 1
  if (length === chunk.length) return chunk
  const text = new Uint8Array(length)
  let at = 0
  for (const byte of chunk) {
    if (LENGTHS[byte] === 1) {
      text[at++] = byte
      continue
    }
    const escaped = ESCAPES[byte] ?? chunk.subarray(0, 0)
    text.set(escaped, at)
    at += escaped.length
  }
  return text
}
