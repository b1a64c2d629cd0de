const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function sextetsOfBothAlphabets(): Int8Array {
  const table = new Int8Array(256).fill(-1)
  for (let value = 0; value < 62; value++) table[letters.charCodeAt(value)] = value
  for (const [character, value] of [
    ['+', 62],
    ['-', 62],
    ['/', 63],
    ['_', 63],
  ] as const) {
    table[character.charCodeAt(0)] = value
  }
  return table
}

/** The six bits each byte stands for in base64 or base64url (RFC 4648 §4, §5); -1 for the rest. */
export const SEXTETS: Int8Array = sextetsOfBothAlphabets()
