import { type Automaton, buildAutomaton } from './automaton.ts'

/** A byte string to look for; `bytes` is a binary string of four characters or more. */
export interface Pattern<T> {
  readonly bytes: string
  /** What the finder hands back with a hit. */
  readonly tag: T
}

/** Everything about a set of patterns that does not depend on the text; built once, shared by all. */
export interface CompiledPatterns<T> {
  readonly tags: readonly T[]
  /** All patterns one after the other; pattern `p` is `text[starts[p], starts[p + 1])`. */
  readonly text: Uint8Array
  readonly starts: Int32Array
  readonly maxLength: number
  /** Bytes by which the window of every pattern has ended, counted from the pattern's beginning. */
  readonly windowsEnd: number
  /** Distance of two probes; 0 when there are no patterns. */
  readonly stride: number
  /** Bit set over the hash of every 4-gram of every window; `shift` is the hash's. */
  readonly bits: Int32Array
  readonly shift: number
  /** 4-gram entries, chained from `heads` (hash bucket) by `next`; -1 ends a chain. */
  readonly heads: Int32Array
  readonly headShift: number
  readonly next: Int32Array
  readonly grams: Int32Array
  readonly windowOf: Int32Array
  readonly gramOffset: Int32Array
  /**
   * The patterns that hold window `w`: `members[w]`, four numbers each: pattern, where the window is
   * in it, and its bytes right before and after the window, -1 where it begins or ends there.
   */
  readonly members: readonly (readonly number[])[]
  /** Patterns by their first four bytes. */
  readonly prefixes: ReadonlyMap<number, readonly number[]>
  readonly prefixBits: Int32Array
  /** First one, two and three bytes of all patterns, with their count in the top byte. */
  readonly beginnings: ReadonlySet<number>
  /** The fallback for hostile text, made when first needed. */
  automaton(): Automaton
}

const MAX_WINDOW = 20
// Where a window that could be anywhere begins at the latest.
const MAX_OFFSET = 64
const PREFIX_SHIFT = 20

/** Multiplicative hash of a 4-gram; the upper bits are the good ones. */
export function hashOf(gram: number): number {
  return Math.imul(gram, 0x9e3779b1)
}

/**
 * Prepares patterns for `Finder`. From each pattern one window of `stride + 3` bytes is indexed, so
 * every occurrence of it holds exactly one probe; forms of one literal share a window where one can
 * be found in all of them, which keeps the table small.
 */
export function compilePatterns<T>(patterns: readonly Pattern<T>[]): CompiledPatterns<T> {
  const unique = new Map<string, T>()
  for (const { bytes, tag } of patterns) {
    if (bytes.length < 4) throw new RangeError('Cannot look for a pattern of fewer than 4 bytes')
    if (!unique.has(bytes)) unique.set(bytes, tag)
  }
  const texts = Array.from(unique.keys())
  const starts = new Int32Array(texts.length + 1)
  let [minLength, maxLength] = [MAX_WINDOW, 0]
  texts.forEach((one, p) => {
    starts[p + 1] = (starts[p] ?? 0) + one.length
    minLength = Math.min(minLength, one.length)
    maxLength = Math.max(maxLength, one.length)
  })
  const text = new Uint8Array(starts[texts.length] ?? 0)
  texts.forEach((one, p) => {
    const at = starts[p] ?? 0
    for (let i = 0; i < one.length; i++) text[at + i] = one.charCodeAt(i)
  })
  const windows = chooseWindows(texts, minLength)
  const stride = texts.length === 0 ? 0 : minLength - 3
  let windowsEnd = 0
  for (const members of windows.values()) {
    for (let i = 1; i < members.length; i += 2) {
      windowsEnd = Math.max(windowsEnd, (members[i] ?? 0) + minLength)
    }
  }
  let made: Automaton | undefined
  return {
    tags: Array.from(unique.values()),
    text,
    starts,
    maxLength,
    windowsEnd,
    stride,
    ...indexGrams(Array.from(windows.keys()), stride),
    members: Array.from(windows.values(), (pairs) => withNeighbours(texts, pairs, minLength)),
    ...indexPrefixes(texts),
    automaton() {
      made ??= buildAutomaton(text, starts)
      return made
    },
  }
}

/** Window text to flat pairs of pattern and offset. */
function chooseWindows(texts: readonly string[], length: number): Map<string, number[]> {
  const windows = new Map<string, number[]>()
  const plain = new RegExp(`[\\w-]{${length}}`)
  // Forms of one literal follow each other, so only the newest windows are worth a look.
  const recent: string[] = []
  texts.forEach((text, p) => {
    let at = -1
    for (const one of recent) {
      at = text.indexOf(one)
      if (at >= 0) break
    }
    if (at < 0) at = text.search(plain)
    // The end of a URL tells more than its beginning; but what may begin a pattern is looked at byte
    // by byte as far as windows reach.
    if (at < 0) at = Math.min(text.length - length, MAX_OFFSET)
    const window = text.substring(at, at + length)
    const members = windows.get(window)
    if (members === undefined) {
      windows.set(window, [p, at])
      recent.unshift(window)
      if (recent.length > 8) recent.pop()
    } else members.push(p, at)
  })
  return windows
}

function withNeighbours(texts: readonly string[], pairs: readonly number[], length: number) {
  const out: number[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const [pattern = 0, at = 0] = [pairs[i], pairs[i + 1]]
    const text = texts[pattern] ?? ''
    const end = at + length
    const before = at === 0 ? -1 : text.charCodeAt(at - 1)
    out.push(pattern, at, before, end === text.length ? -1 : text.charCodeAt(end))
  }
  return out
}

function gramAt(text: string, at: number): number {
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  )
}

function indexGrams(windows: readonly string[], stride: number) {
  const count = windows.length * stride
  const bitsLog = Math.min(22, Math.max(10, Math.ceil(Math.log2(count * 32 + 1))))
  const headLog = Math.min(18, Math.max(4, Math.ceil(Math.log2(count + 1))))
  const bits = new Int32Array(1 << (bitsLog - 5))
  const heads = new Int32Array(1 << headLog).fill(-1)
  const next = new Int32Array(count)
  const grams = new Int32Array(count)
  const windowOf = new Int32Array(count)
  const gramOffset = new Int32Array(count)
  const [shift, headShift] = [32 - bitsLog, 32 - headLog]
  for (let entry = 0; entry < count; entry++) {
    const w = Math.floor(entry / stride)
    const offset = entry % stride
    const gram = gramAt(windows[w] ?? '', offset)
    const hash = hashOf(gram)
    const bit = hash >>> shift
    bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
    grams[entry] = gram
    windowOf[entry] = w
    gramOffset[entry] = offset
    next[entry] = heads[hash >>> headShift] ?? -1
    heads[hash >>> headShift] = entry
  }
  return { bits, shift, heads, headShift, next, grams, windowOf, gramOffset }
}

function indexPrefixes(texts: readonly string[]) {
  const prefixes = new Map<number, number[]>()
  const prefixBits = new Int32Array(1 << (32 - PREFIX_SHIFT - 5))
  const beginnings = new Set<number>()
  texts.forEach((text, p) => {
    const gram = gramAt(text, 0)
    const list = prefixes.get(gram)
    if (list === undefined) prefixes.set(gram, [p])
    else list.push(p)
    const bit = hashOf(gram) >>> PREFIX_SHIFT
    prefixBits[bit >>> 5] = (prefixBits[bit >>> 5] ?? 0) | (1 << (bit & 31))
    for (let n = 1; n <= 3; n++) beginnings.add((n << 24) | (gram & ((1 << (8 * n)) - 1)))
  })
  return { prefixes, prefixBits, beginnings }
}

/** Whether some pattern may begin with this 4-gram; false is certain. */
export function mayBegin(prefixBits: Int32Array, gram: number): boolean {
  const bit = hashOf(gram) >>> PREFIX_SHIFT
  return (((prefixBits[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1
}
