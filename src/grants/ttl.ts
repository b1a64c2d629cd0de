import type { Retention } from '../config/read-retention.ts'
import { dayOf, endlessDay } from '../store/keys.ts'

const minTtlMs = 10_000
const maxTtlMs = 7 * 86_400_000
const defaultTtlMs = 86_400_000

/** Until when links to what is kept until somebody deletes it are good: their times have 32 bits. */
const endlessMs = Date.UTC(2100, 0, 1)

/** The times of one grant, in milliseconds since the epoch. */
export interface Lifetimes {
  readonly writeExpiresAt: number
  readonly readExpiresAt: number
  /** Last day (UTC) on which its objects can be needed. */
  readonly day: string
  /** What the job asks for instead of `linkSeconds`, if it does: `Grant.retention`. */
  readonly retention?: Exclude<Retention, 'job'>
}

/**
 * How long a job's grant lives: `policy.ttl` (milliseconds, 24 h when it is no number, kept within
 * 10 s to 7 d as the platform does) and the margin; reading goes on for `linkSeconds` after that, or as
 * long as `retention` says.
 */
export function lifetimesOf(options: {
  /** `policy.ttl` as the client sent it, unchecked; `Infinity` is the longest there is. */
  readonly ttl?: unknown
  readonly now: number
  readonly marginSeconds: number
  readonly linkSeconds: number
  readonly retention?: Retention
}): Lifetimes {
  const { ttl, now, marginSeconds, linkSeconds, retention = 'job' } = options
  const asked = typeof ttl === 'number' && !Number.isNaN(ttl) ? ttl : defaultTtlMs
  const ttlMs = Math.ceil(Math.min(Math.max(asked, minTtlMs), maxTtlMs))
  const writeExpiresAt = now + ttlMs + marginSeconds * 1000
  if (retention === 'persistent') {
    return { writeExpiresAt, readExpiresAt: endlessMs, day: endlessDay, retention }
  }
  const readSeconds = retention === 'job' ? linkSeconds : retention
  const readExpiresAt = writeExpiresAt + readSeconds * 1000
  const times = { writeExpiresAt, readExpiresAt, day: dayOf(readExpiresAt) }
  return retention === 'job' ? times : { ...times, retention }
}
