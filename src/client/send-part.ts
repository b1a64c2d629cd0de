import type { PartBody } from './source.ts'

/** One PUT of one part. */
export interface PartRequest {
  readonly url: string
  /** As signed; a transport leaves out those that it sets by itself. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: PartBody
  readonly signal: AbortSignal
  /** Milliseconds in which nothing may move. */
  readonly stallMs: number
  /** Told the bytes that have left so far, where the platform says so. */
  onSent(bytes: number): void
}

/** What the store said to a part. */
export interface PartAnswer {
  readonly status: number
  /** Undefined where the store sent none, or its CORS rules hide it. */
  readonly etag: string | undefined
  readonly retryAfter: string | undefined
  /** The first characters of the body of a refusal. */
  readonly text: string
}

/**
 * How a part leaves. Rejects with `network_error` when no answer comes, `file_unreadable` when the
 * bytes cannot be read, and the signal's reason when it is aborted.
 */
export type SendPart = (request: PartRequest) => Promise<PartAnswer>

/** Characters of a refusal that are kept. */
export const shownCharacters = 2_000

/** Set by whoever frames the message; pages may not name them at all. */
const framing = new Set(['host', 'content-length'])

/** The headers that a transport must be told. */
export function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !framing.has(name.toLowerCase())),
  )
}
