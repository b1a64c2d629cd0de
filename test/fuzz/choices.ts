/** Reads a fuzzed input: its first bytes choose how a target is run, the rest is what it reads. */
export class Choices {
  readonly #input: Uint8Array
  #at = 0

  constructor(input: Uint8Array) {
    this.#input = input
  }

  /** The next byte, 0 where there is none. */
  byte(): number {
    return this.#input[this.#at++] ?? 0
  }

  /** One of a list, by the next byte. */
  of<T>(list: readonly [T, ...T[]]): T {
    return list[this.byte() % list.length] ?? list[0]
  }

  rest(): Uint8Array {
    return this.#input.slice(this.#at)
  }
}

/** Cuts bytes into chunks of their own memory: whole (0), one by one (1), else pseudo-randomly. */
export function* cut(whole: Uint8Array, seed: number): Generator<Uint8Array> {
  if (seed === 0) {
    yield whole.slice()
    return
  }
  const longest = seed === 1 ? 1 : 2 + seed * seed
  let state = seed
  for (let at = 0; at < whole.length; ) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    const length = 1 + ((state >>> 8) % longest)
    yield whole.slice(at, at + length)
    at += length
  }
}

const INFLATES = 0xff
const PIECE = new TextEncoder().encode('Zm9v'.repeat(256))

/** Writes a kilobyte of base64 for each byte 0xff, 32 times at most: loops need long inputs. */
export function inflate(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(INFLATES)) return bytes
  let left = 32
  const pieces = Array.from(bytes, (byte) =>
    byte === INFLATES && left-- > 0 ? PIECE : Uint8Array.of(byte),
  )
  return Uint8Array.from(Buffer.concat(pieces))
}
