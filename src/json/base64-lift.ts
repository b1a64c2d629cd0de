import { SEXTETS } from '../bytes/base64.ts'
import type { BytePrimitives } from '../platform.ts'
import { BACKSLASH, CARRIAGE_RETURN, EQUALS, LINE_FEED, QUOTE, SLASH } from './characters.ts'
import { EscapeReader, FAULTY, readEscape, UNFINISHED } from './escape.ts'
import { invalidJson, invalidPayload, type Lift, type LiftState } from './lift.ts'

/** Shared by all: nothing waits between filling and decoding it. A multiple of 4. */
const scratch = new Uint8Array(16_384)
const scratchWords = new DataView(scratch.buffer)
const LETTER_U = 0x75
const PLUS = 0x2b
const MINUS = 0x2d
const UNDERSCORE = 0x5f
/** Plain base64 between two escapes that is worth a native call of its own. */
const PLAIN_RUN = 1024
/** Characters of each input that may tell the alphabet: in random content one of 32 does. */
const PROBE_CHARACTERS = 4096

/**
 * Decodes base64 of either alphabet, mixed too, padded or not, whose characters may be escaped and
 * broken into MIME lines (`\n`, `\r`). Runs of whole quads go to the native decoder; what is cut,
 * padded or oddly escaped is taken byte by byte.
 */
export class Base64Lift implements Lift {
  at = 0
  written = 0
  urlSafe = false
  #alphabetKnown = false
  readonly #bytes: BytePrimitives
  readonly #pointer: string
  readonly #escape = new EscapeReader()
  #escapeOffset = 0
  #room: Uint8Array = scratch.subarray(0, 0)
  #bits = 0
  #count = 0
  #pads = 0
  #escaped = false

  constructor(bytes: BytePrimitives, pointer: string) {
    this.#bytes = bytes
    this.#pointer = pointer
  }

  room(target: Uint8Array): void {
    this.#room = target
    this.written = 0
  }

  run(input: Uint8Array, from: number, to: number, base: number): LiftState {
    this.at = from
    if (!this.#alphabetKnown) this.#probe(input, from, Math.min(to, from + PROBE_CHARACTERS))
    let single = from
    let quote = -1
    while (this.at < to) {
      if (this.at >= single && this.#count === 0 && this.#pads === 0 && !this.#escape.active) {
        if (quote < this.at) quote = this.#quoteOrEnd(input, to)
        const quads = (unpadded(input, this.at, quote) - this.at) >> 2
        if (quads > 0) {
          const fitting = Math.min(quads, Math.floor((this.#room.length - this.written) / 3))
          if (fitting === 0) return 'full'
          const end = this.at + fitting * 4
          single = this.#takeQuads(input, end)
          if (single <= this.at) continue
        }
      }
      const state = this.#takeByte(input[this.at] ?? 0, base + this.at)
      if (state === 'full') return state
      this.at++
      if (state === 'end') return state
    }
    return 'more'
  }

  #probe(input: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = input[at] ?? 0
      if (byte === QUOTE) return
      this.urlSafe = byte === MINUS || byte === UNDERSCORE
      this.#alphabetKnown = this.urlSafe || byte === PLUS || byte === SLASH
      if (this.#alphabetKnown) return
    }
  }

  #quoteOrEnd(input: Uint8Array, to: number): number {
    const quote = this.#bytes.indexOfQuote(input, this.at)
    return quote < 0 || quote > to ? to : quote
  }

  /**
   * Decodes from `at` towards `end`, a multiple of 4 away. Returns how far the bytes that are left
   * have to be taken one by one, to find the fault or to get over an escape.
   */
  #takeQuads(input: Uint8Array, end: number): number {
    if (!this.#escaped) {
      if (this.#decode(input, this.at, end)) {
        this.at = end
        return end
      }
      const backslash = this.#bytes.indexOfBackslash(input, this.at)
      if (backslash < 0 || backslash >= end) return end
      this.#escaped = true
    }
    const backslash = this.#bytes.indexOfBackslash(input, this.at)
    const plainEnd = backslash < 0 || backslash > end ? end : backslash
    if (plainEnd < end && plainEnd - this.at < PLAIN_RUN) {
      return this.#takeUnescaped(input, end) ?? this.#takeCompacted(input, end)
    }
    const quadsEnd = this.at + ((plainEnd - this.at) & ~3)
    if (!this.#decode(input, this.at, quadsEnd)) return quadsEnd
    this.at = quadsEnd
    return quadsEnd
  }

  /** Decodes what only slashes are escaped in; undefined when that is not worth it. */
  #takeUnescaped(input: Uint8Array, end: number): number | undefined {
    const unescaped = this.#bytes.unescapeSlashes?.(input, this.at, end)
    if (unescaped === undefined) return undefined
    const { text, read } = unescaped
    if (read < PLAIN_RUN) return undefined
    const to = this.at + read
    if (this.#decodeAll(text, text.length)) this.at = to
    return to
  }

  /** Resolves escapes into the scratch, then decodes; stops before an escape that is cut. */
  #takeCompacted(input: Uint8Array, end: number): number {
    const words = new DataView(input.buffer, input.byteOffset, input.byteLength)
    let from = this.at
    let length = 0
    while (from < end && length < scratch.length) {
      while (from + 4 <= end && length + 4 <= scratch.length) {
        const word = words.getUint32(from)
        if (hasBackslash(word)) break
        scratchWords.setUint32(length, word)
        from += 4
        length += 4
      }
      if (from === end || length === scratch.length) break
      const byte = input[from] ?? 0
      if (byte !== BACKSLASH) {
        scratch[length++] = byte
        from++
        continue
      }
      const code = readEscape(input, from, end)
      if (code < 0) break
      from += input[from + 1] === LETTER_U ? 6 : 2
      if (code !== LINE_FEED && code !== CARRIAGE_RETURN) scratch[length++] = code
    }
    if (from === this.at) return from + 1
    if (this.#decodeAll(scratch, length)) this.at = from
    return from
  }

  /** Decodes `text[0, length)`, what is left of the last quad too; or nothing. */
  #decodeAll(text: Uint8Array, length: number): boolean {
    const whole = length & ~3
    if (!areSextets(text, whole, length) || !this.#decode(text, 0, whole)) return false
    for (let at = whole; at < length; at++) this.#takeSextet(SEXTETS[text[at] ?? 0] ?? 0)
    return true
  }

  #decode(input: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes.decodeBase64(input, from, to, this.#room, this.written)
    if (bytes < 0) return false
    this.written += bytes
    return true
  }

  #takeByte(byte: number, offset: number): LiftState {
    const left = this.#room.length - this.written
    if (this.#count === 3 && left === 0) return 'full'
    if (this.#escape.active) {
      const code = this.#escape.take(byte)
      if (code === FAULTY) throw invalidJson('Invalid escape', offset, this.#pointer)
      if (code !== UNFINISHED) this.#takeCharacter(code, this.#escapeOffset)
      return 'more'
    }
    if (byte === QUOTE) {
      if (left === 0 && this.#count === 2) return 'full'
      this.#finish(offset)
      return 'end'
    }
    if (byte === BACKSLASH) {
      this.#escape.begin()
      this.#escapeOffset = offset
      return 'more'
    }
    if (byte < 0x20) throw invalidJson('Control character in a string', offset, this.#pointer)
    this.#takeCharacter(byte, offset)
    return 'more'
  }

  #takeCharacter(code: number, offset: number): void {
    const sextet = code < 256 ? (SEXTETS[code] ?? -1) : -1
    if (sextet >= 0) {
      if (this.#pads > 0) throw invalidPayload('Data after the padding', offset, this.#pointer)
      this.#takeSextet(sextet)
      return
    }
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return
    if (code !== EQUALS) throw invalidPayload('Not a base64 character', offset, this.#pointer)
    if (this.#count < 2 || this.#count + this.#pads === 4) {
      throw invalidPayload('Wrong padding', offset, this.#pointer)
    }
    this.#pads++
  }

  #takeSextet(sextet: number): void {
    this.#bits = (this.#bits << 6) | sextet
    if (++this.#count < 4) return
    this.#write(this.#bits >> 16)
    this.#write(this.#bits >> 8)
    this.#write(this.#bits)
    this.#bits = 0
    this.#count = 0
  }

  #finish(offset: number): void {
    if (this.#count === 1) {
      throw invalidPayload('One base64 character too many or three too few', offset, this.#pointer)
    }
    if (this.#pads > 0 && this.#count + this.#pads !== 4) {
      throw invalidPayload('Wrong padding', offset, this.#pointer)
    }
    if (this.#count === 2) this.#write(this.#bits >> 4)
    if (this.#count === 3) {
      this.#write(this.#bits >> 10)
      this.#write(this.#bits >> 2)
    }
  }

  #write(byte: number): void {
    this.#room[this.written++] = byte & 0xff
  }
}

/** Where the padding before `to` begins: it is not for the native decoder. */
function unpadded(input: Uint8Array, from: number, to: number): number {
  let end = to
  while (end > from && end > to - 2 && input[end - 1] === EQUALS) end--
  return end
}

/** Whether one of the four bytes is a backslash: the test for a zero byte, on the difference. */
function hasBackslash(word: number): boolean {
  const difference = word ^ 0x5c5c5c5c
  return ((difference - 0x01010101) & ~difference & 0x80808080) !== 0
}

function areSextets(text: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if ((SEXTETS[text[at] ?? 0] ?? -1) < 0) return false
  }
  return true
}
