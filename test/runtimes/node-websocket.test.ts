import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type NodeServer, serveOnNode } from '../../src/runtimes/node-server.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { type Loopback, serveLoopback } from './loopback.ts'

let workers: Loopback
let sockets: WebSocketServer
let gateway: FakeGateway
let server: NodeServer
let asked: IncomingMessage[]
/** Whether the workers refuse, and with what. */
let refusal: { status: number; body: string } | undefined

beforeEach(async () => {
  asked = []
  refusal = undefined
  sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (all) => [...all].at(-1) ?? false,
  })
  sockets.on('headers', (headers) => headers.push('x-runpod-worker-id: w-1', 'set-cookie: a=b'))
  workers = await serveLoopback((request, response) => {
    asked.push(request)
    response.end('plain')
  })
  workers.server.on('upgrade', (request, socket, head) => {
    asked.push(request)
    if (refusal === undefined) {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        sockets.emit('connection', webSocket),
      )
      return
    }
    const { status, body } = refusal
    socket.end(
      `HTTP/1.1 ${status} No\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n` +
        `connection: close\r\n\r\n${body}`,
    )
  })
  const loadBalancer = { upstream: `${workers.url}{endpointId}`, idleTimeoutMs: 1000 }
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      w: { loadBalancer },
      queue: {},
      gone: { loadBalancer: { upstream: 'http://127.0.0.1:1' } },
    },
  })
  server = await serveOnNode(gateway.deps, { hostname: '127.0.0.1', port: 0 })
})

afterEach(async () => {
  for (const webSocket of sockets.clients) webSocket.terminate()
  await server.close(0)
  await workers[Symbol.asyncDispose]()
})

const urlOf = (path: string) => `ws://127.0.0.1:${server.port}${path}`

function open(path = '/lb/w/chat?a=b', options: { protocols?: string[] } = {}): WebSocket {
  return new WebSocket(urlOf(path), options.protocols ?? [], {
    headers: {
      authorization: 'Bearer rpa_client',
      'x-runpod-worker-id': 'strict w-1',
      cookie: 'a=b',
    },
  })
}

/** The client's end and the worker's. */
async function joined(): Promise<{ client: WebSocket; worker: WebSocket }> {
  const arrived = once(sockets, 'connection')
  const client = open()
  const [[worker]] = await Promise.all([arrived, once(client, 'open')])
  return { client, worker }
}

async function refused(path?: string): Promise<{ status: number | undefined; body: string }> {
  const client = open(path)
  client.on('error', () => {})
  const [, response] = await once(client, 'unexpected-response')
  let body = ''
  for await (const chunk of response) body += chunk
  client.terminate()
  return { status: response.statusCode, body }
}

describe('a WebSocket to workers', () => {
  test('carries text and bytes both ways, the protocol that the workers choose, affinity and the key', async () => {
    sockets.on('connection', (worker) =>
      worker.on('message', (bytes, binary) => worker.send(bytes, { binary })),
    )
    const client = open('/lb/w/chat?a=b', { protocols: ['one', 'two'] })
    const [[response]] = await Promise.all([once(client, 'upgrade'), once(client, 'open')])
    expect(response.headers).toMatchObject({ 'x-runpod-worker-id': 'w-1' })
    expect(response.headers['set-cookie']).toBeUndefined()
    expect(client.protocol).toBe('two')
    expect(asked[0]).toMatchObject({
      url: '/w/chat?a=b',
      headers: { authorization: 'Bearer rpa_client', 'x-runpod-worker-id': 'strict w-1' },
    })
    expect(asked[0]?.headers.cookie).toBeUndefined()
    expect(asked[0]?.headers.host).toBe(new URL(workers.url).host)
    for (const message of ['hello', randomBytes(5_000_000)]) {
      client.send(message)
      const [echo, binary] = await once(client, 'message')
      expect(Buffer.from(message).equals(echo)).toBe(true)
      expect(binary).toBe(typeof message !== 'string')
    }
    client.close(4001, 'enough')
    await once(client, 'close')
  })

  test('is used by the client that Node itself has', async () => {
    sockets.on('connection', (worker) => worker.send('first'))
    const client = new globalThis.WebSocket(urlOf('/lb/w/chat'), {
      headers: { authorization: 'Bearer rpa_client' },
    } as unknown as string[])
    const event = await new Promise<MessageEvent>((resolve) => {
      client.onmessage = resolve
    })
    expect(event.data).toBe('first')
    client.close()
  })

  test('stays open though it is silent for longer than a request may be', async () => {
    const { client, worker } = await joined()
    await wait(1300)
    worker.send('still here')
    expect(`${(await once(client, 'message'))[0]}`).toBe('still here')
  })

  test('holds its sender back while the other end does not read', async () => {
    const { client, worker } = await joined()
    client.pause()
    const piece = Buffer.alloc(1_000_000)
    for (let count = 0; count < 100; count++) worker.send(piece)
    await wait(500)
    expect(worker.bufferedAmount).toBeGreaterThan(80_000_000)
    let bytes = 0
    client.on('message', (chunk: Buffer) => {
      bytes += chunk.length
    })
    client.resume()
    await expect.poll(() => bytes, { timeout: 20_000 }).toBe(100_000_000)
  })

  test('gives the client all that the workers sent before they went', async () => {
    const { client, worker } = await joined()
    client.pause()
    const sent = randomBytes(10_000_000)
    worker.send(sent)
    worker.close(1000, 'done')
    await wait(300)
    const ended = once(client, 'close')
    const message = once(client, 'message')
    client.resume()
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(digest((await message)[0])).toBe(digest(sent))
    expect((await ended)[0]).toBe(1000)
  })

  test('ends for both when one end breaks', async () => {
    const first = await joined()
    const workerEnds = once(first.worker, 'close')
    first.client.terminate()
    expect((await workerEnds)[0]).toBe(1006)

    const second = await joined()
    const clientEnds = once(second.client, 'close')
    second.worker.terminate()
    expect((await clientEnds)[0]).toBe(1006)
  })

  test('lets go of the workers when the client leaves before they answer', async () => {
    workers.server.removeAllListeners('upgrade')
    const left = new Promise<void>((resolve) => {
      workers.server.on('upgrade', (_, socket) => {
        socket.on('error', () => {}).resume()
        socket.once('end', () => resolve(void socket.destroy()))
      })
    })
    const client = open()
    client.on('error', () => {})
    await wait(200)
    client.terminate()
    await left
  })

  test('ends with the server', async () => {
    const { client, worker } = await joined()
    const ended = Promise.all([once(client, 'close'), once(worker, 'close')])
    await server.close(50)
    await ended
  })
})

describe('a WebSocket that does not come to be', () => {
  test('is answered as the workers do', async () => {
    refusal = { status: 401, body: 'no such key' }
    expect(await refused()).toEqual({ status: 401, body: 'no such key' })
    refusal = { status: 500, body: 'x'.repeat(3_000_000) }
    expect(await refused()).toEqual({ status: 500, body: refusal.body })
  })

  test('is a problem where there are no workers, no key, or no way to them', async () => {
    const endings = [
      ['/lb/queue/chat', 404],
      ['/lb/a.b/chat', 404],
      ['/lb/gone/chat', 502],
    ] as const
    for (const [path, status] of endings) {
      const answer = await refused(path)
      expect(answer.status, path).toBe(status)
      expect(JSON.parse(answer.body)).toMatchObject({ status, error: expect.any(String) })
    }
    expect(asked).toEqual([])
  })

  test('is refused in another version', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.write(
      'GET /lb/w/chat HTTP/1.1\r\nhost: a\r\nauthorization: k\r\nconnection: Upgrade\r\n' +
        'upgrade: websocket\r\nsec-websocket-version: 8\r\n\r\n',
    )
    const [head] = await once(socket, 'data')
    expect(`${head}`).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
  })

  test('is no WebSocket elsewhere, nor in another protocol: such requests go on as they were', async () => {
    for (const [path, upgrade] of [
      ['/healthz', 'websocket'],
      ['/lb/w/plain', 'h2c'],
    ]) {
      const socket = connect(server.port, '127.0.0.1')
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: k\r\nconnection: Upgrade\r\nupgrade: ${upgrade}\r\n\r\n`,
      )
      const [head] = await once(socket, 'data')
      expect(`${head}`).toMatch(/^HTTP\/1\.1 (200|502) /)
      socket.destroy()
    }
  })
})
