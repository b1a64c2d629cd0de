import { concat } from '../bytes/concat.ts'
import type { BytePrimitives } from '../platform.ts'
import { decoded, MAX_SCALAR } from './member-name.ts'
import { backslashesBefore, stringEnd } from './string-end.ts'

const nothing = new Uint8Array(0)

/** Finds the end of a JSON string that comes in chunks, and keeps its text where that matters. */
export class StringReader {
  readonly #bytes: BytePrimitives
  #text: Uint8Array | undefined
  #from = 0
  /** The chunk before ended, within the string, with the backslash of an escape. */
  #escaped = false

  constructor(bytes: BytePrimitives) {
    this.#bytes = bytes
  }

  /** A string begins at `from` of the chunk, right after its quote. */
  begin(from: number, isKept: boolean): void {
    this.#text = isKept ? nothing : undefined
    this.#from = from
  }

  /** Another chunk comes. */
  nextChunk(): void {
    this.#from = 0
  }

  /** Position after the quote that ends the string, or -1 when the chunk ends before it. */
  find(chunk: Uint8Array, at: number): number {
    const from = this.#escaped ? at + 1 : at
    this.#escaped = false
    const words = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
    const end = stringEnd(this.#bytes, words, chunk, from)
    if (end < 0) {
      this.#escaped = backslashesBefore(chunk, from, chunk.length) % 2 === 1
      this.#add(chunk, chunk.length)
    }
    return end
  }

  /**
   * The text of the string that ends before `end`; undefined where it is not kept, too long, or
   * whole in the chunk and turned down by `isWanted`, before anything is copied.
   */
  take(
    chunk: Uint8Array,
    end: number,
    isWanted: (from: number, to: number) => boolean = () => true,
  ): string | undefined {
    if (this.#text === undefined) return undefined
    if (this.#text.length === 0 && !isWanted(this.#from, end)) return undefined
    this.#add(chunk, end)
    return this.#text === undefined ? undefined : decoded(this.#text)
  }

  #add(chunk: Uint8Array, to: number): void {
    if (this.#text === undefined) return
    const part = chunk.subarray(this.#from, to)
    this.#text =
      this.#text.length + part.length > MAX_SCALAR ? undefined : concat([this.#text, part])
  }
}
