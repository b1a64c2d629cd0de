import { beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { requestAccess } from './request-access.ts'

let gateway: FakeGateway

async function ask(url: string, method = 'GET', headers: Record<string, string> = {}) {
  const body = '{"input":{}}'
  const sized = { 'content-type': 'application/json', 'content-length': String(body.length) }
  return await createApp(gateway.deps, requestAccess).request(url, {
    method,
    headers: { authorization: 'Bearer a-key', ...headers, ...(method === 'POST' ? sized : {}) },
    ...(method === 'POST' ? { body } : {}),
  })
}

describe.each([
  ['https://bucket.example', ''],
  ['https://bucket.example/deep', '/deep'],
  ['https://gateway.example:8443', ''],
])('a job bucket at %s', (jobBucketUrl, path) => {
  const { origin } = new URL(jobBucketUrl)

  beforeEach(() => {
    gateway = fakeGateway({ jobBucketUrl })
  })

  test.each([
    ['GET', '/'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/openapi.json'],
    ['GET', '/files/sealed/name'],
    ['POST', '/webhooks/sealed'],
    ['POST', '/v2/plain/run'],
    ['GET', '/v2/plain/health'],
    ['GET', '/v2//plain/status/job-1/'],
    ['PUT', '/job_files/in/a'],
    ['GET', '/s3/job_files/in/a'],
    ['GET', '/nowhere'],
  ])('answers everything on its host: %s %s', async (method, route) => {
    const response = await ask(`${origin}${route}`, method)
    expect(response.headers.get('content-type')).toBe('application/xml')
    expect(await response.text()).toContain('<Error><Code>')
    expect(gateway.sent).toEqual([])
  })

  test.each([`${path}/job_files/in/a`, '/s3/job_files/in/a', '/s3', `${path}/job_files`])(
    'does not answer on the host of the gateway: %s',
    async (route) => {
      for (const named of [{}, { 'x-forwarded-host': new URL(origin).host }]) {
        const response = await ask(`https://gateway.example${route}`, 'GET', named)
        expect(response.status).toBe(404)
        expect(await response.json()).toMatchObject({ code: 'not_found' })
      }
    },
  )

  test('leaves the host of the gateway its own routes', async () => {
    expect((await ask('https://gateway.example/v2/plain/run', 'POST')).status).toBe(200)
    expect(gateway.sent.map(({ url }) => url)).toEqual(['https://upstream.example/v2/plain/run'])
    expect(await (await ask('https://gateway.example/healthz')).json()).toEqual({ status: 'ok' })
  })
})

describe('virtual hosts', () => {
  test.each([
    ['https://bucket.example', 'https://own.bucket.example/in/a'],
    ['https://bucket.example', 'https://my.own.bucket.example/healthz'],
    ['https://bucket.example/deep', 'https://own.bucket.example/deep/in/a'],
    ['https://gateway.example:8443', 'https://own.gateway.example:8443/in/a'],
  ])('are the job bucket’s below %s: %s', async (jobBucketUrl, url) => {
    gateway = fakeGateway({ jobBucketUrl })
    const response = await ask(url)
    expect(await response.text()).toContain('<Error><Code>')
  })

  test.each([
    // The path of the gateway's own host.
    ['https://gateway.example/s3', 'https://own.gateway.example/healthz'],
    // An address has no names below it.
    ['http://127.0.0.1:9000', 'http://own.127.0.0.1.nip.example:9000/healthz'],
    ['http://[::1]:9000', 'https://own.gateway.example/healthz'],
    // Another host, or another port.
    ['https://bucket.example', 'https://notbucket.example/healthz'],
    ['https://gateway.example:8443', 'https://own.gateway.example/healthz'],
    // The gateway itself is below that host, and others of its kind may be.
    ['https://example', 'https://gateway.example/healthz'],
    ['https://example', 'https://other.example/healthz'],
  ])('are nobody’s with %s: %s', async (jobBucketUrl, url) => {
    gateway = fakeGateway({ jobBucketUrl })
    expect(await (await ask(url)).json()).toEqual({ status: 'ok' })
  })
})
