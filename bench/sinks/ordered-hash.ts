import { createHash } from 'node:crypto'

/** SHA-256 over the parts of an upload, which may arrive in another order. */
export class OrderedHash {
  readonly #hash = createHash('sha256')
  readonly #early = new Map<number, Uint8Array>()
  #next = 1

  /** `bytes` is copied where it has to wait. */
  add(partNumber: number, bytes: Uint8Array): void {
    if (partNumber !== this.#next) {
      this.#early.set(partNumber, bytes.slice())
      return
    }
    this.#hash.update(bytes)
    this.#next++
    const waiting = this.#early.get(this.#next)
    if (waiting === undefined) return
    this.#early.delete(this.#next)
    this.add(this.#next, waiting)
  }

  digest(): string {
    if (this.#early.size > 0) throw new Error(`Part ${this.#next} is missing`)
    return this.#hash.digest('hex')
  }
}
