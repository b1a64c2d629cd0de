import { type CompiledPatterns, hashOf, mayBegin } from './patterns.ts'

/** Where a pattern stands, as positions in the bytes given to `find`. */
export interface Found<T> {
  readonly start: number
  readonly end: number
  readonly tag: T
}

// Bytes that may be compared for each byte of text before the text counts as hostile.
const COMPARED_PER_BYTE = 4
const COMPARED_AT_LEAST = 65_536

/**
 * Finds all occurrences of patterns in a text that comes in views, overlapping and nested ones too.
 * One probe in `stride` bytes; text made to collide with the patterns switches it to Aho–Corasick.
 */
export class Finder<T> {
  readonly #patterns: CompiledPatterns<T>
  #state = -1
  #compared = 0
  #allowed = COMPARED_AT_LEAST
  // Where the first pattern begins that the view holds the window of, but not the end.
  #open = 0

  constructor(patterns: CompiledPatterns<T>) {
    this.#patterns = patterns
  }

  /** Whether hostile text has made it fall back to the automaton. */
  get fellBack(): boolean {
    return this.#state >= 0
  }

  /** Bytes of patterns compared: at most four for each byte of text, and some 64 KiB. */
  get compared(): number {
    return this.#compared
  }

  /**
   * Adds to `found` every occurrence that ends after `from`. `view` must begin no later than where
   * the last call said, and its bytes before `from` are those the last calls have seen. Returns the
   * position of the first byte that an occurrence still to be completed may need.
   */
  find(view: Uint8Array, from: number, found: Found<T>[]): number {
    if (this.#patterns.stride === 0) return view.length
    if (this.#state >= 0) return this.#walk(view, from, found)
    this.#allowed += COMPARED_PER_BYTE * (view.length - from)
    const before = found.length
    const hold = this.#probe(view, from, found)
    if (this.#compared <= this.#allowed) return hold
    found.length = before
    this.#state = 0
    const automaton = this.#patterns.automaton()
    for (let i = 0; i < from; i++) this.#state = automaton.step(this.#state, view[i] ?? 0)
    return this.#walk(view, from, found)
  }

  /** The filter; its result counts only while `#compared` is within what is allowed. */
  #probe(view: Uint8Array, from: number, found: Found<T>[]): number {
    const { stride, bits, shift, maxLength } = this.#patterns
    const last = view.length - 4
    const grams = new DataView(view.buffer, view.byteOffset, view.length)
    this.#open = view.length
    for (let at = Math.max(0, from - maxLength); at <= last; at += stride) {
      const gram = grams.getInt32(at, true)
      const hash = hashOf(gram)
      const bit = hash >>> shift
      if ((((bits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 0) continue
      this.#check(view, at, gram, from, found)
      if (this.#compared > this.#allowed) return 0
    }
    return Math.min(this.#open, this.#holdFrom(view))
  }

  #check(view: Uint8Array, at: number, gram: number, from: number, found: Found<T>[]): void {
    const { heads, headShift, next, grams, windowOf, gramOffset, members } = this.#patterns
    let entry = heads[hashOf(gram) >>> headShift] ?? -1
    for (; entry >= 0; entry = next[entry] ?? -1) {
      this.#compared++
      if (grams[entry] !== gram) continue
      const window = at - (gramOffset[entry] ?? 0)
      const list = members[windowOf[entry] ?? 0] ?? []
      // The window itself once, before the many patterns that share it.
      if (!this.#holdsWindow(view, window, list[0] ?? 0, list[1] ?? 0)) continue
      const before = view[window - 1]
      const after = view[window + this.#patterns.stride + 3]
      this.#compared += list.length >> 2
      for (let i = 0; i < list.length; i += 4) {
        // Most forms of a literal differ right beside the window.
        const first = list[i + 2] ?? -1
        if (first >= 0 && first !== before) continue
        const last = list[i + 3] ?? -1
        if (last >= 0 && after !== undefined && last !== after) continue
        const pattern = list[i] ?? 0
        const start = window - (list[i + 1] ?? 0)
        const end = start + this.#length(pattern)
        if (start < 0 || end <= from) continue
        if (end > view.length) {
          if (start >= this.#open) continue
          if (this.#equals(view, start, view.length, pattern)) this.#open = start
          continue
        }
        if (!this.#goesOn(view, start, window, end, pattern)) continue
        const tag = this.#patterns.tags[pattern]
        if (tag !== undefined) found.push({ start, end, tag })
      }
    }
  }

  #holdsWindow(view: Uint8Array, at: number, pattern: number, offset: number): boolean {
    const length = this.#patterns.stride + 3
    if (at < 0 || at + length > view.length) return false
    const { text, starts } = this.#patterns
    const source = (starts[pattern] ?? 0) + offset
    let i = length - 1
    while (i >= 0 && view[at + i] === text[source + i]) i--
    this.#compared += length - i
    return i < 0
  }

  #length(pattern: number): number {
    const { starts } = this.#patterns
    return (starts[pattern + 1] ?? 0) - (starts[pattern] ?? 0)
  }

  #equals(view: Uint8Array, start: number, end: number, pattern: number): boolean {
    const { text, starts } = this.#patterns
    const offset = (starts[pattern] ?? 0) - start
    let i = start
    while (i < end && view[i] === text[i + offset]) i++
    this.#compared += i - start + 1
    return i === end
  }

  /**
   * Whether a pattern stands there whose window does: outwards from it, because the forms of one
   * literal differ where it is escaped, and begin alike.
   */
  #goesOn(view: Uint8Array, start: number, window: number, end: number, pattern: number): boolean {
    const { text, starts, stride } = this.#patterns
    const offset = (starts[pattern] ?? 0) - start
    let at = window - 1
    while (at >= start && view[at] === text[at + offset]) at--
    this.#compared += window - at
    if (at >= start) return false
    const from = window + stride + 3
    let to = from
    while (to < end && view[to] === text[to + offset]) to++
    this.#compared += to - from + 1
    return to >= end
  }

  /** First position from which the rest of the view begins a pattern, its window not complete. */
  #holdFrom(view: Uint8Array): number {
    const { windowsEnd, prefixes, prefixBits, beginnings } = this.#patterns
    const length = view.length
    let at = Math.max(0, length - windowsEnd + 1)
    const grams = new DataView(view.buffer, view.byteOffset, length)
    for (; at <= length - 4; at++) {
      const gram = grams.getInt32(at, true)
      if (!mayBegin(prefixBits, gram)) continue
      for (const pattern of prefixes.get(gram) ?? []) {
        if (this.#length(pattern) <= length - at) continue
        if (this.#equals(view, at, length, pattern)) return at
      }
      if (this.#compared > this.#allowed) return 0
    }
    for (at = Math.max(0, at); at < length; at++) {
      let beginning = (length - at) << 24
      for (let i = at; i < length; i++) beginning |= (view[i] ?? 0) << (8 * (i - at))
      if (beginnings.has(beginning)) return at
    }
    return length
  }

  #walk(view: Uint8Array, from: number, found: Found<T>[]): number {
    const automaton = this.#patterns.automaton()
    let state = this.#state
    for (let i = from; i < view.length; i++) {
      state = automaton.step(state, view[i] ?? 0)
      let hit = automaton.pattern(state) >= 0 ? state : automaton.shorter(state)
      for (; hit !== 0; hit = automaton.shorter(hit)) {
        const tag = this.#patterns.tags[automaton.pattern(hit)]
        if (tag !== undefined) found.push({ start: i + 1 - automaton.depth(hit), end: i + 1, tag })
      }
    }
    this.#state = state
    return view.length - automaton.open(state)
  }
}
