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
import { decoded, isS3Config, isScalar, MAX_SCALAR, mayMatter } from './member-name.ts'
import { MAX_DEPTH, type Place, skim } from './skim.ts'
import { backslashesBefore, stringEnd } from './string-end.ts'

// A key, its comma and the white space around them may wait for as long as this.
const MAX_HELD = 4096

type State = 'value' | 'key' | 'colon' | 'after' | 'after-drop' | 'string' | 'name' | 'scalar'

const nothing = new Uint8Array(0)

/**
 * Walks a JSON response in chunks: drops the members that hold a job's `s3Config` objects, reads the
 * job's `id` and `status`. All else keeps its bytes; a text that is no JSON goes on unchanged.
 */
export class Envelope {
  /** The top-level `id`, once it is known. */
  id: string | undefined
  /** The top-level `status`, once it is known; the last one where there are several. */
  status: string | undefined

  readonly #bytes: BytePrimitives
  readonly #onDropped: () => void
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
  // The text of the string that is being read, while it matters: a key, or a scalar that is told.
  #text: Uint8Array | undefined
  #textFrom = 0
  /** The chunk before ended, within a string, with the backslash of an escape. */
  #escaped = false
  #name = ''
  // Depth of the object that is being dropped, or 0.
  #dropping = 0
  #droppedFirst = false
  #from = 0
  #out: Uint8Array[] = []
  readonly #place: Place = { at: 0, state: 'value', depth: 0, first: true }

  constructor(bytes: BytePrimitives, onDropped: () => void = () => {}) {
    this.#bytes = bytes
    this.#onDropped = onDropped
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
    this.#textFrom = 0
    let at = 0
    while (at < chunk.length && !this.#plain) {
      at = this.#skim(chunk, at)
      if (at < chunk.length) at = this.#step(chunk, at)
    }
    if (this.#text !== undefined) this.#addText(chunk, chunk.length)
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
    skim(this.#bytes, chunk, this.#isObject, place, this.#top === 0)
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
        this.#state = 'after'
        return at
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
        this.#text = nothing
        this.#textFrom = at + 1
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
      if (byte === OPEN_OBJECT && isS3Config(this.#name)) {
        this.#pass(chunk, this.#hold)
        this.#held = nothing
        this.#hold = -1
        this.#dropping = this.#depth + 1
        this.#droppedFirst = this.#first
        this.#onDropped()
      } else this.#release(chunk)
    }
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
      const told = this.#depth === 1 && this.#isObject[1] === 1 && this.#top === 0
      if (told && (this.#name === 'status' || this.#name === 'id')) this.#text = nothing
      this.#textFrom = at + 1
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
    const depth = this.#depth--
    this.#state = 'after'
    this.#first = false
    if (this.#depth === 0) this.#top++
    if (depth === this.#dropping) {
      this.#dropping = 0
      this.#from = at + 1
      if (this.#droppedFirst) {
        this.#first = true
        this.#state = 'after-drop'
        this.#hold = at + 1
      }
    }
    return at + 1
  }

  #inString(chunk: Uint8Array, at: number): number {
    const from = this.#escaped ? at + 1 : at
    this.#escaped = false
    const words = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
    const end = stringEnd(this.#bytes, words, chunk, from)
    if (end < 0) {
      this.#escaped = backslashesBefore(chunk, from, chunk.length) % 2 === 1
      return chunk.length
    }
    this.#endString(chunk, end - 1)
    return end
  }

  #endString(chunk: Uint8Array, end: number): void {
    const isName = this.#state === 'name'
    this.#state = isName ? 'colon' : 'after'
    const text = this.#readText(chunk, end, isName)
    this.#text = undefined
    if (isName) {
      this.#name = text ?? ''
      if (this.#hold >= 0 && !isS3Config(this.#name)) this.#release(chunk)
    } else if (text !== undefined) {
      if (this.#name === 'id') this.id ??= text
      else this.status = text
    }
  }

  /** The string that ends here, as far as it matters. */
  #readText(chunk: Uint8Array, end: number, isName: boolean): string | undefined {
    if (this.#text === undefined) return undefined
    // Most keys can be told by their length, before anything is copied.
    const whole = this.#text.length === 0
    if (isName && whole && !mayMatter(chunk, this.#textFrom, end, this.#depth)) return undefined
    this.#addText(chunk, end)
    return this.#text === undefined ? undefined : decoded(this.#text)
  }

  #addText(chunk: Uint8Array, to: number): void {
    const part = chunk.subarray(this.#textFrom, to)
    const before = this.#text ?? nothing
    this.#text = before.length + part.length > MAX_SCALAR ? undefined : concat([before, part])
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
