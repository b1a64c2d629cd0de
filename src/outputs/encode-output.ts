import { concat } from '../bytes/concat.ts'
import type { BytePrimitives } from '../platform.ts'
import { encodeBase64 } from '../sigv4/encode.ts'
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
export function createOutputEncoder(
  bytes: BytePrimitives,
  form: OutputForm,
  type: string,
): OutputEncoder {
  switch (form) {
    case 'base64':
      return new Base64Encoder(bytes, '"')
    case 'data-uri':
      return new Base64Encoder(bytes, JSON.stringify(`data:${type};base64,`).slice(0, -1))
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

/** A string of padded base64 (RFC 4648 §4). */
class Base64Encoder implements OutputEncoder {
  readonly #bytes: BytePrimitives
  readonly #lead: string
  #room = new Uint8Array(0)
  /** What is left of a group of three: fewer bytes than that. */
  #rest: Uint8Array = nothing

  constructor(bytes: BytePrimitives, lead: string) {
    this.#bytes = bytes
    this.#lead = lead
  }

  begin(): Uint8Array {
    return utf8.encode(this.#lead)
  }

  write(chunk: Uint8Array): Uint8Array {
    const needed = (3 - this.#rest.length) % 3
    if (chunk.length < needed) {
      this.#rest = concat([this.#rest, chunk])
      return nothing
    }
    const group = concat([this.#rest, chunk.subarray(0, needed)])
    const whole = needed + Math.floor((chunk.length - needed) / 3) * 3
    const length = ((group.length + whole - needed) / 3) * 4
    if (this.#room.length < length) this.#room = new Uint8Array(length)
    this.#bytes.encodeBase64(group, 0, group.length, this.#room, 0)
    this.#bytes.encodeBase64(chunk, needed, whole, this.#room, (group.length / 3) * 4)
    this.#rest = chunk.slice(whole)
    return this.#room.subarray(0, length)
  }

  end(): Uint8Array {
    return utf8.encode(`${encodeBase64(this.#rest)}"`)
  }
}
