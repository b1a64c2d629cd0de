// FIPS 180-4. The platform's own digest takes a whole message at once, which a file of gigabytes
// cannot be; this one takes it chunk by chunk.

const fraction = (root: number) => (root - Math.floor(root)) * 2 ** 32
const primes = primesUpTo(311)
const constants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)))
const initial = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))

/** Works out a digest of bytes that come in pieces; of no use after `hex`. */
export interface Hasher {
  update(bytes: Uint8Array): void
  hex(): string
}

/** SHA-256 of bytes that arrive in chunks. */
export class Sha256 implements Hasher {
  #state = initial.slice()
  #words = new Int32Array(64)
  #block = new Uint8Array(64)
  #filled = 0
  #length = 0

  /** Takes the next bytes, which are not kept. */
  update(bytes: Uint8Array): void {
    this.#length += bytes.byteLength
    let at = 0
    if (this.#filled > 0) {
      at = Math.min(64 - this.#filled, bytes.byteLength)
      this.#block.set(bytes.subarray(0, at), this.#filled)
      this.#filled += at
      if (this.#filled < 64) return
      this.#compress(this.#block, 0)
      this.#filled = 0
    }
    for (; at + 64 <= bytes.byteLength; at += 64) this.#compress(bytes, at)
    this.#block.set(bytes.subarray(at))
    this.#filled = bytes.byteLength - at
  }

  /** The digest in lower-case hex; nothing can be added after it. */
  hex(): string {
    const bits = this.#length * 8
    const padding = new Uint8Array(((119 - (this.#length % 64)) % 64) + 9)
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32))
    view.setUint32(padding.length - 4, bits % 2 ** 32)
    this.update(padding)
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #compress(bytes: Uint8Array, start: number): void {
    const w = this.#words
    const s = this.#state
    for (let i = 0, at = start; i < 16; i++, at += 4) {
      w[i] =
        (byteAt(bytes, at) << 24) |
        (byteAt(bytes, at + 1) << 16) |
        (byteAt(bytes, at + 2) << 8) |
        byteAt(bytes, at + 3)
    }
    for (let i = 16; i < 64; i++) {
      const x = wordAt(w, i - 15)
      const y = wordAt(w, i - 2)
      const small0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)
      const small1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10)
      w[i] = wordAt(w, i - 16) + small0 + wordAt(w, i - 7) + small1
    }
    let a = wordAt(s, 0)
    let b = wordAt(s, 1)
    let c = wordAt(s, 2)
    let d = wordAt(s, 3)
    let e = wordAt(s, 4)
    let f = wordAt(s, 5)
    let g = wordAt(s, 6)
    let h = wordAt(s, 7)
    for (let i = 0; i < 64; i++) {
      const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
      const one = (h + big1 + ((e & f) ^ (~e & g)) + wordAt(constants, i) + wordAt(w, i)) | 0
      const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
      const two = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + one) | 0
      d = c
      c = b
      b = a
      a = (one + two) | 0
    }
    s[0] = wordAt(s, 0) + a
    s[1] = wordAt(s, 1) + b
    s[2] = wordAt(s, 2) + c
    s[3] = wordAt(s, 3) + d
    s[4] = wordAt(s, 4) + e
    s[5] = wordAt(s, 5) + f
    s[6] = wordAt(s, 6) + g
    s[7] = wordAt(s, 7) + h
  }
}

const turn = (word: number, bits: number) => (word >>> bits) | (word << (32 - bits))
const byteAt = (bytes: Uint8Array, at: number) => bytes[at] ?? 0
const wordAt = (words: Int32Array, at: number) => words[at] ?? 0

function primesUpTo(last: number): number[] {
  const found: number[] = []
  for (let n = 2; n <= last; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
