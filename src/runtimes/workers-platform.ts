import { waitUntil } from 'cloudflare:workers'
import { resolve4, resolve6 } from 'node:dns/promises'
import { type Log, reasonOf } from '../log.ts'
import type {
  Body,
  IncomingResponse,
  OutgoingBody,
  OutgoingRequest,
  Platform,
  StreamHash,
} from '../platform.ts'
import { createBytePrimitives } from './byte-primitives.ts'

/** Bytes asked for in one read: below 256 KiB workerd hands out small chunks at ten times the CPU. */
const readBytes = 262_144

/** How much of a refused request is taken before it is cut off, and for how long. */
const drainMaxBytes = 512 * 1024 * 1024
const drainMs = 30_000

/** Milliseconds a client may leave a response chunk untaken. */
const responseIdleMs = 300_000

/** The Cloudflare Workers adapter. */
export function createWorkersPlatform(log: Log): Platform {
  return {
    name: 'workers',
    bytes: createBytePrimitives(),
    send: async (request) => await send(request, log),
    toStream: (body) => toStream(body, log),
    now: () => Date.now(),
    wait: async (ms) => await scheduler.wait(ms),
    waitUntil(task) {
      waitUntil(
        task.catch((error) => {
          log.write('error', { event: 'background_task_failed', reason: reasonOf(error) })
        }),
      )
    },
    sha256,
    resolve,
    mayWaitForOthers: false,
  }
}

/**
 * Wraps a native byte stream. With `drain`, giving up reads the rest and drops it: a request's body
 * cannot be read once the answer has been sent, and what stands in front of the Worker may hold the
 * answer back until the body is through.
 */
export function createWorkersBody(
  source: ReadableStream<Uint8Array>,
  options: { drain: boolean; idleTimeoutMs: number },
): Body {
  let reader: ReadableStreamBYOBReader | undefined
  let buffer: ArrayBuffer | undefined
  let ended = false

  async function read(): Promise<Uint8Array | undefined> {
    if (ended) return undefined
    reader ??= source.getReader({ mode: 'byob' })
    const view = new Uint8Array(buffer ?? new ArrayBuffer(readBytes))
    buffer = undefined
    // Not readAtLeast: a slow sender that never fills the buffer is not an idle one.
    const { value, done } = await withinIdle(reader.read(view), options.idleTimeoutMs)
    if (value !== undefined && value.length > 0) {
      buffer = value.buffer as ArrayBuffer
      if (done) ended = true
      return value
    }
    if (!done) return await read()
    ended = true
    return undefined
  }

  async function drain(): Promise<void> {
    const until = Date.now() + drainMs
    try {
      for (let bytes = 0; bytes < drainMaxBytes && Date.now() < until; ) {
        const chunk = await read()
        if (chunk === undefined) return
        bytes += chunk.length
      }
    } catch {
      ended = true
    }
  }

  return {
    read,
    async cancel(reason) {
      if (ended) return
      if (options.drain) await drain()
      if (ended) return
      ended = true
      try {
        await (reader ?? source).cancel(reason)
      } catch {
        // The sending side is gone already: there is nobody left to tell.
      }
    },
    stream: () => source,
  }
}

async function withinIdle<T>(step: Promise<T>, idleTimeoutMs: number): Promise<T> {
  const abort = new AbortController()
  const idle = scheduler.wait(idleTimeoutMs, { signal: abort.signal }).then(
    () => {
      throw new Error(`No byte of the body arrived for ${idleTimeoutMs} ms`)
    },
    () => step,
  )
  try {
    return await Promise.race([step, idle])
  } finally {
    abort.abort()
  }
}

async function send(request: OutgoingRequest, log: Log): Promise<IncomingResponse> {
  const headers = new Headers(request.headers)
  const abort = new AbortController()
  const signals = [abort.signal, ...(request.signal === undefined ? [] : [request.signal])]
  let body: BodyInit | undefined
  let leaving: Promise<void> | undefined
  if (request.body instanceof Uint8Array) body = request.body as Uint8Array<ArrayBuffer>
  else if (request.body !== undefined) {
    const { readable, writable } =
      request.body.length === undefined
        ? new IdentityTransformStream()
        : new FixedLengthStream(request.body.length)
    leaving = pump(request.body, writable, request.idleTimeoutMs)
    // A body that fails must end the request too, or the store would wait for the missing bytes.
    leaving.catch((error) => abort.abort(error))
    body = readable
  }
  if (leaving !== undefined) {
    waitUntil(
      leaving.catch((error) => {
        log.write('debug', { event: 'outgoing_body_failed', reason: reasonOf(error) })
      }),
    )
  }
  const answer = fetch(request.url, {
    method: request.method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.any(signals),
    ...(body === undefined ? {} : { body }),
  })
  // While the body leaves, its own writes are watched; then the wait for the answer is.
  const watched = (leaving ?? Promise.resolve()).then(async () => {
    try {
      return await withinIdle(answer, request.idleTimeoutMs)
    } catch (error) {
      abort.abort(error)
      throw error
    }
  })
  const response = await Promise.race([answer, watched])
  const source = response.body ?? new Blob([]).stream()
  return {
    status: response.status,
    headers: new Headers(response.headers),
    body: createWorkersBody(source, { drain: false, idleTimeoutMs: request.idleTimeoutMs }),
  }
}

async function pump(
  body: OutgoingBody,
  writable: WritableStream<Uint8Array>,
  idleTimeoutMs: number,
): Promise<void> {
  const writer = writable.getWriter()
  try {
    for (;;) {
      const chunk = await body.read()
      if (chunk === undefined) break
      // Awaited, because the chunk's buffer is reused by the next read.
      await withinIdle(writer.write(chunk), idleTimeoutMs)
    }
    await writer.close()
  } catch (error) {
    await Promise.allSettled([body.cancel(error), writer.abort(error)])
    throw error
  }
}

function toStream(body: OutgoingBody, log: Log): ReadableStream<Uint8Array> {
  const { readable, writable } =
    body.length === undefined ? new IdentityTransformStream() : new FixedLengthStream(body.length)
  waitUntil(
    pump(body, writable, responseIdleMs).catch((error) => {
      log.write('debug', { event: 'response_body_failed', reason: reasonOf(error) })
    }),
  )
  return readable
}

function sha256(): StreamHash {
  const stream = new crypto.DigestStream('SHA-256')
  const writer = stream.getWriter()
  return {
    update: async (chunk) => await writer.write(chunk),
    async digest() {
      await writer.close()
      return new Uint8Array(await stream.digest)
    },
  }
}

/** Name lookup as far as Workers offer one (over HTTPS, nothing can be pinned); literals stand for themselves. */
async function resolve(hostname: string): Promise<string[]> {
  if (hostname === 'localhost') return ['127.0.0.1']
  if (hostname.startsWith('[')) return [hostname.slice(1, -1)]
  if (/^[\d.]+$/.test(hostname)) return [hostname]
  const found = await Promise.allSettled([resolve4(hostname), resolve6(hostname)])
  const addresses = found.flatMap((lookup) => (lookup.status === 'fulfilled' ? lookup.value : []))
  if (addresses.length === 0) throw new Error(`No address is known for ${hostname}`)
  return addresses
}
