import { concat } from '../bytes/concat.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../json/characters.ts'
import type { BytePrimitives } from '../platform.ts'
import { isS3Config, isScalar, mayMatter } from './member-name.ts'
import { MAX_DEPTH, type Place, skim } from './skim.ts'
import { StringReader } from './string-reader.ts'

// A key, its comma and the white space around them may wait for as long as this.
const MAX_HELD = 4096

type State = 'value' | 'key' | 'colon' | 'after' | 'after-drop' | 'string' | 'name' | 'scalar'

const nothing = new Uint8Array(0)
/** The first byte of `null`. */
const NULL = 0x6e

export interface EnvelopeOptions {
  /** Names of top-level members that are dropped, whatever their value. */
  readonly dropMembers?: readonly string[]
  /** Told of each `s3Config` that is dropped. */
  onDropped?(): void
}

/**
 * Walks a JSON response in chunks: drops the members that hold a job's `s3Config` objects, reads what
 * it says of the job. All else keeps its bytes; a text that is no JSON goes on unchanged.
 */
export class Envelope {
  /** The top-level `id`, once it is known. */
  id: string | undefined
  /** The top-level `status`, once it is known; the last one where there are several. */
  status: string | undefined
  /** Whether there is a top-level `output` that is not null; `hasError` likewise. */
  hasOutput = false
  hasError = false
  /** What a member put before the top-level closing brace needs before it; undefined: there is none. */
  separator: ',' | '' | undefined

  readonly #bytes: BytePrimitives
  readonly #options: EnvelopeOptions
  readonly #drop: ReadonlySet<string>
  readonly #string: StringReader
  readonly #isObject = new Uint8Array(MAX_DEPTH + 1)
  #depth = 0
  #state: State = 'value'
  #plain = false
  #top = 0
  /** Nothing of the innermost object has gone on: a dropped member takes the comma after it. */
  #first = true
  // What waits: bytes of earlier chunks, then the chunk from #hold (-1: nothing waits).
  #held: Uint8Array = nothing
  #hold = -1
  #name = ''
  // Depth of what is in the value that is being dropped, or 0.
  #dropping = 0
  #droppedFirst = false
  #from = 0
  #out: Uint8Array[] = []
  readonly #place: Place = { at: 0, state: 'value', depth: 0, first: true }

  constructor(bytes: BytePrimitives, options: EnvelopeOptions = {}) {
    this.#bytes = bytes
    this.#options = options
    this.#drop = new Set(options.dropMembers)
    this.#string = new StringReader(bytes)
  }

  /** Whether nothing more can be learnt: the text is no JSON, or its first value is complete. */
  get settled(): boolean {
    return this.#plain || this.#top > 0
  }

  /** Whether a container is open: what has been seen ends no JSON. */
  get open(): boolean {
    return !this.#plain && this.#depth > 0
  }

  /** What goes on: views of `chunk`, and copies of what waited. */
  write(chunk: Uint8Array): Uint8Array[] {
    if (this.#plain) return [chunk]
    this.#out = []
    this.#from = 0
    this.#hold = this.#held.length > 0 || this.#state === 'after-drop' ? 0 : -1
    this.#string.nextChunk()
    let at = 0
    while (at < chunk.length && !this.#plain) {
      at = this.#skim(chunk, at)
      if (at < chunk.length) at = this.#step(chunk, at)
    }
    if (this.#plain) this.#release(chunk)
    else if (this.#hold >= 0) {
      this.#pass(chunk, this.#hold)
      this.#held = concat([this.#held, chunk.subarray(this.#hold)])
      this.#from = chunk.length
      if (this.#held.length > MAX_HELD) this.#release(chunk)
    }
    if (this.#dropping === 0) this.#pass(chunk, chunk.length)
    return this.#out
  }

  /** What still waited when the text ended. */
  end(): Uint8Array[] {
    const rest = this.#held
    this.#held = nothing
    return rest.length > 0 ? [rest] : []
  }

  /** Passes over tokens that cannot matter, where nothing waits for what comes. */
  #skim(chunk: Uint8Array, at: number): number {
    const state = this.#state
    if (this.#hold >= 0 || this.#dropping > 0) return at
    if (state !== 'after' && state !== 'key' && state !== 'value') return at
    // The value of a key that the walk has read may be one that is told.
    if (state === 'value' && this.#isObject[this.#depth] === 1) return at
    const place = this.#place
    place.at = at
    place.state = state
    place.depth = this.#depth
    place.first = this.#first
    const watched = this.#drop.size > 0 ? 'all' : this.#top === 0 ? 'told' : 'none'
    skim(this.#bytes, chunk, this.#isObject, place, watched)
    if (place.at === at) return at
    this.#state = place.state
    this.#depth = place.depth
    this.#first = place.first
    this.#name = ''
    return place.at
  }

  #step(chunk: Uint8Array, at: number): number {
    const byte = chunk[at] ?? 0
    switch (this.#state) {
      case 'string':
      case 'name':
        return this.#inString(chunk, at)
      case 'scalar':
        if (isScalar(byte)) return at + 1
        return this.#endValue(at)
      default:
        if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1
    }
    switch (this.#state) {
      case 'value':
        return this.#value(chunk, at, byte)
      case 'key':
        if (byte === CLOSE_OBJECT) return this.#close(chunk, at, 1)
        if (byte !== QUOTE) return this.#giveUp(at)
        if (this.#hold < 0 && this.#dropping === 0) this.#hold = at
        this.#state = 'name'
        this.#string.begin(at + 1, true)
        return at + 1
      case 'colon':
        if (byte !== COLON) return this.#giveUp(at)
        this.#state = 'value'
        return at + 1
      case 'after-drop':
        // The dropped member was the first one: the comma goes with it, the white space stays.
        this.#state = 'after'
        if (byte === COMMA) {
          this.#held = nothing
          this.#hold = -1
          this.#from = at + 1
          this.#state = 'key'
          return at + 1
        }
        this.#release(chunk)
        return at
      default:
        return this.#after(chunk, at, byte)
    }
  }

  #value(chunk: Uint8Array, at: number, byte: number): number {
    if (this.#hold >= 0 && this.#dropping === 0) {
      const isSecret = byte === OPEN_OBJECT && isS3Config(this.#name)
      if (isSecret) this.#options.onDropped?.()
      if (isSecret || this.#isDropped()) {
        this.#pass(chunk, this.#hold)
        this.#held = nothing
        this.#hold = -1
        this.#dropping = this.#depth + 1
        this.#droppedFirst = this.#first
      } else this.#release(chunk)
    }
    const isTold = this.#depth === 1 && this.#isObject[1] === 1 && this.#top === 0
    if (isTold && byte !== NULL && this.#name === 'output') this.hasOutput = true
    if (isTold && byte !== NULL && this.#name === 'error') this.hasError = true
    if (this.#depth > 0) this.#first = false
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (this.#depth === MAX_DEPTH) return this.#giveUp(at)
      this.#isObject[++this.#depth] = byte === OPEN_OBJECT ? 1 : 0
      this.#state = byte === OPEN_OBJECT ? 'key' : 'value'
      this.#first = true
      return at + 1
    }
    if (byte === CLOSE_ARRAY) return this.#close(chunk, at, 0)
    if (byte === QUOTE) {
      this.#state = 'string'
      this.#string.begin(at + 1, isTold && (this.#name === 'status' || this.#name === 'id'))
      return at + 1
    }
    if (!isScalar(byte)) return this.#giveUp(at)
    this.#state = 'scalar'
    return at + 1
  }

  #after(chunk: Uint8Array, at: number, byte: number): number {
    if (this.#depth === 0) {
      // One value after the other, as in NDJSON.
      this.#top++
      this.#state = 'value'
      return at
    }
    if (byte === CLOSE_OBJECT) return this.#close(chunk, at, 1)
    if (byte === CLOSE_ARRAY) return this.#close(chunk, at, 0)
    if (byte !== COMMA) return this.#giveUp(at)
    const inObject = this.#isObject[this.#depth] === 1
    this.#state = inObject ? 'key' : 'value'
    if (inObject && this.#dropping === 0) this.#hold = at
    return at + 1
  }

  #close(chunk: Uint8Array, at: number, isObject: number): number {
    if (this.#depth === 0 || this.#isObject[this.#depth] !== isObject) return this.#giveUp(at)
    if (this.#hold >= 0) this.#release(chunk)
    if (--this.#depth === 0) {
      this.#top++
      this.separator = this.#top > 1 || isObject === 0 ? undefined : this.#first ? '' : ','
    }
    this.#first = false
    return this.#endValue(at + 1)
  }

  /** A value ends before `at`. */
  #endValue(at: number): number {
    this.#state = 'after'
    if (this.#dropping !== this.#depth + 1) return at
    this.#dropping = 0
    this.#from = at
    this.#first = this.#droppedFirst
    if (!this.#droppedFirst) return at
    this.#state = 'after-drop'
    this.#hold = at
    return at
  }

  #inString(chunk: Uint8Array, at: number): number {
    const end = this.#string.find(chunk, at)
    if (end < 0) return chunk.length
    if (this.#state === 'name') {
      this.#endName(chunk, end - 1)
      return end
    }
    const text = this.#string.take(chunk, end - 1)
    if (text !== undefined && this.#name === 'id') this.id ??= text
    else if (text !== undefined) this.status = text
    return this.#endValue(end)
  }

  #endName(chunk: Uint8Array, end: number): void {
    this.#state = 'colon'
    // Most keys can be told by their length.
    const isWanted = (from: number, to: number) => this.#depth === 1 || mayMatter(chunk, from, to)
    this.#name = this.#string.take(chunk, end, isWanted) ?? ''
    if (this.#hold >= 0 && !isS3Config(this.#name) && !this.#isDropped()) this.#release(chunk)
  }

  #isDropped(): boolean {
    return this.#depth === 1 && this.#isObject[1] === 1 && this.#drop.has(this.#name)
  }

  #giveUp(at: number): number {
    this.#plain = true
    if (this.#dropping > 0) this.#from = at
    this.#dropping = 0
    return at
  }

  /** Lets go on what waited. */
  #release(chunk: Uint8Array): void {
    if (this.#held.length > 0) this.#out.push(this.#held)
    this.#held = nothing
    this.#hold = -1
    if (this.#plain) this.#pass(chunk, chunk.length)
  }

  /** Gives out the chunk up to a position. */
  #pass(chunk: Uint8Array, to: number): void {
    if (this.#from < to) this.#out.push(chunk.subarray(this.#from, to))
    this.#from = Math.max(this.#from, to)
  }
}
