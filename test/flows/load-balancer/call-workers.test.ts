import { beforeEach, describe, expect, test } from 'vitest'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { createApp } from '../../../src/http/app.ts'
import { requestAccess } from '../../http/request-access.ts'
import { answer } from '../../intake/memory-store.ts'
import { type FakeGateway, fakeGateway, type Sent } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const json = { 'content-type': 'application/json' }
const picture = Buffer.alloc(75_000, 'picture')
const base64 = picture.toString('base64')
const dataUri = `data:image/png;base64,${base64}`
const plainKey = `bw_${'b'.repeat(43)}`
const upstreamKey = 'any-secret'
const loadBalancer = {
  maxBytes: 300_000,
  headers: ['x-tenant'],
  rules: [
    { pointer: '/images/*', stage: true, mediaType: 'image/png' },
    { pointer: '/prompt', stage: false },
    { pointer: '/audio' },
  ],
}
let gateway: FakeGateway

function build(auth: object = { mode: 'passthrough' }): FakeGateway {
  const made = fakeGateway({
    endpoints: {
      '*': {
        upstream: 'https://upstream.example/v2',
        store: 'main',
        upstreamKey: { env: 'ANY' },
        loadBalancer,
      },
      bare: {},
      queue: { loadBalancer: { upstream: 'https://elsewhere.example/w/{endpointId}' } },
      over: { as: 'key' },
      eager: { as: 'url', stage: 'always' },
      pinged: { as: 'url', stage: 'always', loadBalancer: { ...loadBalancer, proof: 'ping' } },
    },
    auth,
  })
  made.upstream = ({ url }) => answer(200, /(health|ping)$/.test(url) ? '{}' : '{"ok":true}', json)
  return made
}

beforeEach(() => {
  gateway = build()
})

async function ask(path: string, init: RequestInit & { key?: string } = {}): Promise<Response> {
  const { key = 'a-key', ...rest } = init
  const headers = new Headers(rest.headers)
  headers.set('authorization', `Bearer ${key}`)
  if (typeof rest.body === 'string') {
    headers.set('content-length', String(Buffer.byteLength(rest.body)))
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  }
  return await createApp(gateway.deps, requestAccess).request(path, { ...rest, headers })
}

const post = (path: string, body: string, init: RequestInit = {}) =>
  ask(path, { method: 'POST', body, ...init })
const worked = (): Sent[] => gateway.sent.filter(({ url }) => !/(health|ping)$/.test(url))
const sentText = () => Buffer.from(worked().at(-1)?.body ?? []).toString()
const grants = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('grants/'))

async function served(link: string): Promise<string> {
  const sealed = link.split('/').at(-2) ?? ''
  return await readReply(await readFile(gateway.deps, 'GET', sealed, new Headers()))
}

describe('a request to workers', () => {
  test('goes to the host of its endpoint, whatever its method, path and query', async () => {
    for (const [method, path, url] of [
      ['GET', '/lb/bare', 'https://bare.api.runpod.ai/'],
      ['GET', '/lb/bare/', 'https://bare.api.runpod.ai/'],
      ['PUT', '/lb/bare/a/b?c=%20d&e', 'https://bare.api.runpod.ai/a/b?c=%20d&e'],
      ['DELETE', '/lb/bare/a//b/', 'https://bare.api.runpod.ai/a//b/'],
      ['PATCH', '/lb/bare/%2Fa%20b', 'https://bare.api.runpod.ai/%2Fa%20b'],
      ['OPTIONS', '/lb/bare/a', 'https://bare.api.runpod.ai/a'],
      ['HEAD', '/lb/bare/a', 'https://bare.api.runpod.ai/a'],
      ['GET', '/lb/queue/ping', 'https://elsewhere.example/w/queue/ping'],
    ] as const) {
      const response = await ask(path, { method })
      expect(response.status).toBe(200)
      expect(gateway.sent.at(-1)).toMatchObject({ method, url })
    }
  })

  test('is refused where the endpoint has no such side, or its id is no part of a host name', async () => {
    gateway = fakeGateway()
    expect((await ask('/lb/demo/a')).status).toBe(404)
    gateway = build()
    for (const id of ['a.b', 'a_b', '-a', '..', 'a%2eb', 'a@b', 'a:1']) {
      expect((await ask(`/lb/${id}/a`)).status, id).toBe(404)
    }
    expect(gateway.sent).toEqual([])
  })

  test('cannot leave the workers by its path', async () => {
    const access = { ...requestAccess, targetOf: () => target }
    let target = ''
    for (target of [
      '/lb/queue/../x',
      '/lb/queue/%2e%2e/x',
      '/lb/queue/a/..\\x',
      '/lb/queue/a#b',
      'http://gateway.example/lb/queue/a',
    ]) {
      const request = new Request('https://gateway.example/lb/queue/a', {
        headers: { authorization: 'Bearer a-key' },
      })
      expect((await createApp(gateway.deps, access).request(request)).status, target).toBe(404)
    }
    expect(gateway.sent).toEqual([])
  })

  test('carries affinity, what is configured, and conditions, but no cookies', async () => {
    gateway.upstream = () =>
      answer(206, 'part', {
        'x-runpod-worker-id': 'w-1',
        'x-tenant': 'acme',
        'x-other': 'inside',
        'set-cookie': 'a=b',
        'content-range': 'bytes 0-3/9',
        etag: '"e"',
      })
    const response = await ask('/lb/bare/a', {
      headers: {
        'x-runpod-worker-id': 'strict w-1',
        'x-tenant': 'acme',
        'x-other': 'outside',
        cookie: 'a=b',
        range: 'bytes=0-3',
      },
    })
    const sent = Object.fromEntries(worked().at(-1)?.headers ?? [])
    expect(sent).toMatchObject({
      authorization: 'Bearer a-key',
      range: 'bytes=0-3',
      'x-runpod-worker-id': 'strict w-1',
      'x-tenant': 'acme',
    })
    expect(Object.keys(sent)).not.toContain('cookie')
    expect(Object.keys(sent)).not.toContain('x-other')
    expect(response.status).toBe(206)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-range': 'bytes 0-3/9',
      etag: '"e"',
      'x-runpod-worker-id': 'w-1',
      'x-tenant': 'acme',
    })
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(response.headers.get('x-other')).toBeNull()
  })

  test('comes back with redirects that lead to the gateway, where they lead to the workers', async () => {
    for (const [location, own] of [
      ['http://elsewhere.example/w/queue/a/?b', 'https://gateway.example/lb/queue/a/?b'],
      ['/w/queue/a', 'https://gateway.example/lb/queue/a'],
      ['/a#b', 'https://gateway.example/lb/queue/a#b'],
      ['a/b', 'a/b'],
      ['https://other.example/a', 'https://other.example/a'],
    ] as const) {
      gateway.upstream = () => answer(307, '', { location })
      const response = await ask('/lb/queue/x', { redirect: 'manual' })
      expect(response.headers.get('location')).toBe(own)
    }
  })

  test('goes on as it came where nothing is staged, even JSON with data URIs', async () => {
    const body = JSON.stringify({ images: [dataUri], ref: 'bulkway:x' })
    expect((await post('/lb/bare/generate', body)).status).toBe(200)
    expect(sentText()).toBe(body)
    expect(gateway.store.objects.size).toBe(0)
  })

  test('is refused over the limit, with a word on the way out, and never sent', async () => {
    const body = 'x'.repeat(300_001)
    const headers = { 'content-type': 'application/octet-stream' }
    const response = await post('/lb/bare/a', body, { headers })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({
      code: 'body_too_large',
      limitName: 'loadBalancer.maxBytes',
      limit: 300_000,
      actual: 300_001,
    })
    expect(gateway.sent).toEqual([])
  })

  test('is cut off over the limit where it does not say how long it is', async () => {
    const response = await ask('/lb/bare/a', {
      method: 'POST',
      body: new Blob(['x'.repeat(300_001)]).stream(),
      headers: { 'content-type': 'application/octet-stream' },
      // @ts-expect-error undici wants it, its types do not know it
      duplex: 'half',
    })
    expect(response.status).toBe(413)
  })
})

describe('a JSON body where the endpoint stages', () => {
  test('has links for what the rules name and for data URIs, anywhere', async () => {
    const secret: string[] = []
    gateway.upstream = (sent) => {
      if (sent.url.endsWith('/health')) return answer(200, '{}')
      secret.push(Buffer.from(sent.body ?? []).toString())
      return answer(200, `{"echo":${secret.at(-1)}}`, json)
    }
    const body = JSON.stringify({
      images: [base64],
      deep: [{ file: dataUri }],
      prompt: dataUri,
      audio: base64,
      bare: base64,
      n: 1.0,
    })
    const response = await post('/lb/eager/generate', body)
    expect(response.status).toBe(200)
    const sent = JSON.parse(sentText())
    const form = /^https:\/\/gateway\.example\/files\/[\w-]+\/[\w.-]+$/
    expect(sent.images[0]).toMatch(form)
    expect(sent.deep[0].file).toMatch(form)
    expect(sent.audio).toMatch(form)
    expect(sent.prompt).toBe(dataUri)
    expect(sent.bare).toBe(base64)
    expect(await served(sent.images[0])).toBe(picture.toString())
    expect(await served(sent.deep[0].file)).toBe(picture.toString())
    // The answer shows neither link, and is as long as it was.
    const text = await response.text()
    const sealed = `${sent.images[0]}`.split('/').at(-2) ?? ''
    expect(text).not.toContain(sealed)
    expect(text.length).toBe(`{"echo":${secret.at(-1)}}`.length)
  })

  test('goes on whole while it fits, and with links where it would be too large', async () => {
    const small = JSON.stringify({ file: dataUri })
    await post('/lb/over/a', small)
    expect(sentText()).toBe(small)
    await post('/lb/over/a', JSON.stringify({ file: dataUri, more: [dataUri, dataUri] }))
    expect(JSON.parse(sentText()).more[1]).toMatch(/^https:/)
    expect(grants()).toHaveLength(1)
  })

  test('is refused where too much is left beside the links', async () => {
    const response = await post('/lb/eager/a', JSON.stringify({ text: 'ä b'.repeat(80_000) }))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ limitName: 'loadBalancer.maxBytes' })
    expect(worked()).toEqual([])
  })

  test('is not staged for a key that upstream refuses, by whichever proof', async () => {
    gateway.upstream = () => answer(401, '{"error":"no"}', json)
    const body = JSON.stringify({ images: [base64] })
    for (const [id, url] of [
      ['eager', 'https://upstream.example/v2/eager/health'],
      ['pinged', 'https://pinged.api.runpod.ai/ping'],
    ] as const) {
      expect((await post(`/lb/${id}/generate`, body)).status).toBe(401)
      expect(gateway.sent.at(-1)?.url).toBe(url)
    }
    expect(gateway.store.objects.size).toBe(0)
    expect(worked()).toEqual([])
  })

  test('leaves nothing behind when the workers refuse it', async () => {
    gateway.upstream = ({ url }) => answer(url.endsWith('/health') ? 200 : 400, '{"error":"no"}')
    expect((await post('/lb/eager/a', JSON.stringify({ images: [base64] }))).status).toBe(400)
    await gateway.idle()
    expect(gateway.store.objects.size).toBe(0)
  })

  test('of bad JSON is refused, of no JSON passed on', async () => {
    expect((await post('/lb/eager/a', '{"images":["\\u0"]}')).status).toBe(400)
    const headers = { 'content-type': 'text/plain' }
    expect((await post('/lb/eager/a', '{"images":[', { headers })).status).toBe(200)
  })
})

describe('a caller with a key of the gateway', () => {
  beforeEach(async () => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(plainKey))
    const sha256 = Buffer.from(digest).toString('hex')
    const keys = [{ name: 'plain', sha256, endpoints: ['bare', 'eager'] }]
    gateway = build({ mode: 'keys', keys })
  })

  test("goes upstream with the gateway's own key, which no answer shows", async () => {
    gateway.upstream = ({ headers }) =>
      answer(200, `you sent ${headers.get('authorization')}`, {
        'content-type': 'text/plain',
        'x-runpod-echo': `${headers.get('authorization')}`,
      })
    const response = await ask('/lb/bare/a', { key: plainKey, headers: { range: 'bytes=0-3' } })
    expect(worked().at(-1)?.headers.get('authorization')).toBe(`Bearer ${upstreamKey}`)
    // A part of an answer could not be cleaned.
    expect(worked().at(-1)?.headers.get('range')).toBeNull()
    expect(await response.text()).toBe(`you sent Bearer ${'*'.repeat(upstreamKey.length)}`)
    expect(response.headers.get('x-runpod-echo')).not.toContain(upstreamKey)
  })

  test('has no endpoint but its own', async () => {
    expect((await ask('/lb/over/a', { key: plainKey })).status).toBe(404)
    expect((await ask('/lb/bare/a', { key: 'rpa_other' })).status).toBe(401)
    expect(gateway.sent).toEqual([])
  })
})
