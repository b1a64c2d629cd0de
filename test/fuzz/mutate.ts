/** Pseudo-random numbers, the same for the same seed: a whole number below `below`. */
export type Random = (below: number) => number

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** Bytes an input may have. */
export const INPUT_MAX_BYTES = 4096

interface Material {
  readonly random: Random
  readonly dictionary: readonly Uint8Array[]
  readonly other: Uint8Array
}

type Mutator = (input: Uint8Array, material: Material) => Uint8Array

function replaced(input: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const output = new Uint8Array(input.length - (to - from) + piece.length)
  output.set(input.subarray(0, from))
  output.set(piece, from)
  output.set(input.subarray(to), from + piece.length)
  return output
}

function someSpan({ length }: Uint8Array, random: Random): [from: number, to: number] {
  const from = random(length + 1)
  return [from, Math.min(length, from + 1 + random(random(4) === 0 ? 256 : 8))]
}

function token({ random, dictionary }: Material): Uint8Array {
  return dictionary[random(dictionary.length)] ?? Uint8Array.of(random(256))
}

const MUTATORS: readonly Mutator[] = [
  function flipBit(input, { random }) {
    const at = random(input.length)
    return replaced(input, at, at + 1, Uint8Array.of((input[at] ?? 0) ^ (1 << random(8))))
  },
  function setByte(input, { random }) {
    const at = random(input.length)
    return replaced(input, at, at + 1, Uint8Array.of(random(256)))
  },
  /** The first bytes choose how the target is run. */
  function choose(input, { random }) {
    const at = random(Math.min(10, input.length))
    return replaced(input, at, at + 1, Uint8Array.of(random(16)))
  },
  function insertByte(input, { random }) {
    const at = random(input.length + 1)
    return replaced(input, at, at, Uint8Array.of(random(2) === 0 ? random(256) : random(96) + 32))
  },
  function remove(input, { random }) {
    const [from, to] = someSpan(input, random)
    return replaced(input, from, to, new Uint8Array(0))
  },
  function repeat(input, { random }) {
    const [from, to] = someSpan(input, random)
    return replaced(input, to, to, input.slice(from, to))
  },
  function move(input, { random }) {
    const [from, to] = someSpan(input, random)
    const at = random(input.length + 1)
    return replaced(input, at, at, input.slice(from, to))
  },
  function insertToken(input, material) {
    const at = material.random(input.length + 1)
    return replaced(input, at, at, token(material))
  },
  function overwriteWithToken(input, material) {
    const at = material.random(input.length + 1)
    const piece = token(material)
    return replaced(input, at, Math.min(input.length, at + piece.length), piece)
  },
  /** The beginning of this one, the end of another. */
  function cross(input, { random, other }) {
    const rest = other.subarray(random(other.length + 1))
    return replaced(input, random(input.length + 1), input.length, rest)
  },
  function insertOfOther(input, { random, other }) {
    const [from, to] = someSpan(other, random)
    const at = random(input.length + 1)
    return replaced(input, at, at, other.slice(from, to))
  },
]

/** A new input: one to four changes of an old one, now and then with pieces of another. */
export function mutate(input: Uint8Array, material: Material): Uint8Array {
  const { random } = material
  let output = input
  for (let left = 1 + random(4); left > 0 && output.length > 0; left--) {
    const mutator = MUTATORS[random(MUTATORS.length)]
    if (mutator !== undefined) output = mutator(output, material)
  }
  return output.subarray(0, INPUT_MAX_BYTES)
}
