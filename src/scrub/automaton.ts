/**
 * Aho–Corasick over the same patterns, without a bound on its running time that a text could break.
 * Slower than the filter on common text, so it only stands in for it.
 */
export interface Automaton {
  /** The state after one more byte; 0 is the beginning. */
  step(state: number, byte: number): number
  /** Length of the longest end of the text so far that begins a pattern and is not all of it. */
  open(state: number): number
  /** Length of the pattern that ends here. */
  depth(state: number): number
  /** The longest pattern that ends here, or -1. */
  pattern(state: number): number
  /** The state whose `pattern` is the next shorter one that ends here, or 0. */
  shorter(state: number): number
}

/** Builds the automaton; pattern `p` is `text[starts[p], starts[p + 1])`. */
export function buildAutomaton(text: Uint8Array, starts: Int32Array): Automaton {
  const size = text.length + 1
  const root = new Int32Array(256)
  const child = new Int32Array(size)
  const sibling = new Int32Array(size)
  const label = new Uint8Array(size)
  const depths = new Int32Array(size)
  const patterns = new Int32Array(size).fill(-1)
  const fails = new Int32Array(size)
  const shorters = new Int32Array(size)
  const opens = new Int32Array(size)
  let count = 1

  function go(state: number, byte: number): number {
    if (state === 0) return root[byte] ?? 0
    let node = child[state] ?? 0
    while (node !== 0 && label[node] !== byte) node = sibling[node] ?? 0
    return node
  }

  function step(from: number, byte: number): number {
    let state = from
    for (;;) {
      const node = go(state, byte)
      if (node !== 0 || state === 0) return node
      state = fails[state] ?? 0
    }
  }

  for (let p = 0; p + 1 < starts.length; p++) {
    let state = 0
    for (let i = starts[p] ?? 0; i < (starts[p + 1] ?? 0); i++) {
      const byte = text[i] ?? 0
      let node = go(state, byte)
      if (node === 0) {
        node = count++
        label[node] = byte
        depths[node] = (depths[state] ?? 0) + 1
        if (state === 0) root[byte] = node
        else {
          sibling[node] = child[state] ?? 0
          child[state] = node
        }
      }
      state = node
    }
    patterns[state] = p
  }

  const queue = new Int32Array(count)
  let [read, write] = [0, 0]
  for (const node of root) if (node !== 0) queue[write++] = node
  while (read < write) {
    const state = queue[read++] ?? 0
    const fail = fails[state] ?? 0
    shorters[state] = (patterns[fail] ?? -1) >= 0 ? fail : (shorters[fail] ?? 0)
    opens[state] = child[state] === 0 ? (opens[fail] ?? 0) : (depths[state] ?? 0)
    for (let node = child[state] ?? 0; node !== 0; node = sibling[node] ?? 0) {
      fails[node] = step(fail, label[node] ?? 0)
      queue[write++] = node
    }
  }

  return {
    step,
    open: (state) => opens[state] ?? 0,
    depth: (state) => depths[state] ?? 0,
    pattern: (state) => patterns[state] ?? -1,
    shorter: (state) => shorters[state] ?? 0,
  }
}
