const NOTHING = new Uint8Array(0)
const FIRST_BYTES = 1024
/** Each copy touches fresh pages anew; what is beyond the length costs none until it is used. */
const GROWTH = 4

/**
 * The residue as it grows, and the place where it is read: whatever chunks they came in, keys and
 * held strings lie in one piece, and nothing of the caller's is kept.
 */
export class ResidueBuffer {
  text: Uint8Array = NOTHING
  /** Bytes so far, those not yet read included. */
  length = 0
  /** Position of the next byte to read. */
  at = 0
  /** What was read of the string just cut out, from its first own character on. */
  held: Uint8Array = NOTHING
  /** Offset of `held` in the body. */
  heldOffset = 0
  /** Offset in the body less position here. */
  #shift = 0

  /** Takes over `chunk[from, to)`. */
  append(chunk: Uint8Array, from: number, to: number): void {
    const length = this.length + to - from
    if (length > this.text.length) {
      const text = new Uint8Array(Math.max(this.text.length * GROWTH, length, FIRST_BYTES))
      text.set(this.text.subarray(0, this.length))
      this.text = text
    }
    this.text.set(chunk.subarray(from, to), this.length)
    this.length = length
  }

  /** Offset in the body of what is at `at`. */
  offset(at: number): number {
    return at + this.#shift
  }

  /** Cuts out everything from `from` on and holds what follows `heldFrom`. */
  cut(from: number, heldFrom: number): void {
    this.held = this.text.subarray(heldFrom, this.length)
    this.heldOffset = this.offset(heldFrom)
    this.length = from
    this.at = from
  }

  /** Goes on with what is held from `at` on. */
  resumeHeld(at: number): void {
    const rest = this.held.subarray(at)
    this.resumeAt(this.heldOffset + at)
    this.text.copyWithin(this.length, rest.byteOffset, rest.byteOffset + rest.length)
    this.length += rest.length
  }

  /** Goes on with what is appended next, `offset` bytes into the body. */
  resumeAt(offset: number): void {
    this.held = NOTHING
    this.at = this.length
    this.#shift = offset - this.length
  }
}
