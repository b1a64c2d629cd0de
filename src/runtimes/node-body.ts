import type { Readable } from 'node:stream'
import type { Body } from '../platform.ts'
import { freeChunk } from './node-chunk.ts'

/** Bytes that may wait for a reader who is busy; then the sender is stopped. */
const waitingBytes = 65_536

const sources = new WeakMap<object, () => Readable | undefined>()

/** The stream behind a body of which nothing has been read, to be read instead of it. */
export function sourceOf(body: object): Readable | undefined {
  return sources.get(body)?.()
}

/**
 * Wraps the stream of an HTTP message as a `Body`; reads fail after `idleTimeoutMs` without a byte.
 * Chunks must be nobody else's: each is freed when the next one is asked for. `onCancel` is what
 * giving up means: by default the stream is destroyed, and its socket with it.
 */
export function createNodeBody(
  source: Readable,
  idleTimeoutMs: number,
  onCancel: (reason: unknown) => void = (reason) =>
    source.destroy(reason instanceof Error ? reason : undefined),
): Body {
  const queue: Uint8Array[] = []
  let queuedBytes = 0
  let begun = false
  let stopped = false
  let waiting: PromiseWithResolvers<Uint8Array | undefined> | undefined
  let timer: NodeJS.Timeout | undefined
  // Reads may be far apart: a fault between them must not be an unhandled 'error'.
  let fault: Error | undefined
  let lent: Uint8Array | undefined
  source.on('error', (error) => {
    fault = error
    fail(error)
  })

  function take(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    // No Buffer: its `slice` is no copy and its `fill` refuses an end beyond its own.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    if (waiting !== undefined) {
      const { resolve } = waiting
      waiting = undefined
      resolve(chunk)
      return
    }
    queue.push(chunk)
    queuedBytes += chunk.length
    if (queuedBytes < waitingBytes) return
    stopped = true
    source.pause()
  }

  function fail(error: Error): void {
    clearTimeout(timer)
    waiting?.reject(error)
    waiting = undefined
  }

  /** Whether somebody, we or the server, has let go of the rest: it must not look like the end. */
  function isDropped(): boolean {
    return begun && !source.listeners('data').includes(take)
  }

  /** Lets the chunks come by themselves: asking for each costs a stop and a start of the socket. */
  function begin(): void {
    begun = true
    source.on('data', take)
    source.once('end', () => {
      if (isDropped()) {
        fail(dropped())
        return
      }
      clearTimeout(timer)
      waiting?.resolve(undefined)
      waiting = undefined
    })
    source.once('close', () => {
      // Most bodies close after their end: an error is made for those alone who wait for one.
      if (waiting === undefined) clearTimeout(timer)
      else fail(fault ?? gone())
    })
    // One timer for all reads: it may run out while nobody waits.
    timer = setTimeout(() => {
      if (waiting === undefined) return
      fail(new Error(`No byte of the body arrived for ${idleTimeoutMs} ms`))
      source.destroy()
    }, idleTimeoutMs).unref()
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (lent !== undefined) freeChunk(lent)
    lent = await next()
    return lent
  }

  async function next(): Promise<Uint8Array | undefined> {
    const chunk = queue.shift()
    if (chunk !== undefined) {
      queuedBytes -= chunk.length
      return chunk
    }
    if (source.readableEnded && !isDropped()) return undefined
    if (fault !== undefined) throw fault
    if (isDropped()) throw dropped()
    if (source.destroyed) throw gone()
    waiting = Promise.withResolvers()
    const { promise } = waiting
    if (!begun) begin()
    else {
      timer?.refresh()
      if (stopped) source.resume()
      stopped = false
    }
    return promise
  }

  async function cancel(reason?: unknown): Promise<void> {
    // What still comes is for nobody, and must not stop the source.
    source.off('data', take)
    queue.length = 0
    if (source.destroyed || source.readableEnded) return
    onCancel(reason)
  }

  const body: Body = {
    read,
    cancel,
    stream: () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const chunk = await next()
            if (chunk === undefined) controller.close()
            else controller.enqueue(chunk)
          },
          cancel,
        },
        { highWaterMark: 0 },
      ),
  }
  sources.set(body, () => (begun || source.destroyed ? undefined : source))
  return body
}

function gone(): Error {
  return new Error('The peer closed the connection before the body ended')
}

function dropped(): Error {
  return new Error('The rest of the body was dropped')
}
