import type { LookupAddress } from 'node:dns'
import { type ClientRequest, type Agent as HttpAgent, request as httpRequest } from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import {
  type IncomingResponse,
  NotSent,
  type OutgoingBody,
  type OutgoingRequest,
} from '../platform.ts'
import { createAgents } from './node-agent.ts'
import { createNodeBody } from './node-body.ts'
import { NodeLine } from './node-line.ts'

/** Makes `Platform.send` for Node: `node:http(s)` with kept connections and real backpressure. */
export function createNodeSend(): (request: OutgoingRequest) => Promise<IncomingResponse> {
  const { http, https } = createAgents()

  async function send(request: OutgoingRequest): Promise<IncomingResponse> {
    const replayable = request.body === undefined || request.body instanceof Uint8Array
    try {
      return await sendOnce(request, http, https)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      if (!request.idempotent || !replayable) throw error.cause
      return await sendOnce(request, http, https)
    }
  }
  return send
}

/** The server closed a kept connection just as it was used again; nothing was processed. */
class StaleConnection extends Error {
  override name = 'StaleConnection' as const
}

function sendOnce(
  request: OutgoingRequest,
  http: HttpAgent,
  https: HttpsAgent,
): Promise<IncomingResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingResponse>()
  const url = new URL(request.url)
  const secure = url.protocol === 'https:'
  const headers: Record<string, string> = Object.fromEntries(request.headers)
  const length = request.body instanceof Uint8Array ? request.body.length : request.body?.length
  if (length !== undefined) headers['content-length'] = String(length)

  const options = {
    method: request.method,
    headers,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.addresses === undefined ? {} : { lookup: pinned(request.addresses) }),
  }
  // Kept connections are found by name: a pinned request must not ride on one to another address.
  const isPinned = request.addresses !== undefined
  const outgoing = secure
    ? httpsRequest(url, { ...options, agent: isPinned ? false : https })
    : httpRequest(url, { ...options, agent: isPinned ? false : http })
  // A body of another length than it said would be read as the beginning of the next request.
  Object.assign(outgoing, { strictContentLength: true })
  let answered = false
  let connected = false
  outgoing.on('socket', (socket) => {
    connected = !socket.connecting
    // A kept connection never says it again, and would keep every request that listens.
    if (connected) return
    socket.once('connect', () => {
      connected = true
    })
  })

  outgoing.setTimeout(request.idleTimeoutMs, () => {
    // An answer has a time of its own, which counts while it is asked for alone.
    if (answered && outgoing.writableFinished) return
    outgoing.destroy(new Error(`No byte went either way for ${request.idleTimeoutMs} ms`))
  })
  outgoing.on('response', (incoming) => {
    answered = true
    const responseHeaders = new Headers()
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
      responseHeaders.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
    }
    const body = createNodeBody(incoming, request.idleTimeoutMs)
    resolve({ status: incoming.statusCode ?? 502, headers: responseHeaders, body })
  })
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    const stale = outgoing.reusedSocket && error.code === 'ECONNRESET' && !answered
    if (stale) reject(new StaleConnection('stale', { cause: error }))
    else reject(connected ? error : new NotSent(error.message, { cause: error }))
  })
  outgoing.on('close', () => {
    if (!answered) reject(new Error('The connection closed before an answer'))
  })

  if (request.body === undefined) outgoing.end()
  else if (request.body instanceof Uint8Array) outgoing.end(request.body)
  else pump(request.body, outgoing).catch((error) => outgoing.destroy(error))
  return promise
}

async function pump(body: OutgoingBody, outgoing: ClientRequest): Promise<void> {
  let stopped = false
  const stop = async (reason: unknown) => {
    if (stopped) return
    stopped = true
    await body.cancel(reason)
  }
  const gone = () => new Error('The connection closed while the body was leaving')
  const line = new NodeLine(outgoing, () => void stop(gone()))
  try {
    for (;;) {
      const chunk = await body.read()
      if (chunk === undefined) break
      await line.send(chunk)
      if (outgoing.destroyed) throw gone()
    }
  } catch (error) {
    await stop(error)
    throw error
  }
  line.release()
  outgoing.end()
}

function pinned(addresses: readonly string[]): LookupFunction {
  const all: LookupAddress[] = addresses.map((address) => ({
    address,
    family: address.includes(':') ? 6 : 4,
  }))
  return (_hostname, options, callback) => {
    if (options.all) callback(null, all)
    else callback(null, all[0]?.address ?? '', all[0]?.family ?? 4)
  }
}
