import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { relay } from '../../src/webhooks/relay.ts'

const platform = createNodePlatform({ write: () => undefined })
const requests: { url: string; host: string; body: string; type: string }[] = []
let answer: (response: ServerResponse) => void
let server: Server
let port = 0

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { host = '', 'content-type': type = '' } = request.headers
    requests.push({ url: request.url ?? '', host, body, type })
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  requests.length = 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function send(idleTimeoutMs = 2000, host = 'hooks.invalid'): Promise<number> {
  return (await receipt(idleTimeoutMs, host)).status
}

function receipt(idleTimeoutMs = 2000, host = 'hooks.invalid', signal?: AbortSignal) {
  return relay({
    ...(signal && { signal }),
    platform,
    target: { url: new URL(`http://${host}:${port}/hook?x=1`), addresses: ['127.0.0.1'] },
    body: new TextEncoder().encode('{"id":"1"}'),
    contentType: 'application/json',
    idleTimeoutMs,
  })
}

describe('the relay of a webhook', () => {
  it('posts to the pinned address without resolving the name again', async () => {
    answer = (response) => response.end('thanks')
    expect(await send()).toBe(200)
    expect(requests).toEqual([
      {
        url: '/hook?x=1',
        host: `hooks.invalid:${port}`,
        body: '{"id":"1"}',
        type: 'application/json',
      },
    ])
  })

  it("gives back the target's own status", async () => {
    for (const status of [201, 204, 400, 410, 429, 500, 503]) {
      answer = (response) => response.writeHead(status).end()
      expect(await send()).toBe(status)
    }
  })

  it('follows no redirect and counts it as a failure', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${port}/inner` }).end()
      expect(await send()).toBe(502)
    }
    expect(requests.map(({ url }) => url)).toEqual(Array(5).fill('/hook?x=1'))
  })

  it('does not read an answer of 10 MB to its end', async () => {
    let sent = 0
    let closed: Promise<void> | undefined
    answer = (response) => {
      closed = new Promise((resolve) => response.once('close', resolve))
      const chunk = Buffer.alloc(256 * 1024)
      const push = () => {
        while (sent < 40 && response.write(chunk)) sent += 1
        if (sent < 40) response.once('drain', push)
        else response.end()
      }
      push()
    }
    expect(await send()).toBe(200)
    await closed
    expect(sent).toBeLessThan(40)
  })

  it('gives up on a receiver that never answers', async () => {
    answer = () => undefined
    await expect(send(50)).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })

  it('keeps the status of an answer that never ends', async () => {
    answer = (response) => response.writeHead(200).write('x')
    expect(await send(50)).toBe(200)
  })

  it('keeps the status of an answer that breaks off', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('x', () => response.destroy())
    }
    expect(await send()).toBe(200)
  })

  it('tells when to come again, in seconds or by a date', async () => {
    for (const [text, expected] of [
      ['7', 7000],
      [new Date(Date.now() + 60_500).toUTCString(), expect.closeTo(60_000, -3.4)],
      ['0', undefined],
      ['soon', undefined],
      ['-5', undefined],
      ['Wed, 21 Oct 2015 07:28:00 GMT', undefined],
    ] as const) {
      answer = (response) => response.writeHead(503, { 'retry-after': text }).end()
      expect((await receipt()).retryAfterMs).toEqual(expected)
    }
  })

  it('ends at its deadline, however busy the receiver seems', async () => {
    answer = (response) => {
      // Interim answers keep the connection from being idle.
      const timer = setInterval(() => response.writeProcessing(), 20)
      response.once('close', () => clearInterval(timer))
    }
    const late = receipt(5000, 'hooks.invalid', AbortSignal.timeout(150))
    await expect(late).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })

  it('says that a target is not there', async () => {
    const target = { url: new URL('http://hooks.invalid:1/'), addresses: ['127.0.0.1'] }
    const body = new Uint8Array()
    const failed = relay({ platform, target, body, contentType: 'x/y', idleTimeoutMs: 1000 })
    await expect(failed).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })
})
