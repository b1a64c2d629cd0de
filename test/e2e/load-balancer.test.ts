import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createLoadBalancer } from '../../dev/platform/load-balancer.ts'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'

const workers = await createLoadBalancer()
const loadBalancer = { upstream: `${workers.url}/{endpointId}`, headers: ['x-tenant'] }

const stack = useStack({
  worker: 'none',
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      lb: { loadBalancer },
      staged: {
        as: 'url',
        loadBalancer: { ...loadBalancer, rules: [{ pointer: '/file', stage: true }] },
      },
    },
  }),
})

afterAll(() => workers.close())

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const socketUrl = (path: string) => `${stack.url.replace('http', 'ws')}${path}`
const headers = { authorization: 'Bearer rpa_test', 'x-runpod-worker-id': 'strict w-7' }

describe('Requests to workers', () => {
  test('have any method, path and query, and go both ways with affinity', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const body = method === 'GET' ? undefined : 'a body'
      const answer = await stack.call(method, '/lb/lb/a//b%20c?d=%2F&e', {
        ...(body && { body }),
        headers: {
          'content-type': 'text/plain',
          'x-runpod-worker-id': 'strict w-7',
          'x-tenant': 'acme',
          cookie: 'a=b',
        },
      })
      expect(answer.status, answer.text).toBe(200)
      const seen = json(answer)
      expect(seen).toMatchObject({ method, url: '/lb/a//b%20c?d=%2F&e', text: body ?? '' })
      expect(seen['headers']).toMatchObject({
        authorization: 'Bearer rpa_test',
        'x-runpod-worker-id': 'strict w-7',
        'x-tenant': 'acme',
      })
      expect(seen['headers']).not.toHaveProperty('cookie')
      expect(answer.headers['x-runpod-worker-id']).toBe('w-7')
    }
    const head = await stack.call('HEAD', '/lb/lb/ping')
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' })
  })

  test('carry any bytes up to the limit, and none beyond it', async () => {
    const body = bytesOf(20_000_000)
    const type = { 'content-type': 'application/octet-stream' }
    const answer = await stack.call('POST', '/lb/lb/upload', { body, headers: type })
    expect(json(answer)).toMatchObject({ bytes: body.length, sha256: sha256(body) })
    const over = await stack.call('POST', '/lb/lb/upload', {
      body: bytesOf(31_457_281),
      headers: type,
    })
    expect(over.status).toBe(413)
    expect(json(over)).toMatchObject({ limitName: 'loadBalancer.maxBytes' })
  })

  test('are refused as the workers refuse them, and redirected to the gateway', async () => {
    const bad = await stack.call('GET', '/lb/lb/ping', { key: 'bad_key' })
    expect({ status: bad.status, body: json(bad) }).toEqual({
      status: 401,
      body: { error: 'unauthorized' },
    })
    expect((await stack.call('GET', '/lb/hand/ping')).status).toBe(404)
    const redirect = await stack.call('GET', '/lb/lb/redirect')
    expect(redirect.status).toBe(307)
    expect(redirect.headers['location']).toBe(`${stack.url}/lb/lb/there?a=b`)
  })

  test('have links in place of files, whatever their size, which the workers fetch and no answer shows', async () => {
    const file = bytesOf(30_000_000)
    const body = JSON.stringify({ file: file.toString('base64') })
    expect(body.length).toBeGreaterThan(31_457_280)
    const answer = await stack.call('POST', '/lb/staged/fetch', { body })
    expect(answer.status, answer.text).toBe(200)
    const seen = json(answer)
    expect(seen).toMatchObject({ status: 200, sha256: sha256(file) })
    expect(seen['link']).toMatch(/\/files\/\*+\/0-file\.bin$/)
    expect(stack.gatewayLines.join('\n')).toMatch(/"event":"secret_removed","kind":"input link"/)
  })
})

describe('WebSockets to workers', () => {
  test('carry text and bytes both ways, by ws and by the client of Node', async () => {
    const client = new WebSocket(socketUrl('/lb/lb/chat?a=b'), ['chat.v1'], { headers })
    const messages: Buffer[] = []
    client.on('message', (message: Buffer) => messages.push(message))
    await once(client, 'open')
    expect(client.protocol).toBe('chat.v1')
    const large = randomBytes(900_000)
    client.send('hello')
    client.send(large)
    await expect.poll(() => messages.length, { timeout: 20_000 }).toBe(3)
    expect(JSON.parse(`${messages[0]}`)).toMatchObject({
      url: '/lb/chat?a=b',
      headers: { authorization: 'Bearer rpa_test', 'x-runpod-worker-id': 'strict w-7' },
    })
    expect(`${messages[1]}`).toBe('hello')
    expect(messages[2]?.equals(large)).toBe(true)
    client.close(1000)
    expect((await once(client, 'close'))[0]).toBe(1000)

    const native = new globalThis.WebSocket(socketUrl('/lb/lb/chat'), {
      headers,
    } as unknown as string[])
    const first = await new Promise<MessageEvent>((resolve, reject) => {
      native.onmessage = resolve
      native.onerror = reject
    })
    expect(JSON.parse(first.data).url).toBe('/lb/chat')
    native.close()
  })

  test('are refused where the workers refuse them, or there are none', async () => {
    for (const [path, key, status] of [
      ['/lb/lb/chat', 'bad_key', 401],
      ['/lb/hand/chat', 'rpa_test', 404],
    ] as const) {
      const client = new WebSocket(socketUrl(path), { headers: { authorization: `Bearer ${key}` } })
      client.on('error', () => {})
      const [, response] = await once(client, 'unexpected-response')
      expect(response.statusCode).toBe(status)
      client.terminate()
    }
  })

  test('end for both when one end does', async () => {
    const client = new WebSocket(socketUrl('/lb/lb/chat'), { headers })
    await once(client, 'message')
    const ended = once(client, 'close')
    workers.endWebSockets()
    await ended
  })
})
