/**
 * The frame of every row in docs/performance.md: contestants that do the same work take turns, round
 * after round, and a figure is a ratio between two of them within one round.
 */

/** What one contestant did in one turn. */
export interface Turn {
  /** Wall-clock seconds. */
  readonly seconds: number
  /** Payload bytes moved. */
  readonly bytes: number
  /** CPU seconds of the measured process alone, user and system. */
  readonly cpuSeconds?: number
  /** Peak resident bytes of the measured process during the turn. */
  readonly peakBytes?: number
  /** Resident bytes of the same process when it was idle, before its first request. */
  readonly idleBytes?: number
  /** Seconds of each request, where a turn is many. */
  readonly latencies?: readonly number[]
  /** Anything else a row's figures need, each by name. */
  readonly extra?: Readonly<Record<string, number>>
  /** Why a peer could not do this work at all: a finding, where a throw would be a fault of the row. */
  readonly failure?: string
}

/** One round: what each contestant did, by its name. */
export type Round = Readonly<Record<string, Turn>>

/** One figure of a row, and what it should be. */
export interface Goal {
  /** Short, as the table prints it: `rate × raw`. */
  readonly figure: string
  /** `×`, `MB/s`, `MB`, `ms/MB`, `ms`, `KB`. MB is 10⁶ bytes. */
  readonly unit: string
  /** Undefined where a figure is shown without a goal. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
  of(round: Round): number
}

/** One row: contestants, and the figures that come of them. */
export interface Contest {
  /** Unique, kebab-case; `npm run bench -- --only ID`. */
  readonly id: string
  /** The row's name in the table. */
  readonly title: string
  /** One sentence: what is measured, and against what. */
  readonly about: string
  /** Rounds to take; 5 unless a row needs more. */
  readonly rounds?: number
  /** Whether it needs the packages of `bench/package.json`; rows named `peers-…` always do. */
  readonly peers?: true
  /**
   * Starts what the turns need and returns the contestants in the order of a round. Each turn
   * checks that its work arrived right, and throws where it did not.
   */
  open(): Promise<Contestants>
  readonly goals: readonly Goal[]
}

export interface Contestants {
  readonly turns: Readonly<Record<string, () => Promise<Turn>>>
  /** Ends every process and server that `open` started. */
  close(): Promise<void>
}

/** Payload rate in MB/s (10⁶ bytes). */
export function rate(turn: Turn | undefined): number {
  return turn === undefined ? Number.NaN : turn.bytes / 1e6 / turn.seconds
}

/** CPU milliseconds per MB of payload. */
export function cpuPerMegabyte(turn: Turn | undefined): number {
  return turn?.cpuSeconds === undefined ? Number.NaN : (turn.cpuSeconds * 1e3) / (turn.bytes / 1e6)
}

/** Peak over idle, in MB. */
export function growth(turn: Turn | undefined): number {
  if (turn?.peakBytes === undefined || turn.idleBytes === undefined) return Number.NaN
  return (turn.peakBytes - turn.idleBytes) / 1e6
}
