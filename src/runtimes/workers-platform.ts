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
import { createWorkersBody, lengthOf } from './workers-body.ts'
import { createIdleWatch } from './workers-idle.ts'
import { pump } from './workers-pump.ts'

/** Milliseconds a client may leave a response chunk untaken. */
const responseIdleMs = 300_000

/** The Cloudflare Workers adapter. */
export function createWorkersPlatform(log: Log): Platform {
  return {
    name: 'workers',
    bytes: createBytePrimitives(),
    send: async (request) => await send(request, log),
    decode,
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
    sha256: () => streamHash('SHA-256'),
    sha512: () => streamHash('SHA-512'),
    sha1: () => streamHash('SHA-1'),
    resolve,
    holdBytes: 0,
    mayWaitForOthers: false,
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
    const watch = createIdleWatch(request.idleTimeoutMs)
    try {
      return await watch.within(answer)
    } catch (error) {
      abort.abort(error)
      throw error
    } finally {
      watch.end()
    }
  })
  const response = await Promise.race([answer, watched])
  const source = response.body ?? new Blob([]).stream()
  const { idleTimeoutMs } = request
  const length = lengthOf(response.headers)
  return {
    status: response.status,
    headers: new Headers(response.headers),
    body: createWorkersBody(source, { drain: false, idleTimeoutMs, length }),
  }
}

/** Codings that `fetch` undoes as its answer is read. */
const undone = new Set(['gzip', 'br'])
const formats: Readonly<Record<string, 'gzip' | 'deflate'>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
}

function decode(body: Body, coding: string, of: 'answer' | 'request'): Body | undefined {
  if (of === 'answer' && undone.has(coding)) return body
  const format = formats[coding]
  if (format === undefined) return undefined
  const source = body.stream().pipeThrough(new DecompressionStream(format))
  // The body beneath is the one that waits for its sender.
  const decoded = createWorkersBody(source, { drain: false, idleTimeoutMs: responseIdleMs })
  return {
    ...decoded,
    async cancel(reason) {
      await decoded.cancel(reason)
      await body.cancel(reason)
    },
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

function streamHash(algorithm: 'SHA-1' | 'SHA-256' | 'SHA-512'): StreamHash {
  const stream = new crypto.DigestStream(algorithm)
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
