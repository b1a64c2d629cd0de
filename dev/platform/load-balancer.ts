/**
 * An emulator of load-balancing endpoints: `/{endpointId}/…` stands for
 * `https://{endpointId}.api.runpod.ai/…`, with a small worker behind it. Gaps: scaling, the 2 minutes
 * that a request may wait for a worker and the 5.5 that it may take; the words of 401 are its own.
 */
import { createHash, type Hash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'

/** Longest body in bytes. */
const maxBytes = 30 * 1_048_576

/** Bodies up to which the worker repeats what it was sent. */
const repeatedBytes = 100_000

/** A running emulator. */
export interface EmulatedLoadBalancer {
  /** `http://127.0.0.1:{port}`; the upstream of the endpoints is `{url}/{endpointId}`. */
  readonly url: string
  /** Breaks every WebSocket that is open. */
  endWebSockets(): void
  close(): Promise<void>
}

/** Starts the emulator on a free port; keys that begin with `bad` are refused. */
export async function createLoadBalancer(): Promise<EmulatedLoadBalancer> {
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(JSON.stringify({ error: String(error) }))
    })
  })
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('headers', (headers: string[], request: IncomingMessage) => {
    headers.push(`x-runpod-worker-id: ${workerOf(request)}`)
  })
  sockets.on('connection', (socket, request: IncomingMessage) => {
    socket.on('error', () => {})
    const { url, headers } = request
    socket.send(JSON.stringify({ url, headers }))
    socket.on('message', (message, binary) => socket.send(message, { binary }))
  })
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => {})
    if (!isKnown(request)) {
      const body = '{"error":"unauthorized"}'
      const lines = ['HTTP/1.1 401 Unauthorized', 'content-type: application/json']
      lines.push(`content-length: ${body.length}`, 'connection: close', '', body)
      socket.end(lines.join('\r\n'))
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.emit('connection', webSocket, request)
    })
  })
  function endWebSockets(): void {
    for (const socket of sockets.clients) socket.terminate()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    endWebSockets,
    close() {
      endWebSockets()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '/', headers } = request
  const [, endpointId, route = ''] = url.split(/[/?]/)
  const hash = createHash('sha256')
  const { bytes, text } = await readAll(request, hash)
  const answer = (status: number, body: object, more: Record<string, string> = {}) => {
    const head = { 'content-type': 'application/json', 'x-runpod-worker-id': workerOf(request) }
    response.writeHead(status, { ...head, ...more }).end(JSON.stringify(body))
  }
  if (!isKnown(request)) return answer(401, { error: 'unauthorized' })
  if (bytes > maxBytes) return answer(413, { error: 'request body too large' })
  if (route === 'ping') return answer(200, { status: 'healthy' })
  if (route === 'redirect') return answer(307, {}, { location: `/${endpointId}/there?a=b` })
  if (route === 'fetch') return answer(200, await fetchLink(String(JSON.parse(text).file)))
  answer(200, { method, url, headers, bytes, sha256: hash.digest('hex'), text })
}

/** What a worker sees that takes links, and in its answer gives the link away. */
async function fetchLink(link: string): Promise<object> {
  const fetched = await fetch(link)
  const bytes = Buffer.from(await fetched.arrayBuffer())
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { link, status: fetched.status, type: fetched.headers.get('content-type'), sha256 }
}

async function readAll(
  request: IncomingMessage,
  hash: Hash,
): Promise<{ bytes: number; text: string }> {
  let bytes = 0
  const kept: Buffer[] = []
  for await (const chunk of request) {
    bytes += chunk.length
    hash.update(chunk)
    if (bytes <= repeatedBytes) kept.push(chunk)
  }
  return { bytes, text: bytes > repeatedBytes ? '' : Buffer.concat(kept).toString() }
}

function isKnown({ headers }: IncomingMessage): boolean {
  const key = headers.authorization?.replace(/^bearer\s+/i, '').trim() ?? ''
  return key !== '' && !key.startsWith('bad')
}

/** The worker that was asked for, or the only one. */
function workerOf({ headers }: IncomingMessage): string {
  const wish = headers['x-runpod-worker-id']
  return typeof wish === 'string' ? (wish.split(' ').at(-1) ?? '') : 'lb-worker-1'
}
