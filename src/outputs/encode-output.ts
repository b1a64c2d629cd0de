import { concat } from '../bytes/concat.ts'
import { escapeText } from './escape-text.ts'
import type { OutputForm } from './output-reference.ts'
import { ValueCheck } from './value-check.ts'

/** Writes a file's bytes as the JSON value that they were. What comes out is valid until the next call. */
export interface OutputEncoder {
  /** What stands before the first byte. */
  begin(): Uint8Array
  write(chunk: Uint8Array): Uint8Array
  /** The rest, and what stands behind it. @throws {GatewayError} upstream_unreachable */
  end(): Uint8Array
}

const utf8 = new TextEncoder()
const nothing = new Uint8Array(0)
const QUOTE = Uint8Array.of(0x22)

/** The encoder of one file; `type` is what a data URI names. */
export function createOutputEncoder(form: OutputForm, type: string): OutputEncoder {
  switch (form) {
    case 'base64':
      return new Base64Encoder('"')
    case 'data-uri':
      return new Base64Encoder(JSON.stringify(`data:${type};base64,`).slice(0, -1))
    case 'text':
      return { begin: () => QUOTE, write: escapeText, end: () => QUOTE }
    case 'json': {
      const check = new ValueCheck()
      return {
        begin: () => nothing,
        write(chunk) {
          check.write(chunk)
          return chunk
        },
        end() {
          check.end()
          return nothing
        },
      }
    }
  }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Two characters for twelve bits, as they lie in the memory of a little-endian machine. */
const PAIRS = new Uint16Array(4096).map(
  (_, bits) => letters.charCodeAt(bits >> 6) | (letters.charCodeAt(bits & 63) << 8),
)

/** A string of padded base64 (RFC 4648 §4). */
class Base64Encoder implements OutputEncoder {
  readonly #lead: string
  #room = new Uint16Array(0)
  /** What is left of a group of three: fewer bytes than that. */
  #rest: Uint8Array = nothing

  constructor(lead: string) {
    this.#lead = lead
  }

  begin(): Uint8Array {
    return utf8.encode(this.#lead)
  }

  write(chunk: Uint8Array): Uint8Array {
    const needed = this.#rest.length === 0 ? 0 : 3 - this.#rest.length
    const group = concat([this.#rest, chunk.subarray(0, needed)])
    const whole = Math.floor(Math.max(0, chunk.length - needed) / 3) * 3 + needed
    if (group.length < 3 && needed > 0) {
      this.#rest = group
      return nothing
    }
    const pairs = ((whole - needed) / 3) * 2 + (needed > 0 ? 2 : 0)
    if (this.#room.length < pairs) this.#room = new Uint16Array(pairs)
    const room = this.#room
    if (needed > 0) encode(group, 0, 3, room, 0)
    encode(chunk, needed, whole, room, needed > 0 ? 2 : 0)
    this.#rest = chunk.slice(whole)
    return new Uint8Array(room.buffer, 0, pairs * 2)
  }

  end(): Uint8Array {
    const [first, second] = this.#rest
    if (first === undefined) return QUOTE
    const bits = (first << 16) | ((second ?? 0) << 8)
    const third = second === undefined ? '=' : (letters[(bits >> 6) & 63] ?? '')
    return utf8.encode(`${letters[bits >> 18]}${letters[(bits >> 12) & 63]}${third}="`)
  }
}

function encode(bytes: Uint8Array, from: number, to: number, room: Uint16Array, at: number): void {
  let out = at
  for (let i = from; i < to; i += 3) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    room[out++] = PAIRS[bits >> 12] ?? 0
    room[out++] = PAIRS[bits & 4095] ?? 0
  }
}
