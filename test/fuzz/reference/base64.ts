/** Decodes base64 by RFC 4648 table 1 and 2, in the leniency the gateway documents. */

const TABLE: readonly (readonly [character: string, value: number])[] = [
  ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', (c, i) => [c, i] as const),
  ...Array.from('abcdefghijklmnopqrstuvwxyz', (c, i) => [c, 26 + i] as const),
  ...Array.from('0123456789', (c, i) => [c, 52 + i] as const),
  ['+', 62],
  ['/', 63],
  ['-', 62],
  ['_', 63],
]
const VALUES = new Map(TABLE)

/** The six bits of a character, of either alphabet. */
export function sextet(character: string): number | undefined {
  return VALUES.get(character)
}

/**
 * Bytes of a text of either alphabet or both, its padding whole or missing, with line feeds and
 * carriage returns anywhere and whatever bits are left over; undefined when it is not that.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const oneLine = text.replaceAll('\r', '').replaceAll('\n', '')
  const characters = oneLine.replace(/={1,2}$/, '')
  const pads = oneLine.length - characters.length
  if (pads > 0 && oneLine.length % 4 !== 0) return undefined
  if (characters.length % 4 === 1) return undefined
  let bits = ''
  for (const character of characters) {
    const value = sextet(character)
    if (value === undefined) return undefined
    bits += value.toString(2).padStart(6, '0')
  }
  const bytes = new Uint8Array(Math.floor(bits.length / 8))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2)
  return bytes
}
