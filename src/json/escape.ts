import { BACKSLASH, QUOTE, SLASH } from './characters.ts'

/** What `EscapeReader.take` answers while the escape is not complete. */
export const UNFINISHED = -1
/** What `EscapeReader.take` answers when the byte cannot continue an escape. */
export const FAULTY = -2

const SIMPLE = new Map<number, number>([
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [SLASH, SLASH],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

/** Reads one JSON escape byte by byte, so that a cut may fall anywhere inside it. */
export class EscapeReader {
  /** Whether an escape has begun and is not complete. */
  active = false
  #digits = -1
  #value = 0

  /** The backslash has been seen. */
  begin(): void {
    this.active = true
    this.#digits = -1
    this.#value = 0
  }

  /** Takes the next byte: the UTF-16 code unit when complete, else UNFINISHED or FAULTY. */
  take(byte: number): number {
    if (this.#digits < 0) return this.#takeKind(byte)
    const digit = hexValue(byte)
    if (digit < 0) return FAULTY
    this.#value = this.#value * 16 + digit
    this.#digits++
    if (this.#digits < 4) return UNFINISHED
    this.active = false
    return this.#value
  }

  #takeKind(byte: number): number {
    if (byte === 0x75) {
      this.#digits = 0
      return UNFINISHED
    }
    const code = SIMPLE.get(byte)
    if (code === undefined) return FAULTY
    this.active = false
    return code
  }
}

/**
 * The ASCII character that the escape at `input[from]` stands for; -1 when it is not whole before
 * `end`, faulty, or beyond ASCII.
 */
export function readEscape(input: Uint8Array, from: number, end: number): number {
  if (from + 2 > end) return -1
  const kind = input[from + 1] ?? 0
  if (kind !== 0x75) return SIMPLE.get(kind) ?? -1
  if (from + 6 > end || input[from + 2] !== 0x30 || input[from + 3] !== 0x30) return -1
  const high = hexValue(input[from + 4] ?? 0)
  const low = hexValue(input[from + 5] ?? 0)
  return high < 0 || high > 7 || low < 0 ? -1 : high * 16 + low
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
