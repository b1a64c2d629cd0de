import { GatewayError } from '../errors.ts'
import type { WatchedMember } from './residue.ts'
import { equalsBytes, equalsKey, type Trail } from './trail.ts'

type OpenMember = { -readonly [Key in keyof WatchedMember]: WatchedMember[Key] }

// Each costs an object: a body of nothing but watched keys must not become a heap of them.
const maxMembers = 1000

interface Watched {
  readonly name: string
  readonly bytes: Uint8Array
  readonly top: boolean
}

/** Records where the values of watched members lie, whatever their depth and their key's spelling. */
export class Members {
  /** In the order of their beginnings. */
  readonly recorded: OpenMember[] = []
  readonly #names: readonly Watched[]
  readonly #shortest: number
  /** By bits, modulo 32: first bytes of the names, and their lengths. */
  #initials = 0
  #lengths = 0
  /** Members whose values are being read, the innermost last. */
  readonly #open: OpenMember[] = []
  #next: Watched | undefined
  /** Depth of the innermost member whose value is being read, or -1. */
  innermostDepth = -1

  /** Names watched at any depth, and those that mean something at the top level alone. */
  constructor(names: ReadonlySet<string>, topNames: ReadonlySet<string>) {
    this.#names = [...watchedOf(names, false), ...watchedOf(topNames, true)]
    this.#shortest = Math.min(...this.#names.map(({ bytes }) => bytes.length))
    for (const { bytes } of this.#names) {
      this.#initials |= 1 << (bytes[0] ?? 0)
      this.#lengths |= 1 << bytes.length
    }
  }

  /** Whether a watched key has been read whose value has not begun. */
  get awaiting(): boolean {
    return this.#next !== undefined
  }

  /** Whether the key between `start` and `end`, which holds no escape, is watched. */
  isWatched(text: Uint8Array, start: number, end: number): boolean {
    const bit = (this.#initials >>> (text[start] ?? 0)) & (this.#lengths >>> (end - start)) & 1
    return bit === 1 && this.#names.some(({ bytes }) => equalsBytes(text, start, end, bytes))
  }

  /** A key has been read: the span between its quotes. */
  keyEnds(text: Uint8Array, start: number, end: number): void {
    if (end - start < this.#shortest) return
    for (const watched of this.#names) {
      if (equalsKey(text, start, end, watched.bytes, watched.name)) this.#next = watched
    }
  }

  /**
   * A value begins at `start`.
   *
   * @throws {GatewayError} invalid_request at the 1,001st watched member
   */
  valueBegins(text: Uint8Array, trail: Trail, start: number): void {
    const next = this.#next
    this.#next = undefined
    if (next === undefined || (next.top && trail.depth !== 1)) return
    if (this.recorded.length === maxMembers) {
      const detail = `Cannot take more than ${maxMembers} members named ${next.name}`
      throw new GatewayError('invalid_request', detail, { limit: maxMembers })
    }
    const { depth } = trail
    const member = { name: next.name, pointer: trail.pointer(text), depth, start, end: start }
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
}

function watchedOf(names: ReadonlySet<string>, top: boolean): Watched[] {
  const encoder = new TextEncoder()
  return [...names].map((name) => ({ name, bytes: encoder.encode(name), top }))
}
