import { BulkwayError } from './bulkway-error.ts'

/** How long the client goes on trying; all in milliseconds. */
export interface Patience {
  /** Longest pause before the second try; doubled for every further one. Default 500. */
  readonly baseMs?: number
  /** Longest pause of all. Default 15,000. */
  readonly capMs?: number
  /** Time since the first failure after which one request is given up. Default 300,000. */
  readonly giveUpMs?: number
  /** Time in which nothing may move on a connection before it is broken off. Default 60,000. */
  readonly stallMs?: number
}

/** One failure that is to be tried again. */
export interface Retry {
  readonly error: unknown
  /** Milliseconds until the next try. */
  readonly delayMs: number
  /** Tries so far. */
  readonly tries: number
}

export interface PersistOptions extends Patience {
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((retry: Retry) => void) | undefined
  /** False for an error that is never to be tried again; what heals with time is, unless told. */
  readonly again?: (error: unknown) => boolean
}

/** Long enough for a lost network to be found again. */
export const defaultGiveUpMs = 300_000
/** Tries of a request whose failure says that it is likely to fail again. */
const fewTries = 3

/**
 * Calls `attempt` until it succeeds: again after what a later try may heal, with exponential backoff
 * and full jitter, never sooner than a Retry-After; it throws the last error when time is over. A
 * page that is told that it is online again tries at once.
 */
export async function persist<T>(attempt: () => Promise<T>, options: PersistOptions): Promise<T> {
  const { baseMs = 500, capMs = 15_000, giveUpMs = defaultGiveUpMs, signal } = options
  let since: number | undefined
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      const hope = options.again?.(error) === false ? 'none' : hopeOf(error)
      const now = performance.now()
      since ??= now
      const over = now - since > giveUpMs || (hope === 'little' && tries >= fewTries)
      if (hope === 'none' || over) throw error
      const jitter = Math.random() * Math.min(capMs, baseMs * 2 ** (tries - 1))
      const asked = error instanceof BulkwayError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0
      const delayMs = Math.max(jitter, asked)
      if (now - since + delayMs > giveUpMs) throw error
      options.onRetry?.({ error, delayMs, tries })
      await pause(delayMs, signal)
    }
  }
}

const healing = new Set([408, 425, 429, 502, 503, 504])

/** Whether the same request may succeed later. */
function hopeOf(error: unknown): 'good' | 'little' | 'none' {
  if (!(error instanceof BulkwayError)) return 'none'
  if (error.code === 'network_error') return 'good'
  if (error.code === 'misconfigured') return 'none'
  if (healing.has(error.status)) return 'good'
  const { code, status } = error
  // Stores answer 500 where they are asked to be tried again, and 400 to a body that did not arrive
  // in time or not as it was sent.
  if (code === 'store_refused') return hopeOfStore(status)
  return status >= 500 ? 'little' : 'none'
}

function hopeOfStore(status: number): 'good' | 'little' | 'none' {
  if (status >= 500) return 'good'
  return status === 400 ? 'little' : 'none'
}

/** Resolves after `ms`, or when the page is online again; rejects with the signal's reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const target: Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>> =
      globalThis
    const timer = setTimeout(wake, ms)
    function stop(): void {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
      target.removeEventListener?.('online', wake)
    }
    function wake(): void {
      stop()
      resolve()
    }
    function leave(): void {
      stop()
      reject(signal?.reason)
    }
    if (signal?.aborted === true) return leave()
    signal?.addEventListener('abort', leave)
    target.addEventListener?.('online', wake)
  })
}
