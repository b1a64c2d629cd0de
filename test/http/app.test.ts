import { beforeEach, describe, expect, test } from 'vitest'
import { GatewayError, PROBLEMS, type ProblemCode } from '../../src/errors.ts'
import type { Deps } from '../../src/flows/deps.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { createApp } from '../../src/http/app.ts'
import { makeFileLink } from '../../src/outputs/file-link.ts'
import { outputPrefix } from '../../src/store/keys.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { requestAccess } from './request-access.ts'

const adminKey = `bw_${'a'.repeat(43)}`
const plainKey = `bw_${'b'.repeat(43)}`

async function keysMode(): Promise<FakeGateway> {
  const hash = async (text: string) => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
    return Buffer.from(digest).toString('hex')
  }
  return fakeGateway({
    endpoints: {
      '*': {
        upstream: 'https://upstream.example/v2',
        store: 'main',
        upstreamKey: { env: 'ANY' },
      },
    },
    auth: {
      mode: 'keys',
      keys: [
        { name: 'admin', sha256: await hash(adminKey), endpoints: ['*'], scopes: ['admin'] },
        { name: 'plain', sha256: await hash(plainKey), endpoints: ['*'] },
      ],
    },
  })
}

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

async function ask(
  path: string,
  init: RequestInit & { key?: string } = {},
  deps: Deps = gateway.deps,
): Promise<Response> {
  const { key = 'a-key', ...rest } = init
  const headers = new Headers(rest.headers)
  if (!headers.has('authorization')) headers.set('authorization', `Bearer ${key}`)
  if (typeof rest.body === 'string') {
    headers.set('content-length', String(rest.body.length))
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  }
  return await createApp(deps, requestAccess).request(path, { ...rest, headers })
}

const post = (path: string, init: RequestInit & { key?: string } = {}) =>
  ask(path, { method: 'POST', body: '{"input":{}}', ...init })
const asked = () => gateway.sent.map(({ method, url }) => `${method} ${url}`)
const upstream = 'https://upstream.example/v2'

async function expectProblem(response: Response, code: ProblemCode): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = await response.json()
  expect(problem).toMatchObject({ code, status: response.status })
  expect(response.status).toBe(PROBLEMS[code].status)
}

describe('routes of the platform', () => {
  test.each([
    ['POST', 'run'],
    ['POST', 'runsync?wait=1000'],
    ['GET', 'status/job-1'],
    ['POST', 'status/job-1'],
    ['GET', 'status-sync/job-1'],
    ['POST', 'status-sync/job-1'],
    ['GET', 'stream/job-1'],
    ['POST', 'stream/job-1'],
    ['POST', 'cancel/job-1'],
    ['POST', 'retry/job-1'],
    ['POST', 'purge-queue'],
    ['GET', 'health'],
    ['GET', 'requests?limit=1'],
    ['POST', 'openai/v1/chat/completions'],
    ['GET', 'openai/v1/models'],
    ['POST', 'batch'],
    ['PUT', 'something/else'],
  ])('send %s %s on, query and all', async (method, path) => {
    const body = method === 'GET' ? {} : { body: '{"input":{}}' }
    const response = await ask(`/v2/plain/${path}`, { method, ...body })
    expect(response.status).toBe(200)
    expect(asked()).toEqual([`${method} ${upstream}/plain/${path}`])
    expect(gateway.sent[0]?.headers.get('authorization')).toBe('Bearer a-key')
  })

  test.each([
    ['//v2/plain/run', 'run'],
    ['/v2//plain///run', 'run'],
    ['/v2/plain/run/', 'run'],
    ['/v2/plain/run//', 'run'],
    ['//v2/plain//status//job-1//', 'status/job-1'],
    ['/v2/plain//openai//v1/', 'openai/v1'],
  ])('mean the same with doubled and trailing slashes: %s', async (path, sent) => {
    const response = await post(`http://gateway.example${path}`)
    expect(response.status).toBe(200)
    expect(asked()).toEqual([`POST ${upstream}/plain/${sent}`])
  })

  test.each([
    ['GET', 'run'],
    ['PUT', 'run'],
    ['DELETE', 'run'],
    ['GET', 'runsync'],
    ['DELETE', 'status/job-1'],
    ['GET', 'cancel/job-1'],
    ['GET', 'retry/job-1'],
    ['GET', 'purge-queue'],
    ['POST', 'health'],
    ['POST', 'requests'],
    ['POST', 'status'],
    ['POST', 'run/more'],
    ['POST', 'status/job-1/more'],
  ])('are a 404 for %s %s, and nothing is sent on', async (method, path) => {
    await expectProblem(await ask(`/v2/plain/${path}`, { method }), 'not_found')
    expect(asked()).toEqual([])
  })

  test.each([
    'job-take/worker-1',
    'job-take-batch/worker-1',
    'job-done/worker-1/job-1',
    'job-stream/worker-1/job-1',
    'ping/worker-1',
    'ping',
    'PING',
    'Job-Take/worker-1',
    '/job-take/worker-1',
    'job%2Dtake/worker-1',
    '%6Aob-take/worker-1',
    '%70ing',
    'job-take%2Fworker-1',
    'openai/../ping/worker-1',
    'openai/%2e%2e/ping/worker-1',
    'openai/..%2Fping/worker-1',
    'openai/%2e%2e%2fping',
    'openai/v1/..%2f..%2f..%2fjob-take',
    'openai/..%5Cping',
    '%2e/ping',
    '%2Fping',
    './ping',
    'ping;x=1',
    '%E2%80%8Bping',
  ])('are none for workers: %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const response = await ask(`http://gateway.example/v2/plain/${path}`, { method })
      await expectProblem(response, 'not_found')
    }
    expect(asked()).toEqual([])
  })

  test.each(['..', '%2e%2e', 'a%2Fb', 'a%20b', 'x'.repeat(65), '%00', 'a@b', 'a:b'])(
    'take no endpoint called %s',
    async (id) => {
      for (const path of ['run', 'status/job-1', 'anything']) {
        await expectProblem(await post(`http://gateway.example/v2/${id}/${path}`), 'not_found')
      }
      expect(asked()).toEqual([])
    },
  )

  test.each(['%2e%2e', '..%2Fhealth', 'a%20b', 'x'.repeat(129)])(
    'take no job called %s',
    async (id) => {
      for (const path of ['status', 'cancel', 'retry', 'stream']) {
        await expectProblem(
          await post(`http://gateway.example/v2/plain/${path}/${id}`),
          'not_found',
        )
      }
      expect(asked()).toEqual([])
    },
  )

  test('need a key', async () => {
    for (const path of ['run', 'status/job-1', 'openai/v1/models']) {
      const response = await post(`/v2/plain/${path}`, { headers: { authorization: ' ' } })
      await expectProblem(response, 'unauthorized')
    }
    expect(asked()).toEqual([])
  })

  test('take the raw key, as RunPod does, and send it raw', async () => {
    await post('/v2/plain/run', { headers: { authorization: 'raw-key' } })
    expect(gateway.sent[0]?.headers.get('authorization')).toBe('raw-key')
  })
})

describe('routes in keys mode', () => {
  beforeEach(async () => {
    gateway = await keysMode()
  })

  test('are a 404 where nothing can say whose they are', async () => {
    for (const path of ['openai/v1/files', 'logs', 'something/else', 'job-take/worker-1']) {
      await expectProblem(await post(`/v2/any/${path}`, { key: adminKey }), 'not_found')
    }
    expect(asked()).toEqual([])
  })

  test('of the admin need its scope', async () => {
    await expectProblem(await post('/v2/any/purge-queue', { key: plainKey }), 'forbidden')
    await expectProblem(await ask('/v2/any/requests', { key: plainKey }), 'forbidden')
    expect((await post('/v2/any/purge-queue', { key: adminKey })).status).toBe(200)
    expect((await ask('/v2/any/requests', { key: adminKey })).status).toBe(200)
    expect((await ask('/v2/any/health', { key: plainKey })).status).toBe(200)
    for (const { headers } of gateway.sent) {
      expect(headers.get('authorization')).toBe('Bearer any-secret')
    }
  })

  test('do not know a key that is not theirs', async () => {
    await expectProblem(await post('/v2/any/run'), 'unauthorized')
  })

  test("show another principal's job to nobody", async () => {
    const submitted = await post('/v2/any/run', { key: plainKey })
    expect(await submitted.json()).toEqual({ id: 'job-1', status: 'IN_QUEUE' })
    const before = gateway.sent.length
    for (const path of ['status/job-1', 'stream/job-1', 'cancel/job-1', 'retry/job-1']) {
      await expectProblem(await post(`/v2/any/${path}`, { key: adminKey }), 'not_found')
      await expectProblem(await post(`/v2/other/${path}`, { key: plainKey }), 'not_found')
    }
    expect(gateway.sent).toHaveLength(before)
    expect((await ask('/v2/any/status/job-1', { key: plainKey })).status).toBe(200)
  })
})

describe('a problem', () => {
  const codes = Object.keys(PROBLEMS) as ProblemCode[]

  /** An application whose authentication throws. */
  const failing = (error: unknown) =>
    ask(
      '/v2/plain/run',
      { method: 'POST', body: '{}' },
      {
        ...gateway.deps,
        authenticate: () => Promise.reject(error),
      },
    )

  test.each(codes)('%s has its status, its title and the text that clients read', async (code) => {
    const facts = { pointer: '/input/a', offset: 7, limitName: 'x', limit: 1, actual: 2 }
    const response = await failing(new GatewayError(code, 'Do this instead', facts))
    expect(response.status).toBe(PROBLEMS[code].status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.has('retry-after')).toBe(false)
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: PROBLEMS[code].title,
      status: PROBLEMS[code].status,
      code,
      detail: 'Do this instead',
      error: 'Do this instead',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ...facts,
    })
  })

  test('says in Retry-After when to come again', async () => {
    const response = await failing(new GatewayError('busy', 'Later', { retryAfterSeconds: 7 }))
    expect(response.headers.get('retry-after')).toBe('7')
    expect(await response.json()).not.toHaveProperty('retryAfterSeconds')
  })

  test('shows neither cause nor stack, which are in the log', async () => {
    const cause = new Error('hidden https://store.example/k?X-Amz-Signature=sig')
    const response = await failing(new GatewayError('store_unavailable', 'Gone', { cause }))
    const text = await response.text()
    expect(text).not.toMatch(/hidden|stack|cause|node_modules|\.ts/)
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({
        event: 'problem',
        code: 'store_unavailable',
        cause: 'Error: hidden https://store.example/k?…',
      }),
    )
  })

  test.each([
    ['a bug', new TypeError('hidden: x is not a function')],
    ['a thrown text', 'hidden text'],
    ['nothing at all', undefined],
  ])('made of %s is an internal error that tells nothing', async (_, error) => {
    const response = await failing(error)
    expect(response.status).toBe(500)
    expect(await response.clone().text()).not.toContain('hidden')
    await expectProblem(response, 'internal_error')
  })

  test('has the request id of the log', async () => {
    const { requestId } = await (await ask('/nowhere')).json()
    const ids = gateway.logged.map((event) => event['requestId'])
    expect(ids).toEqual([requestId, requestId])
  })

  test('does not tell the log whose key or which job it was', async () => {
    await post('/v2/plain/status/job-secret?token=hush', { key: 'hush-key' })
    await ask('/files/sealed-hush/name')
    expect(JSON.stringify(gateway.logged)).not.toMatch(/hush/)
  })

  test.each([
    ['POST', '/v2/plain/run', { 'content-encoding': 'gzip' }, 'content_encoding'],
    ['POST', '/v2/plain/run', { 'content-type': 'image/png' }, 'unsupported_media_type'],
    ['POST', '/webhooks/forged', {}, 'not_found'],
    ['GET', '/files/forged/name.png', {}, 'not_found'],
    ['POST', '/', {}, 'not_found'],
    ['GET', '/index.html', {}, 'not_found'],
    ['GET', '/v2', {}, 'not_found'],
    ['GET', '/v2/plain', {}, 'not_found'],
    ['GET', '/v3/plain/run', {}, 'not_found'],
    ['POST', '/healthz', {}, 'not_found'],
    ['DELETE', '/files/sealed/name', {}, 'not_found'],
    ['GET', '/webhooks/sealed', {}, 'not_found'],
  ] as const)('answers %s %s %j', async (method, path, headers, code) => {
    const body = method === 'POST' ? { body: '{}' } : {}
    await expectProblem(await ask(path, { method, headers, ...body }), code)
    expect(asked()).toEqual([])
  })

  test('answers a webhook without a body', async () => {
    await expectProblem(await ask('/webhooks/sealed', { method: 'POST' }), 'invalid_request')
  })

  test('is a 502 where upstream is gone', async () => {
    gateway.upstream = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1'))
    const response = await post('/v2/plain/run')
    expect(await response.clone().text()).not.toContain('10.0.0.1')
    await expectProblem(response, 'upstream_unreachable')
  })
})

describe('an upstream answer', () => {
  test('keeps status and body, and loses what is not for the client', async () => {
    gateway.upstream = () =>
      answer(429, 'slow down', {
        'retry-after': '3',
        'content-type': 'text/plain',
        'set-cookie': 'a=1',
        server: 'hidden',
        location: 'https://hidden.example',
      })
    const response = await ask('/v2/plain/health')
    expect(response.status).toBe(429)
    expect(await response.text()).toBe('slow down')
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/plain',
      'retry-after': '3',
    })
  })

  test.each([204, 205, 304])('of status %i has no body', async (status) => {
    gateway.upstream = () => answer(status, undefined, {})
    const response = await ask('/v2/plain/health')
    expect(response.status).toBe(status)
    expect(response.body).toBeNull()
  })
})

describe('a file', () => {
  let link: string

  beforeEach(async () => {
    const { deps, clock, store } = gateway
    const day = '2026-11-30'
    const grantId = deps.grants.newId(day)
    const grant: Grant = {
      grantId,
      kid: 'k1',
      day,
      endpointId: 'demo',
      storeId: 'main',
      owner: 'k:1',
      state: 'ended',
      createdAt: clock.now,
      writeExpiresAt: clock.now,
      readExpiresAt: clock.now + 3_600_000,
      mounts: [{ path: '', key: outputPrefix({ day, grantId }), mode: 'read-write' }],
      secrets: [],
    }
    await deps.grants.seal(grant)
    await store.put(`${outputPrefix(grant)}a b.png`, new Uint8Array(1000), {
      contentType: 'image/png',
    })
    link = await makeFileLink({
      keyring: deps.keyring,
      publicUrl: 'https://gateway.example',
      grantId,
      path: 'a b.png',
      expiresAt: clock.now + 600_000,
    })
  })

  test('is there for who has the link, without a key', async () => {
    const response = await createApp(gateway.deps, requestAccess).request(link)
    expect(response.status).toBe(200)
    expect(await response.arrayBuffer()).toHaveProperty('byteLength', 1000)
    expect(response.headers.get('content-length')).toBe('1000')
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/)
    expect(response.headers.has('x-amz-version-id')).toBe(false)
  })

  test('answers HEAD with the length and no body', async () => {
    const asked: string[] = []
    gateway.store.before = (line) => void asked.push(line)
    const response = await ask(link, { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('1000')
    expect(response.headers.get('etag')).not.toBeNull()
    expect(await response.text()).toBe('')
    expect(asked.at(-1)).toMatch(/^HEAD /)
  })

  test('answers a condition that holds with 304 and no length', async () => {
    const etag = (await ask(link)).headers.get('etag') ?? ''
    const response = await ask(link, { headers: { 'if-none-match': etag } })
    expect(response.status).toBe(304)
    expect(response.headers.has('content-length')).toBe(false)
  })

  test('is gone when its link has expired', async () => {
    gateway.clock.now += 600_000
    await expectProblem(await ask(link), 'not_found')
  })

  test('is a 503 when the store is down', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('GET ')) throw unavailable()
    }
    const response = await ask(link)
    expect(response.headers.get('retry-after')).toBe('1')
    await expectProblem(response, 'store_unavailable')
  })
})

describe('the gateway itself', () => {
  test('is alive, whatever else is down', async () => {
    gateway.store.before = () => {
      throw unavailable()
    }
    for (const path of ['/healthz', '/healthz/', '//healthz']) {
      const response = await ask(`http://gateway.example${path}`)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ status: 'ok' })
    }
  })

  test('is ready while the state store answers', async () => {
    const response = await ask('/readyz')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ status: 'ok' })
    gateway.store.before = () => {
      throw unavailable()
    }
    const down = await ask('/readyz')
    expect(await down.clone().text()).not.toContain('secret-cause')
    await expectProblem(down, 'store_unavailable')
  })

  test('describes itself', async () => {
    const response = await ask('/openapi.json')
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await response.json()).toMatchObject({ openapi: expect.stringMatching(/^3\./) })
  })

  test('answers S3 requests in XML, slashes and all', async () => {
    for (const path of ['/s3', '/s3/', '/s3/job_files/in/a', '/s3/job_files//a//']) {
      const response = await ask(`http://gateway.example${path}`, {
        headers: { authorization: 'x' },
      })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.headers.get('content-type')).toBe('application/xml')
      expect(await response.text()).toContain('<Error><Code>')
    }
  })

  test('is alive and ready also where the job bucket has a host of its own', async () => {
    gateway = fakeGateway({ jobBucketUrl: 'https://bucket.example' })
    for (const path of ['/healthz', '/readyz', '/openapi.json']) {
      const response = await ask(`https://gateway.example${path}`)
      expect(response.status, path).toBe(200)
    }
    const response = await ask('https://bucket.example/job_files/in/a', {
      headers: { authorization: 'x' },
    })
    expect(await response.text()).toContain('<Error><Code>')
  })
})
