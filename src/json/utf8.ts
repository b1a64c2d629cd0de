/**
 * Checks UTF-8 beyond ASCII byte by byte (Unicode 16, table 3-7): no overlong form, no surrogate,
 * nothing above U+10FFFF.
 */
export class Utf8Check {
  /** Continuation bytes still to come. */
  missing = 0
  #low = 0x80
  #high = 0xbf

  /** Forgets a character that was begun. */
  reset(): void {
    this.missing = 0
    this.#low = 0x80
    this.#high = 0xbf
  }

  /** Takes one byte of 0x80 or more, or whatever follows while bytes are missing. */
  take(byte: number): boolean {
    if (this.missing > 0) {
      if (byte < this.#low || byte > this.#high) return false
      this.#low = 0x80
      this.#high = 0xbf
      this.missing--
      return true
    }
    if (byte < 0xc2 || byte > 0xf4) return false
    this.missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf
    return true
  }
}
