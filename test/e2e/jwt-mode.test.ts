import { afterAll, describe, expect, test } from 'vitest'
import { audience, issuer, makeKey, sign, startKeyServer } from '../auth/key-server.ts'
import { json } from './call.ts'
import { useStack } from './harness.ts'

const upstreamKey = 'rpa_of_the_gateway'
const first = await makeKey('first')
const provider = await startKeyServer(first)
afterAll(() => provider.close())

const stack = useStack({
  worker: 'none',
  env: { BULKWAY_UPSTREAM_KEY: upstreamKey },
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      '*': { ...document.endpoints['*'], upstreamKey: { env: 'BULKWAY_UPSTREAM_KEY' } },
    },
    auth: { mode: 'jwt', issuer, audience, jwksUrl: provider.url },
  }),
})

const tokenOf = async (claims: Record<string, unknown> = {}, key = first) =>
  await sign(key, { now: Date.now() }, { bulkway_endpoints: ['hand'], ...claims })
const body = { input: { a: 1 } }

describe('Callers with tokens of an identity provider', () => {
  test('are not let in while its keys cannot be fetched, and at once when they can', async () => {
    provider.answer = (_, response) => void response.writeHead(500).end()
    const key = await tokenOf()
    const answer = await stack.submit('hand', body, { key })
    expect(answer.status).toBe(503)
    expect(json(answer)).toMatchObject({ code: 'auth_unavailable' })
    provider.answer = undefined
    await expect
      .poll(async () => (await stack.submit('hand', body, { key })).status, { timeout: 20_000 })
      .toBe(200)
  })

  test("go upstream with the gateway's own key, many at once", async () => {
    const before = provider.asked
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) =>
        stack.submit('hand', body, { key: await tokenOf({ sub: `user-${n}` }) }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(provider.asked).toBe(before)
    const sent = stack.upstream.log.at(-1)
    expect(sent?.kept?.headers['authorization']).toBe(`Bearer ${upstreamKey}`)
  })

  test('see the jobs of their own subject, at the endpoints of their token', async () => {
    const id = await stack.submitted('hand', body, { key: await tokenOf({ sub: 'ann' }) })
    const status = async (claims: object) =>
      (await stack.call('GET', `/v2/hand/status/${id}`, { key: await tokenOf({ ...claims }) }))
        .status
    expect(await status({ sub: 'ann' })).toBe(200)
    expect(await status({ sub: 'bob' })).toBe(404)
    expect(await status({ sub: 'ann', bulkway_endpoints: 'demo always' })).toBe(404)
    const requests = await stack.call('GET', '/v2/hand/requests', {
      key: await tokenOf({ bulkway_scopes: 'admin' }),
    })
    expect(requests.status).toBe(200)
  })

  test('are refused with anything else', async () => {
    const forged = await tokenOf({}, await makeKey('first'))
    const old = await tokenOf({ exp: Math.floor(Date.now() / 1000) - 61 })
    const [header, payload] = (await tokenOf()).split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    for (const key of ['', 'rpa_test', upstreamKey, forged, old, none, `${header}.${payload}.AA`]) {
      const answer = await stack.submit('hand', body, { key })
      expect(answer.status, key).toBe(401)
      expect(json(answer)['code']).toBe('unauthorized')
    }
    const elsewhere = await stack.call('POST', '/tokens', { key: await tokenOf(), body: '{}' })
    expect(elsewhere.status).toBe(404)
  })
})
