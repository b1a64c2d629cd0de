import type { VolumeConfig } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { IncomingResponse } from '../../platform.ts'
import type { StoreSend } from '../s3-operations.ts'
import { isPassing, StoreAnswer, storeUnavailable } from '../store-fault.ts'

/** What slow work needs to know of a volume. */
export interface Slow {
  readonly volume: Pick<VolumeConfig, 'completePollSeconds' | 'completeMaxSeconds'>
  /** Milliseconds. */
  readonly wait: (ms: number) => Promise<void>
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

/** Looks every `completePollSeconds` until a file is as `isWhole` says; undefined when time is over. */
export async function lookUntil(
  look: () => Promise<Seen | undefined>,
  isWhole: (seen: Seen) => boolean,
  { volume, wait }: Slow,
  most: number = Math.ceil(volume.completeMaxSeconds / volume.completePollSeconds),
  signal?: AbortSignal,
): Promise<Seen | undefined> {
  for (let looks = 0; looks < most; looks++) {
    if (looks > 0) await wait(volume.completePollSeconds * 1000)
    signal?.throwIfAborted()
    const seen = await look().catch(passing)
    if (seen !== undefined && isWhole(seen)) return seen
  }
  return undefined
}

/** Whether a file is as `isWhole` says just now. */
export async function isSeen(
  look: () => Promise<Seen | undefined>,
  isWhole: (seen: Seen) => boolean,
): Promise<boolean> {
  const seen = await look().catch(passing)
  return seen !== undefined && isWhole(seen)
}

/** Nothing is seen while the volume does not answer: the work may go on behind it. */
function passing(error: unknown): undefined {
  if (!isPassing(error)) throw error
}

/** Whether an answer, or its absence, leaves open what became of the request. */
export function isLost(answer: IncomingResponse | undefined): boolean {
  if (answer === undefined) return true
  return answer.status === 408 || answer.status === 429 || answer.status >= 500
}

/** Statuses of an edge that has stopped to wait, while the work goes on behind it. */
const impatient = new Set([408, 502, 504, 520, 522, 524])

/** How often work is asked for that nobody seems to do. */
const asks = 3

/**
 * Asks for slow work; the last answer, undefined where it was lost on its way. Asks again where no
 * edge says that the work goes on, unless `isDone` by then.
 */
export async function askForWork(
  ask: () => Promise<IncomingResponse>,
  isDone: () => Promise<boolean>,
  { volume, wait }: Slow,
): Promise<IncomingResponse | undefined> {
  for (let asked = 1; ; asked++) {
    const answer = await orLost(ask())
    const goesOn = answer !== undefined && impatient.has(answer.status)
    if (!isLost(answer) || goesOn || asked === asks) return answer
    await answer?.body.cancel()
    await wait(volume.completePollSeconds * 1000)
    if (await isDone()) return undefined
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
export function notWhole(operation: string, message: string): GatewayError {
  return storeUnavailable(new StoreAnswer(operation, 424, 'NotWhole', message))
}
