import { onceBody } from '../bytes/once-body.ts'
import type { IncomingResponse, OutgoingRequest, Reply } from '../platform.ts'
import { createWorkersBody, lengthOf } from './workers-body.ts'
import { createIdleWatch } from './workers-idle.ts'

/** Parts of the handshake that workerd makes for itself, on either side. */
const ownNames: readonly string[] = [
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
]

/** The other ends that wait to be joined, by the client's request. */
const waiting = new WeakMap<Request, WebSocket>()

/** Asks for the other end of a WebSocket; its status is 101 where it waits for `joinWebSocket`. */
export async function upgradeToWebSocket(
  client: Request,
  request: OutgoingRequest,
): Promise<IncomingResponse> {
  const { url, idleTimeoutMs } = request
  const headers = new Headers(request.headers)
  for (const name of ownNames) headers.delete(name)
  headers.set('upgrade', 'websocket')
  const watch = createIdleWatch(idleTimeoutMs)
  const abort = new AbortController()
  try {
    const response = await watch.within(
      fetch(url, { headers, redirect: 'manual', signal: abort.signal }),
    )
    const { status, webSocket } = response
    if (webSocket !== null) {
      waiting.set(client, webSocket)
      return { status: 101, headers: response.headers, body: onceBody(new Uint8Array()) }
    }
    const source = response.body ?? new Blob([]).stream()
    const length = lengthOf(response.headers)
    const body = createWorkersBody(source, { drain: false, idleTimeoutMs, length })
    return { status, headers: new Headers(response.headers), body }
  } catch (error) {
    abort.abort(error)
    throw error
  } finally {
    watch.end()
  }
}

/** The answer that joins a client to the WebSocket that waits for it: workerd passes its messages on. */
export function joinWebSocket(client: Request, reply: Reply): Response {
  const webSocket = waiting.get(client)
  if (webSocket === undefined) throw new Error('There is nothing to join')
  const headers = new Headers(reply.headers)
  for (const name of ownNames) headers.delete(name)
  return new Response(null, { status: 101, headers, webSocket })
}
