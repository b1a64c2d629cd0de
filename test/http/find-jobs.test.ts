import { beforeEach, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { requestAccess } from './request-access.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

async function ask(method: string, path: string, requestId?: string): Promise<Response> {
  const body = method === 'POST' ? '{"input":{"a":1}}' : undefined
  const headers = new Headers({ authorization: 'Bearer a-key', 'content-type': 'application/json' })
  if (requestId !== undefined) headers.set('x-request-id', requestId)
  if (body !== undefined) headers.set('content-length', `${body.length}`)
  const request = new Request(`http://gateway.example/v2/demo/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  return await createApp(gateway.deps, requestAccess).fetch(request)
}

test('a job is found by the request id that run was sent with, whatever characters it has', async () => {
  const requestId = 'a+b&c=d%20/é ü'
  await (await ask('POST', 'run', requestId)).text()
  const found = await ask('GET', `jobs?requestId=${encodeURIComponent(requestId)}`)
  expect(found.status).toBe(200)
  expect(found.headers.get('cache-control')).toBe('no-store')
  expect(await found.json()).toMatchObject({ requestId, jobs: [{ id: 'job-1' }] })
  // Upstream is told the name too, as before.
  expect(gateway.sent.find(({ url }) => url.endsWith('/run'))?.headers.get('x-request-id')).toBe(
    requestId,
  )
})

test('without a request id it is a problem that says what is missing', async () => {
  for (const path of ['jobs', 'jobs?requestId=', 'jobs?requestid=x']) {
    const answer = await ask('GET', path)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('requestId'),
    })
  }
})

test('by another method it is no route, and upstream is not asked', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) {
    expect((await ask(method, 'jobs?requestId=x')).status, method).toBe(404)
  }
  expect(gateway.sent).toEqual([])
})
