import { GatewayError } from '../errors.ts'

/** An S3 store answered, but not as asked: its status and error code, never the request's URL. */
export class StoreAnswer extends Error {
  override name = 'StoreAnswer' as const
  readonly status: number
  readonly code: string

  constructor(operation: string, status: number, code: string, message: string) {
    super(`${operation}: the store answered ${status} ${code}: ${message}`)
    this.status = status
    this.code = code
  }
}

const passingCodes = new Set(['InternalError', 'SlowDown', 'RequestTimeout', 'ServiceUnavailable'])

/** True where the same request may work a moment later: 5xx, 429, a time-out, a broken connection. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.code !== 'store_unavailable') return false
  const { cause } = error
  if (!(cause instanceof StoreAnswer)) return true
  return (
    (cause.status >= 500 && cause.status !== 501) ||
    cause.status === 429 ||
    cause.status === 408 ||
    passingCodes.has(cause.code)
  )
}

/** True where the store has the object, and it is longer than what was to be read. */
export function isTooLarge(error: unknown): boolean {
  const answer = error instanceof GatewayError ? error.cause : undefined
  return answer instanceof StoreAnswer && answer.code === 'TooLarge'
}

/** True where the request may have taken effect although no answer says so. */
export function isUnknownOutcome(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.code !== 'store_unavailable') return true
  return !(error.cause instanceof StoreAnswer) || error.cause.status >= 500
}

/** The one error of a store's failure; the true reason is its cause, for the log alone. */
export function storeUnavailable(cause: unknown): GatewayError {
  return new GatewayError('store_unavailable', 'The object store did not do what was asked', {
    cause,
    retryAfterSeconds: 1,
  })
}

/**
 * Runs `attempt` up to `tries` times while its fault can pass, with exponential backoff and full
 * jitter from 100 ms up; `attempt` is told whether an earlier try may have taken effect.
 */
export async function retryPassing<T>(
  options: {
    readonly tries: number
    readonly wait: (ms: number) => Promise<void>
    readonly signal?: AbortSignal | undefined
  },
  attempt: (maybeDone: boolean) => Promise<T>,
): Promise<T> {
  let maybeDone = false
  for (let tried = 1; ; tried++) {
    try {
      return await attempt(maybeDone)
    } catch (error) {
      if (tried >= options.tries || options.signal?.aborted || !isPassing(error)) throw error
      maybeDone ||= isUnknownOutcome(error)
      await options.wait(50 * 2 ** tried * (0.5 + Math.random()))
      options.signal?.throwIfAborted()
    }
  }
}
