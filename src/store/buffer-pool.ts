import { GatewayError } from '../errors.ts'

/** Part buffers shared by all requests of a process: the ceiling on the memory of payloads. */
export interface BufferPool {
  /** Bytes of each buffer. */
  readonly partBytes: number
  /**
   * A buffer, in order of arrival where requests may wait; `signal` leaves the queue.
   * @throws {GatewayError} busy, where requests may not wait and the pool is empty
   */
  take(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  /** A buffer if one is free and nobody waits for it. */
  tryTake(): Uint8Array<ArrayBuffer> | undefined
  /** Gives a buffer back; it must no longer be read or written. */
  give(buffer: Uint8Array<ArrayBuffer>): void
}

interface Waiter {
  readonly resolve: (buffer: Uint8Array<ArrayBuffer>) => void
}

/** Makes a pool of at most `parts` buffers, each allocated when it is first needed. */
export function createBufferPool(options: {
  readonly parts: number
  readonly partBytes: number
  /** False on Workers: there a request must not wait for what another one holds. */
  readonly mayWait: boolean
}): BufferPool {
  const { parts, partBytes, mayWait } = options
  const idle: Uint8Array<ArrayBuffer>[] = []
  const out = new Set<Uint8Array<ArrayBuffer>>()
  const waiters = new Set<Waiter>()

  function tryTake(): Uint8Array<ArrayBuffer> | undefined {
    if (waiters.size > 0 || out.size >= parts) return undefined
    const buffer = idle.pop() ?? new Uint8Array(partBytes)
    out.add(buffer)
    return buffer
  }

  async function take(signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted()
    const buffer = tryTake()
    if (buffer !== undefined) return buffer
    if (!mayWait) {
      throw new GatewayError('busy', 'Every part buffer is in use, try again shortly', {
        limitName: 'staging.poolParts',
        limit: parts,
        retryAfterSeconds: 1,
      })
    }
    return await new Promise((resolve, reject) => {
      const leave = () => {
        waiters.delete(waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        resolve: (given) => {
          signal?.removeEventListener('abort', leave)
          resolve(given)
        },
      }
      waiters.add(waiter)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  function give(buffer: Uint8Array<ArrayBuffer>): void {
    if (!out.has(buffer)) throw new TypeError('Cannot give a buffer that is not out')
    const [next] = waiters
    if (next === undefined) {
      out.delete(buffer)
      idle.push(buffer)
      return
    }
    waiters.delete(next)
    next.resolve(buffer)
  }

  return { partBytes, take, tryTake, give }
}
