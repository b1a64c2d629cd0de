import type { Coverage } from './coverage.ts'
import { createRandom, mutate } from './mutate.ts'
import type { Target } from './target.ts'

/** An input that fails, and how. */
export interface Failure {
  readonly input: Uint8Array
  readonly error: unknown
}

export interface Exploration {
  readonly runs: number
  /** Inputs that each reached something new, the seeds first. */
  readonly corpus: readonly Uint8Array[]
  readonly failure?: Failure
}

export interface ExploreOptions {
  readonly target: Target
  readonly seed: number
  /** Without it inputs are mutants of the seeds alone. */
  readonly coverage?: Coverage
  readonly corpus?: readonly Uint8Array[]
  /** Asked after each batch, told how far it is. */
  goesOn(sofar: Exploration): boolean
}

/** Mutants between two looks at the coverage, each of which costs most of a millisecond. */
const BATCH = 32

/**
 * Runs mutants of what is known until one fails or `goesOn` says no. A batch tells that a block was
 * new in it, and is then halved until the mutant is found; one more mutant runs alone, for only
 * then counts are of one input.
 */
export function explore({ target, seed, coverage, goesOn, ...more }: ExploreOptions): Exploration {
  const random = createRandom(seed)
  const dictionary = target.dictionary.map((text) => Uint8Array.from(Buffer.from(text, 'latin1')))
  const corpus: Uint8Array[] = []
  let runs = 0
  let failure: Failure | undefined

  function run(inputs: readonly Uint8Array[]): void {
    for (const input of inputs) {
      runs++
      try {
        target.check(input)
      } catch (error) {
        failure ??= { input, error }
        return
      }
    }
  }

  function runAlone(input: Uint8Array): void {
    run([input])
    if (coverage?.isNew(true, true)) corpus.push(input)
  }

  function search(inputs: readonly Uint8Array[]): void {
    run(inputs)
    if (failure !== undefined || !coverage?.isNew(false, false)) return
    if (inputs.length === 1) inputs.forEach(runAlone)
    else {
      search(inputs.slice(0, inputs.length / 2))
      search(inputs.slice(inputs.length / 2))
    }
  }

  function mutant(): Uint8Array {
    const [input = new Uint8Array(0), other = input] = [pick(), pick()]
    return mutate(input, { random, dictionary, other })
  }

  function pick(): Uint8Array | undefined {
    const isRecent = random(2) === 0
    const from = isRecent ? Math.floor(corpus.length * 0.8) : 0
    return corpus[from + random(corpus.length - from)]
  }

  coverage?.reset()
  for (const input of [...target.seeds, ...(more.corpus ?? [])]) {
    const isSeed = corpus.length < target.seeds.length
    runAlone(input)
    if (isSeed && corpus.at(-1) !== input) corpus.push(input)
    if (failure !== undefined) break
  }
  while (failure === undefined && goesOn({ runs, corpus })) {
    search(Array.from({ length: BATCH }, mutant))
    if (failure === undefined) runAlone(mutant())
  }
  return { runs, corpus, ...(failure === undefined ? {} : { failure }) }
}

/** A smaller input that fails alike: pieces are taken out, then bytes are made plain. */
export function minimise(target: Target, { input, error }: Failure, triesMax = 20_000): Failure {
  const about = subjectOf(error)
  let best: Failure = { input, error }
  let tries = 0
  function fails(candidate: Uint8Array): boolean {
    if (tries++ >= triesMax) return false
    try {
      target.check(candidate)
      return false
    } catch (found) {
      if (subjectOf(found) !== about) return false
      best = { input: candidate, error: found }
      return true
    }
  }
  for (let before = -1; before !== best.input.length && tries < triesMax; ) {
    before = best.input.length
    for (let size = before >> 1 || 1; size > 0; size >>= 1) {
      for (let at = 0; at < best.input.length; ) {
        const { input } = best
        const rest = Buffer.concat([input.subarray(0, at), input.subarray(at + size)])
        if (!fails(Uint8Array.from(rest))) at += size
      }
    }
    for (let at = 0; at < best.input.length; at++) {
      for (const plain of [0, 0x61]) {
        if (best.input[at] === 0 || best.input[at] === plain) continue
        if (fails(best.input.with(at, plain))) break
      }
    }
  }
  return best
}

function subjectOf(error: unknown): string {
  if (error instanceof Error && 'about' in error) return String(error.about)
  return error instanceof Error ? error.name : String(error)
}
