import type { Body } from '../platform.ts'
import { createIdleWatch } from './workers-idle.ts'

/**
 * Bytes asked for in one read: each costs workerd some 2.6 KB that only a full collection frees, and
 * below 256 KiB ten times the CPU.
 */
const readBytes = 524_288
/** Bytes asked for first where nothing says how long the body is: most are short. */
const firstReadBytes = 16_384
/** Bytes asked for however short the body is said to be. */
const leastReadBytes = 1024

/** How much of a refused request is taken before it is cut off, and for how long. */
const drainMaxBytes = 512 * 1024 * 1024
const drainMs = 30_000

/**
 * Wraps a native byte stream. With `drain`, giving up reads the rest and drops it: a request's body
 * cannot be read once the answer has been sent, and what stands in front of the Worker may hold the
 * answer back until the body is through. `length` is how many bytes are expected, where that is known.
 */
export function createWorkersBody(
  source: ReadableStream<Uint8Array>,
  options: { drain: boolean; idleTimeoutMs: number; length?: number | undefined },
): Body {
  const watch = createIdleWatch(options.idleTimeoutMs)
  const { length = firstReadBytes } = options
  // One byte more than it said: a buffer that is full means a body that goes on.
  let bufferBytes = Math.min(readBytes, Math.max(leastReadBytes, length + 1))
  let reader: ReadableStreamBYOBReader | undefined
  let buffer: ArrayBuffer | undefined
  let ended = false
  let pending: Promise<unknown> | undefined

  function end(): void {
    ended = true
    watch.end()
  }

  function read(): Promise<Uint8Array | undefined> {
    const chunk = readNext()
    pending = chunk
    return chunk
  }

  async function readNext(): Promise<Uint8Array | undefined> {
    if (ended) return undefined
    reader ??= source.getReader({ mode: 'byob' })
    for (;;) {
      const view = new Uint8Array(buffer ?? new ArrayBuffer(bufferBytes))
      buffer = undefined
      // Not readAtLeast: a slow sender that never fills the buffer is not an idle one.
      const { value, done } = await watch.within(reader.read(view))
      if (done) end()
      if (value !== undefined && value.length > 0) {
        if (value.length < bufferBytes || bufferBytes === readBytes) {
          buffer = value.buffer as ArrayBuffer
        } else bufferBytes = readBytes
        return value
      }
      if (done) return undefined
    }
  }

  async function drain(): Promise<void> {
    const until = Date.now() + drainMs
    try {
      // workerd takes one read at a time.
      await pending
      for (let bytes = 0; bytes < drainMaxBytes && Date.now() < until; ) {
        const chunk = await read()
        if (chunk === undefined) return
        bytes += chunk.length
      }
    } catch {
      end()
    }
  }

  return {
    read,
    async cancel(reason) {
      if (ended) return
      if (options.drain) await drain()
      if (ended) return
      end()
      try {
        await (reader ?? source).cancel(reason)
      } catch {
        // The sending side is gone already: there is nobody left to tell.
      }
    },
    stream: () => source,
  }
}

/** The Content-Length of a message; undefined where it has none. */
export function lengthOf(headers: Headers): number | undefined {
  const length = headers.get('content-length')
  return length === null ? undefined : Number(length)
}
