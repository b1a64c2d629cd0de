import type { VolumeConfig } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../log.ts'
import type { IncomingResponse } from '../../platform.ts'
import type { StoreSend } from '../s3-operations.ts'
import { isPassing, StoreAnswer, storeUnavailable } from '../store-fault.ts'

/** What slow work needs to know of a volume. */
export interface Slow {
  readonly volume: Pick<VolumeConfig, 'completePollSeconds' | 'completeMaxSeconds'>
  /** Milliseconds. */
  readonly wait: (ms: number) => Promise<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A file as it is seen now. */
export interface Seen {
  readonly size: number
  readonly etag: string
  readonly modified: string
}

/** Looks at a file; undefined where there is none. */
export async function look(
  ask: StoreSend,
  key: string,
  signal?: AbortSignal,
): Promise<Seen | undefined> {
  const answer = await ask({ method: 'HEAD', key, ...(signal === undefined ? {} : { signal }) })
  await answer.body.cancel()
  const { status, headers } = answer
  if (status === 404) return undefined
  const size = Number(headers.get('content-length') ?? Number.NaN)
  if (status !== 200 || !Number.isSafeInteger(size)) {
    throw storeUnavailable(new StoreAnswer('HEAD', status, 'Unknown', 'not the head of a file'))
  }
  return { size, etag: headers.get('etag') ?? '', modified: headers.get('last-modified') ?? '' }
}

/** How much longer each pause is than the one before: Workers may ask a thousand times for one request. */
const growth = 1.15
const pauseMaxMs = 20_000

/**
 * Looks until a file is as `isWhole` says, `completePollSeconds` after the first time and then less
 * often; undefined after `most` looks or `completeMaxSeconds`.
 */
export async function lookUntil(
  look: () => Promise<Seen | undefined>,
  isWhole: (seen: Seen) => boolean,
  { volume, wait, now }: Slow,
  most: number = Number.POSITIVE_INFINITY,
  signal?: AbortSignal,
): Promise<Seen | undefined> {
  const begun = now()
  let pause = volume.completePollSeconds * 1000
  let waited = 0
  for (let looks = 1; ; looks++) {
    signal?.throwIfAborted()
    const seen = await look().catch(passing)
    if (seen !== undefined && isWhole(seen)) return seen
    // A volume that does not answer takes its time, too.
    const left = volume.completeMaxSeconds * 1000 - Math.max(waited, now() - begun)
    if (looks >= most || left <= 0) return undefined
    const next = Math.min(pause, left)
    await wait(next)
    waited += next
    pause = Math.min(pause * growth, Math.max(pause, pauseMaxMs))
  }
}

/** Whether a file is as `isWhole` says just now. */
export async function isSeen(
  look: () => Promise<Seen | undefined>,
  isWhole: (seen: Seen) => boolean,
): Promise<boolean> {
  const seen = await look().catch(passing)
  return seen !== undefined && isWhole(seen)
}

/** Whether a file is another than was there before. */
export function isOther(now: Seen, before: Seen | undefined): boolean {
  return before === undefined || now.etag !== before.etag || now.modified !== before.modified
}

/** Nothing is seen while the volume does not answer: the work may go on behind it. */
function passing(error: unknown): undefined {
  if (!isPassing(error)) throw error
}

/** Whether an answer, or its absence, leaves open what became of the request. */
export function isLost(answer: IncomingResponse | undefined): boolean {
  if (answer === undefined) return true
  const { status } = answer
  // What a volume does not know it has not begun.
  return status === 408 || status === 429 || (status >= 500 && status !== 501)
}

/** Statuses of an edge that has stopped to wait, while the work goes on behind it. */
const impatient = new Set([408, 502, 504, 520, 522, 524])

/** How often work is asked for that nobody seems to do. */
const asks = 3

/** What was answered to slow work. */
export interface Asked {
  /** The last answer; undefined where it was lost on its way. */
  readonly answer: IncomingResponse | undefined
  /** Whether an answer before it was lost: what it asked for may be done, or go on. */
  readonly maybeDone: boolean
}

/** Asks for slow work, and again where no edge says that it goes on, unless `isDone` by then. */
export async function askForWork(
  ask: () => Promise<IncomingResponse>,
  isDone: () => Promise<boolean>,
  { volume, wait }: Slow,
): Promise<Asked> {
  for (let asked = 1; ; asked++) {
    const answer = await orLost(ask())
    const goesOn = answer !== undefined && impatient.has(answer.status)
    const maybeDone = asked > 1
    if (!isLost(answer) || goesOn || asked === asks) return { answer, maybeDone }
    await answer?.body.cancel()
    await wait(volume.completePollSeconds * 1000)
    if (await isDone()) return { answer: undefined, maybeDone }
  }
}

async function orLost(asked: Promise<IncomingResponse>): Promise<IncomingResponse | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'store_unavailable') return undefined
    throw error
  }
}

/** The error of work that has no end, or whose end was none: asking again at once does not help. */
export function notWhole(operation: string, message: string, cause?: unknown): GatewayError {
  const why = cause === undefined ? message : `${message} (${reasonOf(cause)})`
  return storeUnavailable(new StoreAnswer(operation, 424, 'NotWhole', why))
}
