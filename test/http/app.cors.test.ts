import { describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { answer } from '../intake/memory-store.ts'
import { requestAccess } from './request-access.ts'

const page = 'https://app.example.com'
const gatewayFor = (origins: readonly string[] = [page, 'http://localhost:3000'], more = {}) =>
  fakeGateway({ cors: { origins, maxAgeSeconds: 300 }, ...more })

async function ask(
  gateway: FakeGateway,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const authorization = 'Bearer a-key'
  return await createApp(gateway.deps, requestAccess).request(path, {
    method,
    headers: { authorization, ...headers },
    ...(method === 'POST' && { body: '{"input":{}}' }),
  })
}

const preflight = (gateway: FakeGateway, path: string, origin = page) =>
  ask(gateway, 'OPTIONS', path, { origin, 'access-control-request-method': 'POST' })
const corsOf = ({ headers }: Response) =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'))

describe('pages of a configured origin', () => {
  test.each(['/v2/plain/run', '/v2/plain/uploads/u1/parts', '/tokens', '/files/sealed/a.png'])(
    'may ask before they call %s',
    async (path) => {
      const gateway = gatewayFor()
      const response = await preflight(gateway, path)
      expect(response.status).toBe(204)
      expect(await response.text()).toBe('')
      const { headers } = response
      expect(headers.get('access-control-allow-origin')).toBe(page)
      expect(headers.get('access-control-max-age')).toBe('300')
      expect(headers.get('vary')).toBe('Origin')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      const methods = headers.get('access-control-allow-methods')?.split(', ')
      expect(methods?.sort()).toEqual(['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'])
      const names = headers.get('access-control-allow-headers')?.split(', ') ?? []
      expect(names).toEqual(expect.arrayContaining(['authorization', 'content-type', 'range']))
      expect(names).toEqual(expect.arrayContaining(['tus-resumable', 'upload-offset', 'prefer']))
      expect(names).toEqual(expect.arrayContaining(['content-digest', 'x-amz-checksum-sha256']))
      expect(names).not.toContain('cookie')
      expect(gateway.sent).toEqual([])
    },
  )

  test('may read answers, and of their headers what they need', async () => {
    const gateway = gatewayFor()
    for (const origin of [page, 'http://localhost:3000']) {
      const response = await ask(gateway, 'POST', '/v2/plain/run', { origin })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe(origin)
      expect(response.headers.get('vary')).toBe('Origin')
      const exposed = response.headers.get('access-control-expose-headers')?.split(', ')
      expect(exposed).toEqual(
        expect.arrayContaining(['etag', 'location', 'retry-after', 'content-range']),
      )
      expect(exposed).toEqual(expect.arrayContaining(['upload-offset', 'tus-resumable']))
      expect(await response.json()).toEqual({ id: 'job-1', status: 'IN_QUEUE' })
    }
  })

  test('may read problems', async () => {
    for (const [method, path, status] of [
      ['GET', '/v2/plain/run', 404],
      ['POST', '/v2/a%20b/run', 404],
      ['POST', '/tokens', 404],
      ['GET', '/files/forged/a.png', 404],
      ['PUT', '/files/forged/a.png', 404],
    ] as const) {
      const response = await ask(gatewayFor(), method, path, { origin: page })
      expect(response.status, path).toBe(status)
      expect(response.headers.get('access-control-allow-origin'), path).toBe(page)
      expect(await response.json()).toMatchObject({ code: 'not_found' })
    }
    const gateway = gatewayFor()
    gateway.upstream = () => Promise.reject(new Error('down'))
    const unreachable = await ask(gateway, 'POST', '/v2/plain/run', { origin: page })
    expect(unreachable.status).toBe(502)
    expect(unreachable.headers.get('access-control-allow-origin')).toBe(page)
  })

  test('see what upstream says of CORS no more than what it says of cookies', async () => {
    const gateway = gatewayFor()
    gateway.upstream = () =>
      answer(200, '{}', {
        ...{ 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' },
        ...{ 'set-cookie': 'a=b' },
      })
    const response = await ask(gateway, 'GET', '/v2/plain/health', { origin: page })
    expect(response.headers.get('access-control-allow-origin')).toBe(page)
    expect(response.headers.has('access-control-allow-credentials')).toBe(false)
    expect(response.headers.has('set-cookie')).toBe(false)
  })
})

describe('pages of other origins', () => {
  test.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://app.example.com:8443',
    'http://app.example.com',
    'https://APP.example.com',
    'null',
    '',
  ])('may neither call nor read: %s', async (origin) => {
    const asking = await preflight(gatewayFor(), '/v2/plain/run', origin)
    expect(asking.status).toBe(204)
    expect(corsOf(asking)).toEqual([])
    expect(asking.headers.get('vary')).toBe('Origin')
    const response = await ask(gatewayFor(), 'POST', '/v2/plain/run', { origin })
    expect(corsOf(response)).toEqual([])
    expect(response.headers.get('vary')).toBe('Origin')
  })

  test('may, where all may', async () => {
    const gateway = gatewayFor(['*'])
    for (const origin of ['https://evil.example', 'null']) {
      for (const asking of [
        await preflight(gateway, '/v2/plain/run', origin),
        await ask(gateway, 'GET', '/v2/plain/health', { origin }),
      ]) {
        expect(asking.headers.get('access-control-allow-origin')).toBe('*')
        expect(asking.headers.get('vary')).toBeNull()
      }
    }
  })
})

describe('CORS', () => {
  test('is for browsers: an answer to others only says that it varies', async () => {
    const response = await ask(gatewayFor(), 'GET', '/v2/plain/health')
    expect(corsOf(response)).toEqual([])
    expect(response.headers.get('vary')).toBe('Origin')
  })

  test('is not there without a configuration', async () => {
    const gateway = fakeGateway()
    const response = await ask(gateway, 'GET', '/v2/plain/health', { origin: page })
    expect(corsOf(response)).toEqual([])
    expect(response.headers.has('vary')).toBe(false)
    expect((await preflight(gateway, '/tokens')).status).toBe(404)
  })

  test.each(['/s3/job_files/in/0-a.png', '/webhooks/sealed', '/healthz', '/nowhere', '/v2x/a/run'])(
    'is none of %s',
    async (path) => {
      const gateway = gatewayFor(['*'])
      for (const response of [
        await preflight(gateway, path),
        await ask(gateway, 'GET', path, { origin: page }),
      ]) {
        expect(corsOf(response)).toEqual([])
      }
    },
  )

  test('is none of a job bucket with a host of its own, whatever its keys are called', async () => {
    const gateway = gatewayFor(['*'], { jobBucketUrl: 'https://s3.gateway.example' })
    const response = await ask(gateway, 'GET', 'https://s3.gateway.example/v2/plain/run', {
      origin: page,
    })
    expect(corsOf(response)).toEqual([])
    const asking = await preflight(gateway, 'https://s3.gateway.example/v2/plain/run')
    expect(corsOf(asking)).toEqual([])
  })

  test('leaves OPTIONS that is no preflight to the routes', async () => {
    const gateway = gatewayFor()
    const response = await ask(gateway, 'OPTIONS', '/tokens', { origin: page })
    expect(response.status).toBe(404)
    expect(response.headers.get('access-control-allow-origin')).toBe(page)
  })

  test('goes with a reply that leaves beside the framework', async () => {
    const gateway = gatewayFor()
    const seen: Headers[] = []
    const app = createApp(gateway.deps, {
      ...requestAccess,
      stream(_, { headers, body }) {
        seen.push(headers)
        void body.cancel()
        return new Response(null, { headers: { 'x-already-sent': 'true' } })
      },
    })
    gateway.upstream = () => answer(200, 'x'.repeat(100))
    const response = await app.request('/v2/plain/openai/v1/models', {
      headers: { authorization: 'a-key', origin: page },
    })
    expect(response.headers.get('x-already-sent')).toBe('true')
    expect(seen.map((headers) => headers.get('access-control-allow-origin'))).toEqual([page])
  })

  test('tells the log of a preflight, and not of its origin', async () => {
    const gateway = gatewayFor()
    await preflight(gateway, '/v2/plain/run')
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({ event: 'request', method: 'OPTIONS', status: 204 }),
    )
    expect(JSON.stringify(gateway.logged)).not.toContain('app.example')
  })
})
