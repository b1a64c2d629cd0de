import { readCapped } from '../bytes/read-capped.ts'
import { GatewayError } from '../errors.ts'
import type { IncomingResponse, Platform } from '../platform.ts'

const tries = 4
const comeAgainSeconds = 5

/** Whoever issues keys answers in a few KiB. */
const answerMaxBytes = 65_536

/**
 * Asks an issuer of keys until it gives them: up to four times while `attempt` throws
 * access_unavailable, with exponential backoff and jitter from 100 ms up, or as late as the issuer
 * asks for; all that in `timeoutMs` milliseconds. The signal aborts when they are over, and what
 * `attempt` gives after that is lost.
 *
 * @throws {GatewayError} access_refused, access_unavailable
 */
export async function issueWithin<T>(
  platform: Pick<Platform, 'now' | 'wait'>,
  timeoutMs: number,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = platform.now() + timeoutMs
  const stop = new AbortController()
  const late = platform.wait(timeoutMs).then(() => {
    const error = unavailable(new Error(`There was no answer within ${timeoutMs} ms`))
    stop.abort(error)
    throw error
  })
  try {
    return await Promise.race([late, retry()])
  } catch (error) {
    throw withRetryAfter(error)
  }

  async function retry(): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await attempt(stop.signal)
      } catch (error) {
        const isPassing = error instanceof GatewayError && error.code === 'access_unavailable'
        if (!isPassing || tried >= tries) throw error
        const backoff = 50 * 2 ** tried * (0.5 + Math.random())
        const ms = Math.max(backoff, (error.facts.retryAfterSeconds ?? 0) * 1000)
        if (platform.now() + ms >= deadline) throw error
        await platform.wait(ms)
        stop.signal.throwIfAborted()
      }
    }
  }
}

/** Clients are told when to come again, also where the issuer did not say. */
function withRetryAfter(error: unknown): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'access_unavailable') return error
  const { cause, retryAfterSeconds = comeAgainSeconds } = error.facts
  return unavailable(cause, retryAfterSeconds)
}

/** An answer's text, at most 64 KiB of it. @throws {GatewayError} access_refused, access_unavailable */
export async function readIssued({ body }: IncomingResponse): Promise<string> {
  try {
    const over = () => refused(`The answer is longer than ${answerMaxBytes} bytes`)
    return new TextDecoder().decode(await readCapped(body, answerMaxBytes, over))
  } catch (error) {
    throw error instanceof GatewayError ? error : unavailable(error)
  }
}

/**
 * The error of an issuer that gave no keys: access_unavailable where the same request may work later
 * (408, 429, 5xx), access_refused for the rest. `reason` goes to the log: a code at most, never text
 * of the answer, for it may repeat what was sent.
 */
export function issuerFault(
  { status, headers }: Pick<IncomingResponse, 'status' | 'headers'>,
  reason: string,
): GatewayError {
  const said = `The issuer answered ${status} ${reason}`
  if (status !== 408 && status !== 429 && status < 500) return refused(said)
  const seconds = /^\d{1,6}$/.exec(headers.get('retry-after')?.trim() ?? '')?.[0]
  return unavailable(new Error(said), seconds === undefined ? undefined : Number(seconds))
}

/** Keys were asked for in vain, and asking again changes nothing; `reason` is for the log. */
export function refused(reason: string): GatewayError {
  const cause = new Error(reason)
  return new GatewayError('access_refused', 'Cannot give the job keys: the store refused', {
    cause,
  })
}

/** Whoever issues the keys was not there, or not in time; `cause` is for the log. */
export function unavailable(cause: unknown, retryAfterSeconds?: number): GatewayError {
  return new GatewayError(
    'access_unavailable',
    'Cannot give the job keys: the store gave none yet',
    {
      cause,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  )
}
