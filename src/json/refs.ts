import { GatewayError } from '../errors.ts'
import { BACKSLASH } from './characters.ts'
import { readEscape } from './escape.ts'
import type { FoundRef } from './residue.ts'
import { type CompiledRules, firstRule } from './rules.ts'
import { type Trail, unescapeText } from './trail.ts'

/** Raw bytes between the quotes up to which a ref's text is kept; every character may be escaped. */
const textMaxBytes = 256

/** Longest pointer of a ref; bounds what a thousand of them may cost. */
const pointerMaxLength = 4096

export interface RefsOptions {
  /** What the text of a ref begins with, in ASCII; absent: nothing is a ref. */
  readonly refMarker?: string
  /** Refs that one document may have; default 1,000. */
  readonly refsMax?: number
  readonly rules: CompiledRules
}

/** Records string values that begin with a marker, however they are spelled. */
export class Refs {
  /** In document order. */
  readonly recorded: FoundRef[] = []
  /** What the marker begins with; -1 where there is none. */
  readonly firstByte: number
  readonly #options: RefsOptions
  readonly #marker: string

  constructor(options: RefsOptions) {
    this.#options = options
    this.#marker = options.refMarker ?? ''
    this.firstByte = options.refMarker?.charCodeAt(0) ?? -1
  }

  /** Whether the text at `from`, which ends at `to`, begins with the marker. */
  begins(text: Uint8Array, from: number, to: number): boolean {
    let at = from
    for (let matched = 0; matched < this.#marker.length; matched++) {
      if (at >= to) return false
      let code = text[at] ?? 0
      let length = 1
      if (code === BACKSLASH) {
        code = readEscape(text, at, to)
        length = text[at + 1] === 0x75 ? 6 : 2
      }
      if (code !== this.#marker.charCodeAt(matched)) return false
      at += length
    }
    return true
  }

  /**
   * A string value has been read, from its opening quote at `start` to behind its closing one.
   *
   * @throws {GatewayError} invalid_request at the 1,001st ref, or one in too deep a place
   */
  take(text: Uint8Array, trail: Trail, start: number, end: number): void {
    const first = text[start + 1]
    if (first !== this.firstByte && first !== BACKSLASH) return
    if (this.firstByte < 0 || !this.begins(text, start + 1, end - 1)) return
    const pointer = trail.pointer(text)
    if (pointer.length > pointerMaxLength) {
      throw new GatewayError('invalid_request', 'Put the ref into members with shorter names', {
        limit: pointerMaxLength,
        actual: pointer.length,
      })
    }
    const max = this.#options.refsMax ?? 1000
    if (this.recorded.length === max) {
      throw new GatewayError('invalid_request', `Too many refs, the limit is ${max}`, {
        pointer,
        limit: max,
        actual: max + 1,
      })
    }
    const isWhole = end - start - 2 <= textMaxBytes
    const rule = firstRule(this.#options.rules, trail, text)
    this.recorded.push({
      text: isWhole ? unescapeText(text, start + 1, end - 1) : this.#marker,
      pointer,
      ...(rule === undefined ? {} : { rule }),
      start,
      end,
    })
  }
}
