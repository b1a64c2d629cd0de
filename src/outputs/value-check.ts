import { GatewayError } from '../errors.ts'
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../json/characters.ts'

/** Containers that may lie in each other. */
const depthMax = 10_000

const VALUE = 0
const VALUE_OR_END = 1
const KEY = 2
const KEY_OR_END = 3
const COLON_NEXT = 4
const AFTER = 5
const SCALAR = 6
const STRING = 7
const ESCAPE = 8

const isPlain = new Uint8Array(256).map((_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
)
const escapes = new Set([...'"\\/bfnrtu'].map((character) => character.charCodeAt(0)))
const isScalar = new Uint8Array(256).map((_, byte) =>
  /[A-Za-z0-9+.-]/.test(String.fromCharCode(byte)) ? 1 : 0,
)

/**
 * Checks that a text that arrives in chunks is one JSON value, no less and no more: a file that takes
 * the place of a value must not end it. Words and numbers are not looked into: Python writes `NaN`.
 */
export class ValueCheck {
  #state = VALUE
  #isKey = false
  /** Of each container around, whether it is an object. */
  readonly #around: boolean[] = []

  /** @throws {GatewayError} upstream_unreachable */
  write(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      if (this.#state === STRING) {
        while (at < chunk.length && isPlain[chunk[at] ?? 0] === 1) at++
        if (at === chunk.length) return
      }
      this.#take(chunk[at] ?? 0)
    }
  }

  /** @throws {GatewayError} upstream_unreachable */
  end(): void {
    if (this.#state === SCALAR) this.#state = AFTER
    if (this.#state !== AFTER || this.#around.length > 0) throw noValue()
  }

  #take(byte: number): void {
    switch (this.#state) {
      case STRING:
        if (byte === BACKSLASH) this.#state = ESCAPE
        else if (byte !== QUOTE) throw noValue()
        else this.#state = this.#isKey ? COLON_NEXT : AFTER
        return
      case ESCAPE:
        if (!escapes.has(byte)) throw noValue()
        this.#state = STRING
        return
      case SCALAR:
        if (isScalar[byte] === 1) return
        this.#state = AFTER
        break
    }
    if (!isSpace(byte)) this.#takeToken(byte)
  }

  #takeToken(byte: number): void {
    const state = this.#state
    const isClose = byte === CLOSE_OBJECT || byte === CLOSE_ARRAY
    if (isClose && (state === AFTER || state === VALUE_OR_END || state === KEY_OR_END)) {
      if (this.#around.pop() !== (byte === CLOSE_OBJECT)) throw noValue()
      this.#state = AFTER
    } else if (state === AFTER) {
      if (byte !== COMMA || this.#around.length === 0) throw noValue()
      this.#state = this.#around.at(-1) ? KEY : VALUE
    } else if (state === COLON_NEXT) {
      if (byte !== COLON) throw noValue()
      this.#state = VALUE
    } else if (state === KEY || state === KEY_OR_END) {
      if (byte !== QUOTE) throw noValue()
      this.#isKey = true
      this.#state = STRING
    } else this.#beginValue(byte)
  }

  #beginValue(byte: number): void {
    if (byte === QUOTE) {
      this.#isKey = false
      this.#state = STRING
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (this.#around.length === depthMax) throw noValue()
      this.#around.push(byte === OPEN_OBJECT)
      this.#state = byte === OPEN_OBJECT ? KEY_OR_END : VALUE_OR_END
    } else if (isScalar[byte] === 1) this.#state = SCALAR
    else throw noValue()
  }
}

function noValue(): GatewayError {
  return new GatewayError('upstream_unreachable', 'Cannot put in an output that is no JSON value')
}
