import { beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { answer } from '../intake/memory-store.ts'
import { requestAccess } from './request-access.ts'

const origin = 'http://gateway.example'
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

/** A request whose URL the parser may only touch where every client's would. */
async function ask(method: string, path: string, body?: string): Promise<Response> {
  const request = new Request(`${origin}${path}`, {
    method,
    headers: { authorization: 'Bearer a-key', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  })
  if (body !== undefined) request.headers.set('content-length', String(body.length))
  return await createApp(gateway.deps, requestAccess).fetch(request)
}

const asked = () => gateway.sent.map(({ method, url }) => `${method} ${url}`)

describe('a route below an endpoint', () => {
  test.each([
    'Status/x',
    'STATUS-SYNC/x',
    'Stream/x',
    'RUN',
    'RunSync',
    'Purge-Queue',
    'Uploads',
    'UPLOADS/x',
    'uploads/x/y',
    'uploads/x/parts/1/2',
    'uploads%2fx',
    'jobs/x',
    'Jobs',
    'foo/..%2fjob-take',
    'foo/..%2Fjob-take/worker-1',
    'foo/%2e%2e/job-take',
    'openai/..%2f..%2fping',
    'openai/%252e%252e/ping',
    'openai/%252e%252e%252fping',
    'openai/%25252e%25252e%25252fping',
    'openai/..%252fping',
    'openai/.%2e/ping',
    'openai/..;/ping',
    'openai/..%3b/ping',
    'openai/..\\ping',
    'openai\\..\\ping',
    'openai/..%5cping',
    'openai/a%5cb',
    'openai/a%255cb',
    'openai/%zz',
    'openai/%c0%ae%c0%ae/ping',
  ])('is none where a hop could read another one of it: %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const response = await ask(method, `/v2/e/${path}`, method === 'POST' ? '{}' : undefined)
      expect(response.status, method).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'not_found' })
    }
    expect(asked()).toEqual([])
  })

  test.each([
    'openai/v1/models/meta%2Fllama',
    'openai/v1/models/meta%2fllama-3.1',
    'openai/v1/files/a%20b.txt',
    'openai/v1/files/..hidden',
    'openai/v1/models/%E2%82%AC?limit=1&x=%2e%2e',
    'running/late',
    'jobsite',
    'healthy',
  ])('goes on as it is written: %s', async (path) => {
    expect((await ask('GET', `/v2/e/${path}`)).status).toBe(200)
    expect(asked()).toEqual([`GET https://upstream.example/v2/e/${path}`])
  })
})

describe('a submit that upstream answers without a job', () => {
  test.each([
    ['{"status":"IN_QUEUE"}', 'application/json'],
    ['<html>Welcome</html>', 'text/html'],
  ])('is a whole 503 and no 200 that is cut off: %s', async (text, type) => {
    gateway.upstream = ({ url }) =>
      url.endsWith('/run') ? answer(200, text, { 'content-type': type }) : answer(200, '{}')
    const response = await ask('POST', '/v2/demo/run', '{"input":{}}')
    expect(response.status).toBe(503)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ code: 'job_not_bound', status: 503 })
    expect([...gateway.store.objects.keys()].join()).toMatch(/^grants\//)
  })
})
