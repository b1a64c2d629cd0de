import { BACKSLASH } from './characters.ts'
import { EscapeReader, FAULTY, UNFINISHED } from './escape.ts'
import { Utf8Check } from './utf8.ts'

/** Reads what is special inside a JSON string: escapes, UTF-8, control characters. */
export class StringReader {
  readonly #escape = new EscapeReader()
  readonly #utf8 = new Utf8Check()

  /** Whether the next byte begins a character. */
  get idle(): boolean {
    return !this.#escape.active && this.#utf8.missing === 0
  }

  /** Whether an escape is not complete. */
  get escaping(): boolean {
    return this.#escape.active
  }

  /** Forgets a character that was begun. */
  reset(): void {
    this.#utf8.reset()
  }

  /**
   * Takes one byte, no closing quote: the UTF-16 code unit it completes, the byte itself where it
   * is of a longer character, UNFINISHED, or what is wrong.
   */
  take(byte: number): number | string {
    if (this.#escape.active) {
      const code = this.#escape.take(byte)
      return code === FAULTY ? 'Invalid escape' : code
    }
    if (byte >= 0x80 || this.#utf8.missing > 0) {
      return this.#utf8.take(byte) ? byte : 'Invalid UTF-8'
    }
    if (byte === BACKSLASH) {
      this.#escape.begin()
      return UNFINISHED
    }
    return byte < 0x20 ? 'Control character in a string' : byte
  }
}
