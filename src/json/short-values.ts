import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './characters.ts'
import type { Members } from './members.ts'
import type { Refs } from './refs.ts'
import type { ResidueBuffer } from './residue-buffer.ts'
import {
  AFTER_VALUE,
  EXPECT_COLON,
  EXPECT_KEY,
  EXPECT_KEY_OR_END,
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,
} from './scan-state.ts'
import { IN_TEXT, PLAIN } from './string-table.ts'
import type { Trail } from './trail.ts'

/** Raw bytes a string may have to be read here; a longer one is begun anew by the scanner. */
const SHORT_MAX_BYTES = 96

export interface ShortValuesOptions {
  readonly nesting: number
  readonly keyBytes: number
  /** Raw bytes from which a string value is not to be taken here; 0 leaves all of them. */
  readonly stringBytes: number
  /** Knows string values that are not to be taken here. */
  readonly refs: Refs
}

/**
 * Reads, in one loop, tokens that are whole and have nothing to them: short strings of plain ASCII,
 * numbers without exponent, words, structure. Anything else is left untouched to the scanner, which
 * knows all and names what is wrong.
 */
export class ShortValues {
  readonly #residue: ResidueBuffer
  readonly #trail: Trail
  readonly #members: Members
  readonly #nesting: number
  readonly #keyBytes: number
  readonly #stringBytes: number
  readonly #refs: Refs

  constructor(options: ShortValuesOptions, residue: ResidueBuffer, trail: Trail, members: Members) {
    this.#residue = residue
    this.#trail = trail
    this.#members = members
    this.#nesting = options.nesting
    this.#keyBytes = Math.min(options.keyBytes, SHORT_MAX_BYTES)
    this.#stringBytes = Math.min(options.stringBytes, SHORT_MAX_BYTES)
    this.#refs = options.refs
  }

  /** Reads on from between two tokens, in `state`, and returns the state it stops in. */
  read(state: number): number {
    const residue = this.#residue
    const trail = this.#trail
    const members = this.#members
    const refs = this.#refs
    const { firstByte } = refs
    const { text, length } = residue
    let { depth } = trail
    // What begins and ends the document is the scanner's.
    if (depth === 0) return state
    let array = trail.inArray()
    let at = residue.at
    let now = state
    for (; at < length; at++) {
      const byte = text[at] ?? 0
      if (byte <= 0x20) {
        if (isSpace(byte)) continue
        break
      }
      if (now <= EXPECT_VALUE_OR_END) {
        if (byte === QUOTE) {
          const end = shortEnd(text, at + 1, length, this.#stringBytes)
          if (end < 0) break
          if (text[at + 1] === firstByte && refs.begins(text, at + 1, end)) break
          at = end
          now = AFTER_VALUE
        } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
          if (depth === this.#nesting) break
          array = byte === OPEN_ARRAY
          trail.open(array)
          depth++
          now = array ? EXPECT_VALUE_OR_END : EXPECT_KEY_OR_END
        } else if (byte === CLOSE_ARRAY) {
          if (now === EXPECT_VALUE) break
          now = AFTER_VALUE
          at--
        } else {
          const end = scalarEnd(text, at, length, byte)
          if (end < 0) break
          at = end - 1
          now = AFTER_VALUE
        }
      } else if (now === AFTER_VALUE) {
        if (byte === COMMA) {
          if (array) trail.nextElement()
          now = array ? EXPECT_VALUE : EXPECT_KEY
        } else if (byte === (array ? CLOSE_ARRAY : CLOSE_OBJECT)) {
          trail.close()
          depth--
          if (depth === members.innermostDepth) members.valueEnds(depth, at + 1)
          if (depth === 0) {
            at++
            break
          }
          array = trail.inArray()
        } else break
      } else if (now === EXPECT_COLON) {
        if (byte !== COLON) break
        now = EXPECT_VALUE
      } else if (byte === QUOTE) {
        const end = shortEnd(text, at + 1, length, this.#keyBytes)
        if (end < 0 || members.isWatched(text, at + 1, end)) break
        trail.takeKey(text, at + 1, end)
        at = end
        now = EXPECT_COLON
        if (at + 1 < length && text[at + 1] === COLON) {
          at++
          now = EXPECT_VALUE
        }
      } else if (byte === CLOSE_OBJECT && now === EXPECT_KEY_OR_END) {
        now = AFTER_VALUE
        at--
      } else break
    }
    residue.at = at
    return now
  }
}

/** Position of the quote that ends the string begun before `from`, or -1: not short, not plain. */
function shortEnd(text: Uint8Array, from: number, length: number, maxBytes: number): number {
  const limit = Math.min(length, from + maxBytes)
  let at = from
  while (at < limit && IN_TEXT[text[at] ?? 0] === PLAIN) at++
  return at < limit && text[at] === QUOTE ? at : -1
}

/** Where the number or word at `from` ends, or -1: not whole, not plain, or neither. */
function scalarEnd(text: Uint8Array, from: number, length: number, first: number): number {
  let at = from
  if (first === 0x6e) return isWord(text, from, length, 0x75, 0x6c, 0x6c) ? from + 4 : -1
  if (first === 0x74) return isWord(text, from, length, 0x72, 0x75, 0x65) ? from + 4 : -1
  if (first === 0x66) {
    return isWord(text, from + 1, length, 0x6c, 0x73, 0x65) && text[from + 1] === 0x61
      ? from + 5
      : -1
  }
  if (first === 0x2d) at++
  const whole = at
  at = digitsEnd(text, at, length)
  if (at === whole || (text[whole] === 0x30 && at > whole + 1)) return -1
  if (at < length && text[at] === 0x2e) {
    const point = at + 1
    at = digitsEnd(text, point, length)
    if (at === point) return -1
  }
  return at === length || ((text[at] ?? 0) | 0x20) === 0x65 ? -1 : at
}

function digitsEnd(text: Uint8Array, from: number, length: number): number {
  let at = from
  while (at < length) {
    const byte = text[at] ?? 0
    if (byte < 0x30 || byte > 0x39) break
    at++
  }
  return at
}

function isWord(
  text: Uint8Array,
  from: number,
  length: number,
  second: number,
  third: number,
  fourth: number,
): boolean {
  return (
    from + 4 <= length &&
    text[from + 1] === second &&
    text[from + 2] === third &&
    text[from + 3] === fourth
  )
}
