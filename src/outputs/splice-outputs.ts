import { concat } from '../bytes/concat.ts'
import type { BytePrimitives } from '../platform.ts'

/** A JSON string, whole and no key, that begins as a reference does. */
export interface FoundReference {
  /** Without quotes and escapes. */
  readonly text: string
  /** As it stands in the document, with its quotes. */
  readonly raw: Uint8Array
}

/** Bytes of the longest string that is looked at, its escapes and what waits behind it included. */
const waitingMaxBytes = 16_384

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const nothing = new Uint8Array(0)

/**
 * Finds the references in a JSON text that arrives in chunks; all else passes byte for byte, at once
 * but for what may still become a reference. What comes out is valid until the next call.
 */
export class ReferenceFinder {
  readonly #bytes: BytePrimitives
  readonly #beginnings: readonly string[]
  readonly #needles: readonly Uint8Array[]
  readonly #needleMaxBytes: number
  /** Where in the view each needle is next; -1 where it is not. */
  readonly #next: number[]
  #held: Uint8Array = nothing
  /** Whether what went on last ends in a backslash that escapes what follows. */
  #escaping = false

  /** `beginnings`: of the texts to find, each with its scheme. */
  constructor(bytes: BytePrimitives, beginnings: readonly string[]) {
    this.#bytes = bytes
    this.#beginnings = beginnings
    // Slashes may be escaped: up to the colon there is one spelling, as encoders write it.
    const schemes = beginnings.map((text) => `"${text.slice(0, text.indexOf(':') + 1)}`)
    this.#needles = [...new Set(schemes)].map((text) => encoder.encode(text))
    this.#needleMaxBytes = Math.max(...this.#needles.map(({ length }) => length))
    this.#next = this.#needles.map(() => 0)
  }

  /** What can go on, in its order. */
  write(chunk: Uint8Array): (Uint8Array | FoundReference)[] {
    const view = this.#held.length === 0 ? chunk : concat([this.#held, chunk])
    return this.#process(view, false)
  }

  /** The rest. */
  end(): (Uint8Array | FoundReference)[] {
    return this.#process(this.#held, true)
  }

  #process(view: Uint8Array, final: boolean): (Uint8Array | FoundReference)[] {
    const out: (Uint8Array | FoundReference)[] = []
    this.#next.fill(0)
    let sent = 0
    let hold = final ? view.length : view.length - this.#unfinished(view)
    for (let at = this.#find(view, 0); at >= 0; ) {
      if (this.#isEscaped(view, at)) {
        at = this.#find(view, at + 1)
        continue
      }
      const string = readString(view, at, final)
      if (string === undefined) {
        hold = Math.min(hold, at)
        break
      }
      const text = string.isValue ? this.#read(view.subarray(at, string.end)) : undefined
      if (text !== undefined) {
        if (sent < at) out.push(view.subarray(sent, at))
        out.push({ text, raw: view.subarray(at, string.end) })
        sent = string.end
      }
      at = this.#find(view, string.end)
    }
    // A string that was read to its end may reach into what looked like a beginning.
    hold = Math.max(hold, sent)
    if (sent < hold) out.push(view.subarray(sent, hold))
    this.#escaping = this.#isEscaped(view, hold)
    this.#held = view.slice(hold)
    return out
  }

  /** The first needle at or after `from`, or -1. */
  #find(view: Uint8Array, from: number): number {
    let first = -1
    for (const [index, needle] of this.#needles.entries()) {
      let at = this.#next[index] ?? -1
      if (at >= 0 && (at < from || from === 0)) {
        at = this.#bytes.indexOf(view, needle, from)
        this.#next[index] = at
      }
      if (at >= 0 && (first < 0 || at < first)) first = at
    }
    return first
  }

  /** Bytes at the end of the view that may be the beginning of a needle. */
  #unfinished(view: Uint8Array): number {
    const from = Math.max(0, view.length - this.#needleMaxBytes + 1)
    for (let at = from; at < view.length; at++) {
      if (view[at] !== quote) continue
      const tail = view.subarray(at)
      if (this.#needles.some((needle) => beginsWith(needle, tail))) return tail.length
    }
    return 0
  }

  #isEscaped(view: Uint8Array, at: number): boolean {
    let before = at
    while (before > 0 && view[before - 1] === backslash) before--
    const isOdd = (at - before) % 2 === 1
    return before === 0 && this.#escaping ? !isOdd : isOdd
  }

  #read(raw: Uint8Array): string | undefined {
    try {
      const text: unknown = JSON.parse(decoder.decode(raw))
      if (typeof text !== 'string') return undefined
      return this.#beginnings.some((beginning) => text.startsWith(beginning)) ? text : undefined
    } catch {
      return undefined
    }
  }
}

/**
 * The string whose quote is at `at`: its end, and whether it is a value, which shows by what comes
 * behind it. Undefined while that is not there; what is too long for a reference is none.
 */
function readString(
  view: Uint8Array,
  at: number,
  final: boolean,
): { readonly end: number; readonly isValue: boolean } | undefined {
  const limit = Math.min(view.length, at + waitingMaxBytes)
  let end = at + 1
  while (end < limit && view[end] !== quote) end += view[end] === backslash ? 2 : 1
  let next = ++end
  while (next < limit && (view[next] ?? 0) <= 0x20) next++
  if (next < limit) return { end, isValue: view[next] !== colon }
  if (next < at + waitingMaxBytes) {
    return final ? { end: Math.min(end, limit), isValue: end <= limit } : undefined
  }
  return { end: Math.min(end, limit), isValue: false }
}

function beginsWith(whole: Uint8Array, beginning: Uint8Array): boolean {
  if (beginning.length >= whole.length) return false
  return beginning.every((byte, index) => byte === whole[index])
}
