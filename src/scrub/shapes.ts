import type { BytePrimitives } from '../platform.ts'
import type { Place } from './places.ts'
import { BYTES_BEFORE } from './quoted.ts'
import { reachOf } from './shape-end.ts'
import { type ShapeName, TOKENS, type TokenShape, type ValueShape } from './shape-patterns.ts'

/** A value that goes on at `at`; of it, `bytes` are masked. */
interface Value {
  readonly shape: ValueShape
  at: number
  bytes: number
}

const UNDERSCORE = 0x5f
const underscore = Uint8Array.of(UNDERSCORE)
// One byte at a time up to here, by the platform's search after: a call costs as much as 100 bytes.
const NEAR = 64
/** Bytes that one value may have; what goes on is no longer part of it. */
const MAX_VALUE_BYTES = 65_536
const latin1 = new TextDecoder('latin1')

/** Finds, in a text that comes in views, secrets that are told by their shape alone. */
export class Shapes {
  /** What is to be masked. */
  marks: Place[] = []
  readonly #tokens: readonly TokenShape[]
  readonly #longest: number
  readonly #inPrefix = new Uint8Array(256)
  readonly #bytes: BytePrimitives | undefined
  readonly #onFound: (name: ShapeName) => void
  // The value that the last view ended in, and how far it is masked already.
  #open: Value | undefined
  #over = 0
  // Those that are not looked at yet.
  #begun: Value[] = []
  // Where the next `_` is looked for.
  #scanned = 0

  constructor(
    names: readonly ShapeName[] = [],
    onFound: (name: ShapeName) => void,
    bytes?: BytePrimitives,
  ) {
    this.#bytes = bytes
    this.#tokens = TOKENS.filter(({ name }) => names.includes(name))
    this.#longest = Math.max(0, ...this.#tokens.map(({ prefix }) => prefix.length))
    for (const { prefix } of this.#tokens) {
      for (const one of prefix) this.#inPrefix[one.charCodeAt(0)] = 1
    }
    this.#onFound = onFound
  }

  /** A pattern of a value ends at this position. */
  begin(end: number, shape: ValueShape): void {
    this.#begun.push({ shape, at: end - shape.back, bytes: 0 })
  }

  /**
   * Adds to `marks` what is to be masked. Returns the position of the first byte that something
   * incomplete may need; `before` are the last bytes before the view.
   */
  find(view: Uint8Array, final: boolean, before: Uint8Array): number {
    const values = this.#values(view, final)
    return this.#tokens.length === 0 ? values : Math.min(values, this.#find(view, final, before))
  }

  /** The marks, which are the caller's from now on. */
  take(): Place[] {
    const { marks } = this
    this.marks = []
    return marks
  }

  /** Positions count from `done` on. */
  keep(done: number): void {
    if (done === 0) return
    if (this.#open !== undefined) this.#open.at -= done
    this.#over = Math.max(0, this.#over - done)
    this.#scanned = Math.max(0, this.#scanned - done)
  }

  #values(view: Uint8Array, final: boolean): number {
    const begun = this.#begun.sort((a, b) => a.at - b.at)
    this.#begun = []
    for (let next = 0; ; ) {
      const open = this.#open
      if (open !== undefined) {
        const { end, isOver } = reachOf(open.shape, view, open.at, final)
        if (end > open.at) {
          if (open.bytes === 0) this.#onFound(open.shape.name)
          this.marks.push({ start: open.at, end })
        }
        open.bytes += end - open.at
        open.at = end
        this.#over = end
        if (!isOver && open.bytes < MAX_VALUE_BYTES) return end
        this.#open = undefined
      }
      const value = begun[next++]
      if (value === undefined) return view.length
      if (value.at >= this.#over) this.#open = value
    }
  }

  #find(view: Uint8Array, final: boolean, before: Uint8Array): number {
    let at = this.#nextUnderscore(view, this.#scanned)
    for (; at >= 0; at = this.#nextUnderscore(view, at + 1)) {
      const token = this.#tokenAt(view, at, before)
      if (token === undefined) continue
      let end = at + 1
      const last = Math.min(view.length, at + token.most + 2)
      while (end < last && isOf(view[end] ?? 0, token.urlSafe)) end++
      const length = end - at - 1
      if (end === view.length && length <= token.most && !final) {
        this.#scanned = at
        return at + 1 - token.prefix.length
      }
      if (length < token.least || length > token.most) continue
      this.marks.push({ start: at + 1 - token.prefix.length, end })
      this.#onFound(token.name)
      at = end - 1
    }
    this.#scanned = view.length
    return final ? view.length : this.#beginning(view)
  }

  #nextUnderscore(view: Uint8Array, from: number): number {
    const near = Math.min(view.length, from + NEAR)
    for (let at = from; at < near; at++) if (view[at] === UNDERSCORE) return at
    if (near === view.length) return -1
    return this.#bytes?.indexOf(view, underscore, near) ?? view.indexOf(UNDERSCORE, near)
  }

  /** The rule whose prefix ends with the `_` at this position. */
  #tokenAt(view: Uint8Array, at: number, before: Uint8Array): TokenShape | undefined {
    const byte = view[at - 1]
    for (const token of this.#tokens) {
      const { prefix } = token
      if (prefix.charCodeAt(prefix.length - 2) !== byte) continue
      const start = at + 1 - prefix.length
      if (start < 0 || !standsAt(view, start, prefix)) continue
      if (this.#beginsAt(view, start, before)) return token
    }
    return undefined
  }

  /** Whether a word can begin there: after an escape of JSON or a URL, too. */
  #beginsAt(view: Uint8Array, start: number, before: Uint8Array): boolean {
    const last = start > 0 ? view[start - 1] : before.at(-1)
    if (last === undefined || !isOf(last, true)) return true
    const from = Math.max(0, start - BYTES_BEFORE)
    let text = latin1.decode(view.subarray(from, start))
    if (start < BYTES_BEFORE) text = latin1.decode(before) + text
    return /(?:^|[^A-Za-z0-9_-]|\\[nrtbf]|\\u[0-9a-f]{4}|%[0-9a-f]{2})$/i.test(text)
  }

  /** The first position at which a prefix may begin that the view does not hold whole. */
  #beginning(view: Uint8Array): number {
    if (this.#inPrefix[view.at(-1) ?? 0] !== 1) return view.length
    for (let at = Math.max(0, view.length - this.#longest + 1); at < view.length; at++) {
      const isBegun = this.#tokens.some(({ prefix }) => {
        const length = view.length - at
        return length < prefix.length && standsAt(view, at, prefix.slice(0, length))
      })
      if (isBegun) return at
    }
    return view.length
  }
}

function standsAt(view: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (view[at + i] !== text.charCodeAt(i)) return false
  return true
}

function isOf(byte: number, urlSafe: boolean): boolean {
  if (byte >= 0x30 && byte <= 0x39) return true
  if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) return true
  return urlSafe && (byte === 0x2d || byte === UNDERSCORE)
}
