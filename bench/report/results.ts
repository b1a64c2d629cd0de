/**
 * What `docs/performance.json` holds: one entry a row, each with the day, machine and versions of its
 * own run, so that a row can be measured again alone.
 */
import type { Contest, Round, Turn } from '../contest.ts'
import { cpuPerMegabyte, rate } from '../contest.ts'
import { percentile, type Summary, summarize } from './summary.ts'

export interface Results {
  readonly rows: readonly RowResult[]
}

export interface RowResult {
  readonly id: string
  readonly title: string
  readonly about: string
  readonly measured: Circumstances
  readonly rounds: number
  readonly figures: readonly FigureResult[]
  readonly contestants: Readonly<Record<string, ContestantResult>>
}

/** Under what a row was measured. */
export interface Circumstances {
  /** `2026-01-31`. */
  readonly date: string
  readonly machine: {
    readonly cpu: string
    readonly cores: number
    readonly memoryGigabytes: number
    readonly kernel: string
  }
  /** By name: `bulkway`, `node`, `workerd`, and what the peers need. */
  readonly versions: Readonly<Record<string, string>>
  /** What makes its absolute rates doubtful. */
  readonly remark?: string
}

export interface FigureResult extends Summary {
  readonly figure: string
  readonly unit: string
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
}

/** What one contestant did, in absolute terms; a figure that no round gave is left out. */
export interface ContestantResult {
  /** MB/s. */
  readonly rate?: Summary
  /** Milliseconds of CPU per MB. */
  readonly cpu?: Summary
  /** MB resident at most. */
  readonly peak?: Summary
  /** MB resident when idle. */
  readonly idle?: Summary
  /** Where a turn is many requests: requests per second, and milliseconds. */
  readonly requests?: Summary
  readonly p50?: Summary
  readonly p99?: Summary
  /** Microseconds of CPU per request. */
  readonly cpuPerRequest?: Summary
  readonly extra?: Readonly<Record<string, Summary>>
  /** Why it could not do the work, where it could not. */
  readonly failure?: string
}

/** What the rounds of a row come to. */
export function resultOf(
  contest: Contest,
  rounds: readonly Round[],
  measured: Circumstances,
): RowResult {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))].sort()
  return {
    id: contest.id,
    title: contest.title,
    about: contest.about,
    measured,
    rounds: rounds.length,
    figures: contest.goals.map((goal) => ({
      figure: goal.figure,
      unit: goal.unit,
      ...(goal.target && { target: goal.target }),
      ...summarize(rounds.map((round) => goal.of(round))),
    })),
    contestants: Object.fromEntries(
      names.map((name) => [name, contestantOf(rounds.flatMap((round) => round[name] ?? []))]),
    ),
  }
}

function contestantOf(turns: readonly Turn[]): ContestantResult {
  const failure = turns.find((turn) => turn.failure !== undefined)?.failure
  const extras = [...new Set(turns.flatMap((turn) => Object.keys(turn.extra ?? {})))].sort()
  const many = turns.filter(({ latencies }) => latencies !== undefined)
  const all = {
    rate: summarize(turns.map(rate)),
    cpu: summarize(turns.map(cpuPerMegabyte)),
    peak: summarize(turns.map(({ peakBytes = Number.NaN }) => peakBytes / 1e6)),
    idle: summarize(turns.map(({ idleBytes = Number.NaN }) => idleBytes / 1e6)),
    requests: summarize(many.map(({ latencies = [], seconds }) => latencies.length / seconds)),
    p50: summarize(many.map(({ latencies = [] }) => percentile(latencies, 0.5) * 1e3)),
    p99: summarize(many.map(({ latencies = [] }) => percentile(latencies, 0.99) * 1e3)),
    cpuPerRequest: summarize(
      many.map(
        ({ latencies = [], cpuSeconds = Number.NaN }) => (cpuSeconds * 1e6) / latencies.length,
      ),
    ),
  }
  const known = Object.entries(all).filter(([, { median }]) => median !== null)
  return {
    ...Object.fromEntries(known),
    ...(extras.length > 0 && {
      extra: Object.fromEntries(
        extras.map((name) => [name, summarize(turns.map((turn) => turn.extra?.[name]))]),
      ),
    }),
    ...(failure !== undefined && { failure }),
  }
}

/**
 * Takes new results in, each in the place of the row of the same id. `order` is of all ids that
 * exist; what is not in it is dropped, for its row was renamed or removed. Without it all stay.
 */
export function mergeResults(
  before: Results,
  fresh: readonly RowResult[],
  order?: readonly string[],
): Results {
  const byId = new Map([...before.rows, ...fresh].map((row) => [row.id, row]))
  return { rows: [...(order ?? byId.keys())].flatMap((id) => byId.get(id) ?? []) }
}

export type Verdict = 'met' | 'missed' | 'shown' | 'not measured'

/** How a figure stands to its goal, by its median; `shown` where it has none. */
export function verdictOf({ median, target }: FigureResult): Verdict {
  if (target === undefined) return 'shown'
  if (median === null) return 'not measured'
  const met = 'atLeast' in target ? median >= target.atLeast : median <= target.atMost
  return met ? 'met' : 'missed'
}
