import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'

const page = 'https://app.example.com'
const acme = `bw_${'a'.repeat(43)}`
const upstreamKey = 'rpa_of_the_gateway'

const stack = useStack({
  env: { BULKWAY_UPSTREAM_KEY: upstreamKey },
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      '*': { ...document.endpoints['*'], upstreamKey: { env: 'BULKWAY_UPSTREAM_KEY' } },
    },
    auth: {
      mode: 'keys',
      keys: [
        {
          name: 'acme',
          sha256: createHash('sha256').update(acme).digest('hex'),
          endpoints: ['demo', 'always'],
          scopes: ['admin'],
        },
      ],
    },
    cors: { origins: [page], maxAgeSeconds: 300 },
  }),
})

const fromPage = { origin: page }

async function tokenFor(wish: object): Promise<string> {
  const body = JSON.stringify(wish)
  const answer = await stack.call('POST', '/tokens', { key: acme, body })
  expect(answer.status, answer.text).toBe(201)
  return String(json(answer)['token'])
}

describe('A page in a browser', () => {
  test('asks first, calls with a token, and downloads what came out', async () => {
    const asking = await stack.call('OPTIONS', '/v2/demo/run', {
      key: '',
      headers: {
        ...fromPage,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    expect(asking.status).toBe(204)
    expect(asking.headers['access-control-allow-origin']).toBe(page)
    expect(asking.headers['access-control-max-age']).toBe('300')
    expect(asking.headers['vary']).toMatch(/Origin/)

    const key = await tokenFor({ subject: 'visitor-81', endpoints: ['demo'] })
    const submitted = await stack.submit(
      'demo',
      { input: { task: 'write', bytes: 300_000 } },
      { key, headers: fromPage },
    )
    expect(submitted.status, submitted.text).toBe(200)
    expect(submitted.headers['access-control-allow-origin']).toBe(page)
    const jobId = String(json(submitted)['id'])
    const settled = await stack.settled('demo', jobId, key)
    expect(json(settled)['status']).toBe('COMPLETED')

    const [link] = settled.text.match(/\/files\/[^"\\]+/) ?? []
    const file = await stack.call('GET', link ?? '/none', { key: '', headers: fromPage })
    expect(file.status).toBe(200)
    expect(file.bytes).toHaveLength(300_000)
    // On Node it leaves beside the framework.
    expect(file.headers['access-control-allow-origin']).toBe(page)
    expect(file.headers['access-control-expose-headers']).toContain('content-disposition')
    expect((await stack.call('GET', `/v2/demo/status/${jobId}`, { key: acme })).status).toBe(404)
  })

  test('reads problems too, while one of another origin reads nothing', async () => {
    const refused = await stack.submit('demo', { input: {} }, { key: 'bad', headers: fromPage })
    expect(refused.status).toBe(401)
    expect(refused.headers['access-control-allow-origin']).toBe(page)

    for (const origin of ['https://evil.example', 'null']) {
      const asking = await stack.call('OPTIONS', '/v2/demo/run', {
        key: '',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
      const answer = await stack.call('GET', '/v2/demo/health', { key: acme, headers: { origin } })
      for (const { headers } of [asking, answer]) {
        expect(headers['access-control-allow-origin']).toBeUndefined()
        expect(headers['access-control-allow-methods']).toBeUndefined()
        expect(headers['vary']).toMatch(/Origin/)
      }
    }
    const bucket = await stack.call('GET', '/s3/job_files/x', { key: '', headers: fromPage })
    expect(bucket.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('A client token', () => {
  test('is good for its endpoints, its bytes and its subject, and makes no other', async () => {
    const key = await tokenFor({ subject: 'ann', endpoints: ['always'], maxBytes: 100_000 })
    expect((await stack.submit('demo', { input: {} }, { key })).status).toBe(404)
    const large = JSON.stringify({ input: { file: bytesOf(100_000).toString('base64') } })
    for (const chunked of [false, true]) {
      const answer = await stack.submit('always', large, { key, chunked })
      expect(answer.status).toBe(413)
      expect(json(answer)).toMatchObject({ limitName: 'maxBytes', limit: 100_000 })
    }
    expect((await stack.call('POST', '/tokens', { key, body: '{}' })).status).toBe(403)
    expect((await stack.call('POST', '/v2/always/purge-queue', { key })).status).toBe(403)

    const id = await stack.submitted('always', { input: { a: 1 } }, { key })
    const status = async (token: string) =>
      (await stack.call('GET', `/v2/always/status/${id}`, { key: token })).status
    expect(await status(await tokenFor({ subject: 'ann' }))).toBe(200)
    expect(await status(await tokenFor({ subject: 'bob' }))).toBe(404)
    expect(stack.submissions()).toBeGreaterThan(0)
    const sent = JSON.stringify(stack.upstream.log)
    expect(sent).not.toContain(key.split('.')[2])
  })
})

test('Nothing of a key or token stands in the log', async () => {
  const key = await tokenFor({ subject: 'carol-in-the-log' })
  await stack.submit('demo', { input: {} }, { key })
  await stack.submit('demo', { input: {} }, { key: `${key}x` })
  const lines = stack.gatewayLines.join('\n')
  for (const text of [...key.split('.').slice(1), acme, 'carol-in'])
    expect(lines).not.toContain(text)
})
