import { SEXTETS } from '../bytes/base64.ts'
import { BACKSLASH, QUOTE } from './characters.ts'

/** Kinds of bytes in a string. PLAIN ones are passed over in a tight loop. */
export const PLAIN = 0
export const CLOSES = 1
export const ESCAPES = 2
export const CONTROL = 3
export const MULTIBYTE = 4
/** ASCII that has to be weighed: it may decide whether a string can be a payload. */
export const TELLING = 5

function table(isPlain: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    if (byte === QUOTE) return CLOSES
    if (byte === BACKSLASH) return ESCAPES
    if (byte < 0x20) return CONTROL
    if (byte >= 0x80) return MULTIBYTE
    return isPlain(byte) ? PLAIN : TELLING
  })
}

/** In a string that stays where it is, no character matters. */
export const IN_TEXT: Uint8Array = table(() => true)
/** In what looks like base64, only the rest of ASCII matters. */
export const IN_BASE64: Uint8Array = table((byte) => (SEXTETS[byte] ?? -1) >= 0)
/** In a data URI's head and in padding every character matters. */
export const IN_DOUBT: Uint8Array = table(() => false)
