import { dayOf } from '../store/keys.ts'

const minTtlMs = 10_000
const maxTtlMs = 7 * 86_400_000
const defaultTtlMs = 86_400_000

/** The times of one grant, in milliseconds since the epoch. */
export interface Lifetimes {
  readonly writeExpiresAt: number
  readonly readExpiresAt: number
  /** Last day (UTC) on which its objects can be needed. */
  readonly day: string
}

/**
 * How long a job's grant lives: `policy.ttl` (milliseconds, 24 h when it is no number, kept within
 * 10 s to 7 d as the platform does) and the margin; reading goes on for `linkSeconds` after that.
 */
export function lifetimesOf(options: {
  /** `policy.ttl` as the client sent it, unchecked; `Infinity` is the longest there is. */
  readonly ttl?: unknown
  readonly now: number
  readonly marginSeconds: number
  readonly linkSeconds: number
}): Lifetimes {
  const { ttl, now, marginSeconds, linkSeconds } = options
  const asked = typeof ttl === 'number' && !Number.isNaN(ttl) ? ttl : defaultTtlMs
  const ttlMs = Math.ceil(Math.min(Math.max(asked, minTtlMs), maxTtlMs))
  const writeExpiresAt = now + ttlMs + marginSeconds * 1000
  const readExpiresAt = writeExpiresAt + linkSeconds * 1000
  return { writeExpiresAt, readExpiresAt, day: dayOf(readExpiresAt) }
}
