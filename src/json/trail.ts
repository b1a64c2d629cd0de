import { BACKSLASH } from './characters.ts'
import { escapeToken, type PatternToken, type PointerPattern } from './pointer.ts'

// A byte order mark is no part of JSON: in a key it is a character like any other.
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
/** Up to here a loop is faster than the decoder. */
const SHORT_BYTES = 24
const INPUT = new TextEncoder().encode('input')

/** The JSON text of a string without its quotes, unescaped. */
export function unescapeText(text: Uint8Array, from: number, to: number): string {
  if (to - from <= SHORT_BYTES) {
    let plain = ''
    let at = from
    for (; at < to; at++) {
      const byte = text[at] ?? 0
      if (byte >= 0x80 || byte === BACKSLASH) break
      plain += String.fromCharCode(byte)
    }
    if (at === to) return plain
  }
  const raw = decoder.decode(text.subarray(from, to))
  return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw
}

/** Whether `text[from, to)` holds exactly `bytes`. */
export function equalsBytes(
  text: Uint8Array,
  from: number,
  to: number,
  bytes: Uint8Array,
): boolean {
  if (to - from !== bytes.length) return false
  for (let at = 0; at < bytes.length; at++) {
    if (text[from + at] !== bytes[at]) return false
  }
  return true
}

/**
 * Where in the document the splicer is: the open containers and, for each, the index or the span
 * of the current key. Keys stay where they are, in the residue (the `text` of every method), so
 * that a small value costs no string.
 */
export class Trail {
  /** Containers now open. */
  depth = 0
  /** Whether the member now being read, in `inputDepth` containers, is `input`. */
  inInput = false
  /** Containers around a request's own members: 1, or more where a document has several requests. */
  readonly inputDepth: number
  readonly #arrays: boolean[] = []
  readonly #indices: number[] = []
  readonly #keyStarts: number[] = []
  readonly #keyEnds: number[] = []
  readonly #prefixes: (string | undefined)[] = []

  constructor(inputDepth = 1) {
    this.inputDepth = inputDepth
  }

  /** Enters a container. */
  open(array: boolean): void {
    const level = this.depth++
    if (this.depth === this.inputDepth) this.inInput = false
    this.#arrays[level] = array
    this.#indices[level] = 0
    this.#keyStarts[level] = 0
    this.#keyEnds[level] = 0
    this.#prefixes[level] = undefined
  }

  /** Leaves the innermost container. */
  close(): void {
    this.depth--
  }

  /** Whether the innermost container is an array. */
  inArray(): boolean {
    return this.#arrays[this.depth - 1] === true
  }

  /** Goes on to the next element of the innermost array. */
  nextElement(): void {
    const level = this.depth - 1
    this.#indices[level] = (this.#indices[level] ?? 0) + 1
  }

  /** Takes the key of the member now being read: the span between its quotes. */
  takeKey(text: Uint8Array, start: number, end: number): void {
    if (this.depth === this.inputDepth) this.inInput = equalsKey(text, start, end, INPUT, 'input')
    this.setKey(start, end)
  }

  /** Sets the key of a member that is none of the document itself. */
  setKey(start: number, end: number): void {
    this.#keyStarts[this.depth - 1] = start
    this.#keyEnds[this.depth - 1] = end
  }

  /** Whether the value now being read lies at `pattern`. */
  matches(pattern: PointerPattern, text: Uint8Array): boolean {
    const { tokens } = pattern
    if (tokens.length !== this.depth) return false
    for (let level = this.depth - 1; level >= 0; level--) {
      const token = tokens[level]
      if (token === undefined || !this.#matchesAt(level, token, text)) return false
    }
    return true
  }

  /** RFC 6901 pointer of the value now being read. */
  pointer(text: Uint8Array): string {
    return this.depth === 0 ? '' : this.#pointerTo(this.depth - 1, text)
  }

  #pointerTo(level: number, text: Uint8Array): string {
    let from = level
    while (from > 0 && this.#prefixes[from] === undefined) from--
    let pointer = this.#prefixes[from] ?? ''
    for (let at = from; at <= level; at++) {
      this.#prefixes[at] = pointer
      pointer += `/${this.#token(at, text)}`
    }
    return pointer
  }

  #token(level: number, text: Uint8Array): string {
    if (this.#arrays[level]) return String(this.#indices[level])
    const start = this.#keyStarts[level] ?? 0
    return escapeToken(unescapeText(text, start, this.#keyEnds[level] ?? start))
  }

  #matchesAt(level: number, token: PatternToken, text: Uint8Array): boolean {
    if (token.any) return true
    if (this.#arrays[level]) return token.index === this.#indices[level]
    const start = this.#keyStarts[level] ?? 0
    const end = this.#keyEnds[level] ?? start
    return equalsKey(text, start, end, token.bytes, token.text)
  }
}

/** Whether the key `text[start, end)`, perhaps escaped, spells `name`, whose UTF-8 is `bytes`. */
export function equalsKey(
  text: Uint8Array,
  start: number,
  end: number,
  bytes: Uint8Array,
  name: string,
): boolean {
  if (end - start < bytes.length) return false
  if (end - start === bytes.length) return equalsBytes(text, start, end, bytes)
  for (let at = start; at < end; at++) {
    if (text[at] === BACKSLASH) return unescapeText(text, start, end) === name
  }
  return false
}
