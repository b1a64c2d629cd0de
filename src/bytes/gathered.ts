const firstBytes = 256

/** Bytes gathered in one piece: many small chunks cost no more than their bytes. */
export class Gathered {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #length = 0

  /** Copies a chunk behind what is there. */
  append(chunk: Uint8Array): void {
    const length = this.#length + chunk.length
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2, firstBytes))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    this.#bytes.set(chunk, this.#length)
    this.#length = length
  }

  /** A copy of all of it; gathering begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const all = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return all
  }
}
