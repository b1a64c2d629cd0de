import { concat } from '../bytes/concat.ts'
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../json/characters.ts'
import type { BytePrimitives } from '../platform.ts'
import { stringEnd } from '../scrub/string-end.ts'

/** A string that is a value. */
export interface ValueString {
  /** Without quotes and escapes. */
  readonly text: string
  /** As it stands in the document, with its quotes; valid until the next call. */
  readonly raw: Uint8Array
}

/** Containers within containers; deeper ones pass without a look. */
const depthMax = 512
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const nothing = new Uint8Array(0)

/**
 * Finds the strings that are values within certain top-level members of a JSON object that arrives in
 * chunks; all else passes byte for byte, at once. A text that is no such object passes too.
 */
export class ValueStrings {
  readonly #bytes: BytePrimitives
  readonly #members: readonly string[]
  readonly #maxBytes: number
  readonly #isObject = new Uint8Array(depthMax + 1)
  #depth = 0
  #isKey = false
  /** Within one of the members. */
  #isWanted = false
  #isOver = false
  // A string that is too long to be held, or of no interest, goes on.
  #inString = false
  #escaped = false
  #held: Uint8Array = nothing

  /** `maxBytes`: of the longest string to be found, with its quotes and escapes. */
  constructor(bytes: BytePrimitives, members: readonly string[], maxBytes: number) {
    this.#bytes = bytes
    this.#members = members
    this.#maxBytes = maxBytes
  }

  /** What can go on, in its order. */
  write(chunk: Uint8Array): (Uint8Array | ValueString)[] {
    if (this.#isOver) return [chunk]
    const view = this.#held.length === 0 ? chunk : concat([this.#held, chunk])
    this.#held = nothing
    const out: (Uint8Array | ValueString)[] = []
    const words = new DataView(view.buffer, view.byteOffset, view.length)
    let at = this.#inString ? this.#skipString(view, words, 0) : 0
    let sent = 0
    while (at < view.length && !this.#isOver) {
      if (view[at] !== QUOTE) {
        this.#step(view[at] ?? 0)
        at++
        continue
      }
      const end = stringEnd(this.#bytes, words, view, at + 1)
      if (end < 0 && view.length - at < this.#maxBytes && this.#mayMatter()) {
        this.#held = view.slice(at)
        break
      }
      if (end < 0) {
        at = this.#skipString(view, words, at + 1)
        continue
      }
      const raw = view.subarray(at, end)
      const text = raw.length > this.#maxBytes || !this.#mayMatter() ? undefined : read(raw)
      if (this.#isKey && this.#depth === 1) {
        this.#isWanted = text !== undefined && this.#members.includes(text)
      } else if (text !== undefined && !this.#isKey) {
        if (sent < at) out.push(view.subarray(sent, at))
        out.push({ text, raw })
        sent = end
      }
      at = end
    }
    const hold = view.length - this.#held.length
    if (sent < hold) out.push(view.subarray(sent, hold))
    return out
  }

  /** The rest. */
  end(): Uint8Array[] {
    const rest = this.#held
    this.#held = nothing
    return rest.length > 0 ? [rest] : []
  }

  /** Whether the string that begins here is one to be found, or tells of such ones. */
  #mayMatter(): boolean {
    return this.#isKey ? this.#depth === 1 : this.#isWanted
  }

  #step(byte: number): void {
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const isObject = byte === OPEN_OBJECT
      if ((this.#depth === 0 && !isObject) || this.#depth === depthMax) {
        this.#isOver = true
        return
      }
      this.#isObject[++this.#depth] = isObject ? 1 : 0
      this.#isKey = isObject
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      this.#depth--
      this.#isKey = false
      if (this.#depth <= 0) this.#isOver = true
    } else if (byte === COLON) this.#isKey = false
    else if (byte === COMMA) this.#isKey = this.#isObject[this.#depth] === 1
  }

  /** Goes on within a string; the position after it, or the end of the view. */
  #skipString(view: Uint8Array, words: DataView, from: number): number {
    const start = this.#escaped ? from + 1 : from
    this.#escaped = false
    const end = start > view.length ? -1 : stringEnd(this.#bytes, words, view, start)
    this.#inString = end < 0
    if (end >= 0) return end
    let backslashes = 0
    while (view.length - backslashes > start && view[view.length - 1 - backslashes] === BACKSLASH) {
      backslashes++
    }
    this.#escaped = start > view.length || backslashes % 2 === 1
    return view.length
  }
}

function read(raw: Uint8Array): string | undefined {
  try {
    const text: unknown = JSON.parse(decoder.decode(raw))
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}
