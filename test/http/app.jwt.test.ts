import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { makeKey, type ProviderKey, sign } from '../auth/key-server.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { answer } from '../intake/memory-store.ts'
import { requestAccess } from './request-access.ts'

const jwksUrl = 'https://id.example/keys?tenant=acme'
let key: ProviderKey
let gateway: FakeGateway
let publish: () => ReturnType<typeof answer>

beforeAll(async () => {
  key = await makeKey('a')
})

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main', upstreamKey: { env: 'ANY' } },
    },
    auth: {
      ...{ mode: 'jwt', issuer: 'https://id.example/', audience: 'https://gateway.example' },
      jwksUrl,
    },
  })
  publish = () => answer(200, JSON.stringify({ keys: [key.jwk] }))
  const { upstream } = gateway
  gateway.upstream = (sent) => (sent.url === jwksUrl ? publish() : upstream(sent))
})

const tokenOf = async (claims = {}) => await sign(key, gateway.clock, claims)
const asked = () => gateway.sent.map(({ method, url }) => `${method} ${url}`)

async function ask(method: string, path: string, token: string): Promise<Response> {
  const body = method === 'POST' ? '{"input":{}}' : undefined
  return await createApp(gateway.deps, requestAccess).request(path, {
    method,
    headers: {
      ...{ authorization: `Bearer ${token}` },
      ...(body !== undefined && { 'content-length': String(body.length) }),
    },
    ...(body !== undefined && { body }),
  })
}

describe('a gateway that takes tokens of an identity provider', () => {
  test("submits with its own key, and never sends the provider's token on", async () => {
    const token = await tokenOf()
    const response = await ask('POST', '/v2/demo/run', token)
    expect(response.status).toBe(200)
    expect(asked()).toEqual([`GET ${jwksUrl}`, 'POST https://upstream.example/v2/demo/run'])
    expect(gateway.sent.at(-1)?.headers.get('authorization')).toBe('Bearer any-secret')
    expect(JSON.stringify(gateway.sent.map(({ headers }) => [...headers]))).not.toContain(token)
    expect(gateway.sent[0]?.headers.has('authorization')).toBe(false)
  })

  test('answers an endpoint outside the claim as one that is not there', async () => {
    const response = await ask('POST', '/v2/other/run', await tokenOf())
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ detail: 'Cannot find endpoint other' })
    const none = await ask('POST', '/v2/demo/run', await tokenOf({ bulkway_endpoints: undefined }))
    expect(none.status).toBe(404)
    const all = await ask('POST', '/v2/other/run', await tokenOf({ bulkway_endpoints: '*' }))
    expect(all.status).toBe(200)
  })

  test('shows a job to its own subject alone', async () => {
    expect((await ask('POST', '/v2/demo/run', await tokenOf())).status).toBe(200)
    for (const path of ['status', 'stream', 'status-sync']) {
      const url = `/v2/demo/${path}/job-1`
      expect((await ask('GET', url, await tokenOf({ sub: 'user-2' }))).status).toBe(404)
      const admin = await tokenOf({ sub: 'user-2', bulkway_scopes: 'admin' })
      expect((await ask('GET', url, admin)).status).toBe(404)
    }
    expect((await ask('GET', '/v2/demo/status/job-1', await tokenOf())).status).toBe(200)
  })

  test('keeps to itself what can show the jobs of others', async () => {
    const admin = await tokenOf({ bulkway_scopes: ['admin'] })
    expect((await ask('POST', '/v2/demo/purge-queue', await tokenOf())).status).toBe(403)
    expect((await ask('POST', '/v2/demo/purge-queue', admin)).status).toBe(200)
    for (const path of ['openai/v1/files', 'logs', 'something/else']) {
      expect((await ask('GET', `/v2/demo/${path}`, admin)).status).toBe(404)
    }
    expect((await ask('GET', '/v2/demo/batch', await tokenOf())).status).toBe(403)
    expect((await ask('GET', '/v2/demo/health', await tokenOf())).status).toBe(200)
    expect((await ask('GET', '/v2/demo/openai/v1/models', await tokenOf())).status).toBe(200)
  })

  test('bounds what is sent by the claim', async () => {
    const response = await ask('POST', '/v2/demo/run', await tokenOf({ bulkway_max_bytes: 11 }))
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ limitName: 'maxBytes', limit: 11, actual: 12 })
    const fits = await ask('POST', '/v2/demo/run', await tokenOf({ bulkway_max_bytes: 12 }))
    expect(fits.status).toBe(200)
  })

  test('says "not now" while nobody can tell whether a token is good', async () => {
    publish = () => answer(500)
    const response = await ask('POST', '/v2/demo/run', await tokenOf())
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({
      code: 'auth_unavailable',
      title: 'Tokens cannot be checked now',
    })
    expect(asked()).toEqual([`GET ${jwksUrl}`])
  })

  test('leaves nothing of a token in the log', async () => {
    const token = await tokenOf({ sub: 'ann@example.com', email: 'ann@example.com' })
    await ask('POST', '/v2/demo/run', token)
    await ask('POST', '/v2/demo/run', await tokenOf({ sub: 'ann@example.com', exp: 1 }))
    const logged = JSON.stringify(gateway.logged)
    expect(logged).toContain('ERR_JWT_EXPIRED')
    for (const text of [...token.split('.').slice(1), 'ann@']) expect(logged).not.toContain(text)
  })

  test('knows no keys of the gateway', async () => {
    expect((await ask('POST', '/v2/demo/run', `bw_${'a'.repeat(43)}`)).status).toBe(401)
  })
})
