import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Deps } from '../../src/flows/deps.ts'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { requestAccess } from './request-access.ts'

const adminKey = `bw_${'a'.repeat(43)}`
const narrowKey = `bw_${'b'.repeat(43)}`
const entry = (name: string, key: string, rest = {}) => ({
  ...{ name, sha256: createHash('sha256').update(key).digest('hex'), endpoints: ['*'], ...rest },
})
const endpoints = {
  '*': { upstream: 'https://upstream.example/v2', store: 'main', upstreamKey: { env: 'ANY' } },
}
const auth = (rest = {}) => ({
  mode: 'keys',
  keys: [
    entry('admin', adminKey, { scopes: ['admin'] }),
    entry('narrow', narrowKey, { endpoints: ['a', 'b'], maxBytes: 1000 }),
  ],
  ...rest,
})

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({ endpoints, auth: auth() })
})

async function ask(
  path: string,
  key: string,
  body?: string,
  init: RequestInit = {},
  deps: Deps = gateway.deps,
): Promise<Response> {
  const headers = new Headers({ authorization: `Bearer ${key}`, ...(init.headers as object) })
  if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)))
  const request = { method: 'POST', ...init, headers, ...(body !== undefined && { body }) }
  return await createApp(deps, requestAccess).request(path, request)
}

const wish = async (value: unknown, key = adminKey) =>
  await ask('/tokens', key, JSON.stringify(value))

async function tokenFor(value: unknown, key = adminKey): Promise<string> {
  const response = await wish(value, key)
  expect(response.status).toBe(201)
  const { token }: { token: string } = await response.json()
  return token
}

describe('POST /tokens', () => {
  test('makes a token for a quarter of an hour', async () => {
    for (const body of ['{}', '', undefined]) {
      const response = await ask('/tokens', narrowKey, body)
      expect(response.status).toBe(201)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.json()).toEqual({
        token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
        tokenType: 'Bearer',
        expiresAt: '2026-11-21T12:15:00.000Z',
      })
    }
  })

  test('makes it live as long as is asked for and allowed', async () => {
    const { expiresAt } = await (await wish({ ttlSeconds: 3600 })).json()
    expect(expiresAt).toBe('2026-11-21T13:00:00.000Z')
    gateway = fakeGateway({ endpoints, auth: auth({ tokenMaxSeconds: 60 }) })
    const short = await (await wish({})).json()
    expect(short.expiresAt).toBe('2026-11-21T12:01:00.000Z')
    const response = await wish({ ttlSeconds: 61 })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      ...{ code: 'invalid_request', pointer: '/ttlSeconds' },
      ...{ limitName: 'tokenMaxSeconds', limit: 60, actual: 61 },
    })
  })

  test.each([
    [{ ttlSeconds: 0 }, '/ttlSeconds'],
    [{ ttlSeconds: 1.5 }, '/ttlSeconds'],
    [{ ttlSeconds: '60' }, '/ttlSeconds'],
    [{ maxBytes: 0 }, '/maxBytes'],
    [{ subject: '' }, '/subject'],
    [{ subject: 'a\nb' }, '/subject'],
    [{ subject: 'x'.repeat(129) }, '/subject'],
    [{ subject: 'a\ud800' }, '/subject'],
    [{ subject: 7 }, '/subject'],
    [{ endpoints: [] }, '/endpoints'],
    [{ endpoints: 'a' }, '/endpoints'],
    [{ endpoints: ['a/b'] }, '/endpoints/0'],
    [{ endpoints: Array(21).fill('a') }, '/endpoints'],
    [{ scopes: ['admin'] }, '/scopes'],
    [[], ''],
    [null, ''],
  ])('refuses %j', async (value, pointer) => {
    const response = await wish(value)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_request', pointer })
  })

  test('reads JSON, and little of it', async () => {
    for (const body of ['{', 'a=b', '{}{}']) {
      expect(await (await ask('/tokens', adminKey, body)).json()).toMatchObject({
        code: 'invalid_json',
      })
    }
    const response = await ask('/tokens', adminKey, ' '.repeat(70_000))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ limitName: 'smallBodyBytes' })
  })

  test('gives nothing that the key has not', async () => {
    const foreign = await wish({ endpoints: ['a', 'c'] }, narrowKey)
    expect(foreign.status).toBe(404)
    expect(await foreign.json()).toMatchObject({
      detail: 'Cannot find endpoint c',
      pointer: '/endpoints/1',
    })
    expect((await wish({ endpoints: ['*'] }, narrowKey)).status).toBe(404)
    expect((await wish({ endpoints: ['*'] }, adminKey)).status).toBe(201)
    expect((await wish({ maxBytes: 1000 }, narrowKey)).status).toBe(201)
    const large = await wish({ maxBytes: 1001 }, narrowKey)
    expect(await large.json()).toMatchObject({ limitName: 'maxBytes', limit: 1000, actual: 1001 })
  })

  test('needs a key: with a token it is forbidden', async () => {
    for (const key of ['', 'a-key', `bw_${'z'.repeat(43)}`, 'ey.a.b']) {
      expect((await ask('/tokens', key, '{}')).status, key).toBe(401)
    }
    const response = await ask('/tokens', await tokenFor({}), '{}')
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'forbidden' })
  })

  test('is nowhere else: by another method, in another mode, with no life to give', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await ask('/tokens', adminKey, undefined, { method })).status, method).toBe(404)
    }
    const jwt = {
      ...{ mode: 'jwt', issuer: 'https://id.example', audience: 'a' },
      jwksUrl: 'https://id.example/jwks',
    }
    for (const mode of [{ mode: 'passthrough' }, jwt, auth({ tokenMaxSeconds: 0 })]) {
      const other = fakeGateway({ endpoints, auth: mode })
      const response = await ask('/tokens', adminKey, '{}', {}, other.deps)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ detail: 'Cannot find this route' })
      expect(other.sent).toEqual([])
    }
  })

  test('leaves nothing of key or token in the log', async () => {
    const token = await tokenFor({ subject: 'visitor-81' })
    await ask('/v2/a/run', token, '{"input":{}}')
    await ask('/v2/a/run', `${token}x`, '{"input":{}}')
    const [, payload = '', signature = ''] = token.split('.')
    const logged = JSON.stringify(gateway.logged)
    for (const text of [payload, signature, adminKey, 'visitor-81']) {
      expect(logged).not.toContain(text)
    }
  })
})

describe('a client token', () => {
  const submit = (token: string, endpoint = 'a', body = '{"input":{}}') =>
    ask(`/v2/${endpoint}/run`, token, body)

  test("submits with the gateway's own key, for its endpoints alone", async () => {
    const token = await tokenFor({ endpoints: ['a'] })
    expect((await submit(token)).status).toBe(200)
    const { headers } = gateway.sent.at(-1) ?? {}
    expect(headers?.get('authorization')).toBe('Bearer any-secret')
    const response = await submit(token, 'c')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ detail: 'Cannot find endpoint c' })
  })

  test('has no admin scope, whatever its key has', async () => {
    const token = await tokenFor({})
    expect((await ask('/v2/a/purge-queue', token)).status).toBe(403)
    expect((await ask('/v2/a/requests', token, undefined, { method: 'GET' })).status).toBe(403)
    expect((await ask('/v2/a/requests', adminKey, undefined, { method: 'GET' })).status).toBe(200)
  })

  test('shows the jobs of its own subject alone', async () => {
    const ann = await tokenFor({ subject: 'ann' })
    expect((await submit(ann)).status).toBe(200)
    const status = async (key: string) =>
      (await ask('/v2/a/status/job-1', key, undefined, { method: 'GET' })).status
    expect(await status(ann)).toBe(200)
    expect(await status(await tokenFor({ subject: 'ann' }))).toBe(200)
    expect(await status(await tokenFor({ subject: 'bob' }))).toBe(404)
    expect(await status(await tokenFor({}))).toBe(404)
    expect(await status(adminKey)).toBe(404)
    expect(await status(narrowKey)).toBe(404)
  })

  test('without a subject shares the jobs of its key', async () => {
    expect((await submit(await tokenFor({}))).status).toBe(200)
    const { status } = await ask('/v2/a/status/job-1', adminKey, undefined, { method: 'GET' })
    expect(status).toBe(200)
  })

  test('is refused when it has ended', async () => {
    const token = await tokenFor({ ttlSeconds: 60 })
    gateway.clock.now += 70_000
    const response = await submit(token)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ detail: 'Get a new token: this one has expired' })
  })

  test('bounds what is sent, with a length and without', async () => {
    const token = await tokenFor({ maxBytes: 100 })
    const body = `{"input":{"a":"${'x'.repeat(100)}"}}`
    for (const path of ['run', 'runsync', 'status/job-1', 'cancel/job-1', 'retry/job-1']) {
      const response = await ask(`/v2/a/${path}`, token, body)
      expect(response.status, path).toBe(413)
      expect(await response.json()).toMatchObject({
        ...{ code: 'body_too_large', limitName: 'maxBytes', limit: 100, actual: body.length },
      })
    }
    expect(gateway.sent).toEqual([])
    const chunked = new Headers({ authorization: `Bearer ${token}` })
    const response = await createApp(gateway.deps, requestAccess).request('/v2/a/run', {
      ...{ method: 'POST', headers: chunked, body },
    })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ limitName: 'maxBytes', limit: 100 })
    expect(gateway.sent).toEqual([])
    expect((await ask('/v2/a/run', token, '{"input":{}}')).status).toBe(200)
  })

  test('counts bodies of unknown length that are only passed on, too', async () => {
    const token = await tokenFor({ maxBytes: 100 })
    const headers = new Headers({ authorization: `Bearer ${token}` })
    expect((await submit(token)).status).toBe(200)
    const response = await createApp(gateway.deps, requestAccess).request('/v2/a/cancel/job-1', {
      ...{ method: 'POST', headers, body: 'x'.repeat(101) },
    })
    expect(response.status).toBe(413)
  })
})
