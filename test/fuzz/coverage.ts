import { Session } from 'node:inspector'

/** How often a stretch of code ran, as V8 tells. */
interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface FunctionCoverage {
  readonly ranges: readonly Range[]
}

interface ScriptCoverage {
  readonly url: string
  readonly functions: readonly FunctionCoverage[]
}

/** A block that V8 has told apart once, and the largest bucket of counts seen in one run of it. */
interface Block {
  readonly start: number
  readonly end: number
  bucket: number
}

const BUCKETS_MAX = 10

/**
 * Which blocks of `src/` ran, by V8's precise block coverage. Create it before what it is to watch
 * is loaded. V8 leaves out a block that ran as often as what surrounds it, so a block's count is
 * that of the innermost range told around it.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #functions = new Map<string, Block[]>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Blocks that ran, and all that are known of the functions that did. */
  get blocks(): { readonly reached: number; readonly known: number } {
    const all = [...this.#functions.values()].flat()
    return { reached: all.filter(({ bucket }) => bucket > 0).length, known: all.length }
  }

  /** Forgets which blocks there are, for another target. */
  forget(): void {
    this.#functions.clear()
  }

  /** Forgets the counts since the last call. */
  reset(): void {
    this.#take()
  }

  /**
   * Whether something new ran since the last call: a block, or with `counts` also a block twice as
   * often as ever before. `commit` says that it is then known.
   */
  isNew(counts: boolean, commit: boolean): boolean {
    let found = false
    for (const { url, functions } of this.#take()) {
      if (!url.includes('/src/')) continue
      for (const { ranges } of functions) {
        if (this.#isNewIn(this.#blocksOf(url, ranges), ranges, counts, commit)) found = true
      }
    }
    return found
  }

  close(): void {
    this.#session.disconnect()
  }

  #isNewIn(
    blocks: readonly Block[],
    ranges: readonly Range[],
    counts: boolean,
    commit: boolean,
  ): boolean {
    let found = false
    for (const block of blocks) {
      if (!counts && block.bucket > 0) continue
      const bucket = bucketOf(countOf(block, ranges))
      if (bucket <= block.bucket) continue
      found = true
      if (commit) block.bucket = counts ? bucket : 1
    }
    return found
  }

  #blocksOf(url: string, ranges: readonly Range[]): readonly Block[] {
    const whole = ranges[0]
    const key = `${url}:${whole?.startOffset}:${whole?.endOffset}`
    const blocks = this.#functions.get(key) ?? []
    this.#functions.set(key, blocks)
    for (const { startOffset: start, endOffset: end } of ranges) {
      const isKnown = blocks.some((block) => block.start === start && block.end === end)
      if (!isKnown) blocks.push({ start, end, bucket: 0 })
    }
    return blocks
  }

  #take(): readonly ScriptCoverage[] {
    let result: readonly ScriptCoverage[] = []
    // With a session of the same thread, the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error
      result = answer.result
    })
    return result
  }
}

/** Ranges lie in each other, the outer first, so the last one around a block is the innermost. */
function countOf({ start, end }: Block, ranges: readonly Range[]): number {
  let count = 0
  for (const range of ranges) {
    if (range.startOffset <= start && range.endOffset >= end) count = range.count
  }
  return count
}

function bucketOf(count: number): number {
  return count === 0 ? 0 : Math.min(BUCKETS_MAX, 1 + Math.floor(Math.log2(count)))
}
