import type { SignerIds } from './signing-secret.ts'

/** Why a webhook is no longer sent: the receiver said 410, or the tries are over. */
export type DeadReason = 'gone' | 'exhausted'

/** One webhook that is kept until its receiver takes it. `docs/storage.md` has the stored form. */
export interface Delivery {
  readonly messageId: string
  readonly grantId: string
  /** The grant's day. */
  readonly day: string
  readonly endpointId: string
  readonly signer: SignerIds
  /** The client's own webhook. */
  readonly url: string
  /** Where the scrubbed body lies. */
  readonly storeId: string
  readonly bodyKey: string
  readonly bytes: number
  readonly state: 'pending' | 'delivered' | DeadReason
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number
  /** When it is to be sent next, while it is pending. */
  readonly dueAt: number
  /** Until when an instance has it to send. */
  readonly claimedUntil: number
  readonly attempts: number
  /** What the receiver answered last; undefined where it could not be reached. */
  readonly lastStatus?: number
}

/** What came of one attempt. */
export interface Attempt {
  /** Undefined where the receiver could not be reached. */
  readonly status?: number
  readonly retryAfterMs?: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Pauses after the first attempt and each one that follows, as Standard Webhooks advises. */
const pauses = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** From the first attempt on; the last one is made when it is over. */
const longestMs = 72 * hour

/** Share of a pause by which it may be shorter or longer. */
const jitter = 0.1

/**
 * The delivery after an attempt: delivered by a 2xx, gone by a 410, else due again; `random` is in
 * [0, 1). `Retry-After` makes a pause longer, never shorter, and nothing is tried after three days.
 */
export function afterAttempt(
  delivery: Delivery,
  { status, retryAfterMs = 0 }: Attempt,
  now: number,
  random: number,
): Delivery {
  const { createdAt } = delivery
  const attempts = delivery.attempts + 1
  const { lastStatus: _before, ...kept } = delivery
  const known = { ...kept, attempts, claimedUntil: 0, ...(status && { lastStatus: status }) }
  if (status !== undefined && status >= 200 && status < 300) return { ...known, state: 'delivered' }
  if (status === 410) return { ...known, state: 'gone' }
  const pause = pauses[attempts - 1]
  const lastAt = createdAt + longestMs
  if (pause === undefined || now >= lastAt) return { ...known, state: 'exhausted' }
  const varied = pause * (1 - jitter + 2 * jitter * random)
  return { ...known, dueAt: Math.min(lastAt, now + Math.max(varied, retryAfterMs)) }
}
