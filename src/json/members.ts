import { GatewayError } from '../errors.ts'
import { BACKSLASH } from './characters.ts'
import type { WatchedMember } from './residue.ts'
import { type Trail, unescapeText } from './trail.ts'

type OpenMember = { -readonly [Key in keyof WatchedMember]: WatchedMember[Key] }

// Each costs an object: a body of nothing but watched keys must not become a heap of them.
const maxMembers = 1000
const ASCII = /^[ -~]+$/

/** Records where the values of watched members lie, whatever their depth and their key's spelling. */
export class Members {
  /** In the order of their beginnings. */
  readonly recorded: OpenMember[] = []
  readonly #names: ReadonlySet<string>
  readonly #topNames: ReadonlySet<string>
  // By bits, modulo 32, what keys may be watched: their lengths, their first and last bytes.
  #lengths = 0
  #firsts = 0
  #lasts = 0
  /** Members whose values are being read, the innermost last. */
  readonly #open: OpenMember[] = []
  #next: string | undefined
  /** Depth of the innermost member whose value is being read, or -1. */
  innermostDepth = -1

  /** Names watched at any depth, and those watched in the document's own members alone. */
  constructor(names: ReadonlySet<string>, topNames: ReadonlySet<string>) {
    this.#names = names
    this.#topNames = topNames
    this.#count(names)
    this.#count(topNames)
  }

  /** Whether a watched key has been read whose value has not begun. */
  get awaiting(): boolean {
    return this.#next !== undefined
  }

  /** Whether the key between `start` and `end`, which holds no escape, is watched. */
  isWatched(text: Uint8Array, start: number, end: number): boolean {
    return this.#mayBeWatched(text, start, end) && this.#nameOf(text, start, end) !== undefined
  }

  /** A key has been read: the span between its quotes. */
  keyEnds(text: Uint8Array, start: number, end: number): void {
    const may = this.#mayBeWatched(text, start, end) || hasEscape(text, start, end)
    this.#next = may ? this.#nameOf(text, start, end) : undefined
  }

  /**
   * A value begins at `start`.
   *
   * @throws {GatewayError} invalid_request at the 1,001st watched member
   */
  valueBegins(text: Uint8Array, trail: Trail, start: number): void {
    const next = this.#next
    this.#next = undefined
    if (next === undefined || (trail.depth !== 1 && !this.#names.has(next))) return
    if (this.recorded.length === maxMembers) {
      const detail = `Cannot take more than ${maxMembers} members named ${next}`
      throw new GatewayError('invalid_request', detail, { limit: maxMembers })
    }
    const { depth } = trail
    const member = { name: next, pointer: trail.pointer(text), depth, start, end: start }
    this.recorded.push(member)
    this.#open.push(member)
    this.innermostDepth = depth
  }

  /** A value in `depth` containers has ended before `end`, cut out when it was a payload. */
  valueEnds(depth: number, end: number, payload?: number): void {
    const member = this.#open.at(-1)
    if (member?.depth !== depth) return
    this.#open.pop()
    this.innermostDepth = this.#open.at(-1)?.depth ?? -1
    member.end = end
    if (payload !== undefined) member.payload = payload
  }

  #count(names: ReadonlySet<string>): void {
    for (const name of names) {
      const ascii = ASCII.test(name)
      this.#lengths |= ascii ? 1 << name.length : -1
      this.#firsts |= ascii ? 1 << name.charCodeAt(0) : -1
      this.#lasts |= ascii ? 1 << name.charCodeAt(name.length - 1) : -1
    }
  }

  #mayBeWatched(text: Uint8Array, start: number, end: number): boolean {
    const length = this.#lengths >>> (end - start)
    const first = this.#firsts >>> (text[start] ?? 0)
    const last = this.#lasts >>> (text[end - 1] ?? 0)
    return (length & first & last & 1) === 1
  }

  #nameOf(text: Uint8Array, start: number, end: number): string | undefined {
    const key = unescapeText(text, start, end)
    return this.#names.has(key) || this.#topNames.has(key) ? key : undefined
  }
}

function hasEscape(text: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text[at] === BACKSLASH) return true
  return false
}
