import { expect, test } from 'vitest'
import { untouched } from '../../src/flows/pass-through.ts'
import { createApp } from '../../src/http/app.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import { requestAccess } from '../http/request-access.ts'
import { answer } from '../intake/memory-store.ts'
import { fakeGateway } from './fake-deps.ts'

const { deps } = fakeGateway()
const text = '{"status":"IN_QUEUE"}'

function answerOf(length: number | undefined, bytes = text): IncomingResponse {
  const headers = length === undefined ? {} : { 'content-length': String(length) }
  return answer(200, new TextEncoder().encode(bytes), headers)
}

test('an answer of a small announced length is bytes, any other a stream that nobody touches', async () => {
  const small = await untouched(deps, answerOf(text.length))
  expect(small.body).toEqual(new TextEncoder().encode(text))
  expect(small.headers.get('content-length')).toBe(String(text.length))
  const unknown = answerOf(undefined)
  expect((await untouched(deps, unknown)).body).toBe(unknown.body)
  const large = answerOf(deps.platform.holdBytes + 1)
  expect((await untouched(deps, large)).body).toBe(large.body)
})

test('no answer is held where the runtime passes streams on for nothing', async () => {
  const platform = { ...deps.platform, holdBytes: 0 }
  const small = answerOf(text.length)
  expect((await untouched({ ...deps, platform }, small)).body).toBe(small.body)
})

test('a small answer that is longer than announced is no answer', async () => {
  await expect(untouched(deps, answerOf(3))).rejects.toMatchObject({ code: 'upstream_unreachable' })
})

test.each([
  ['GET', 'health'],
  ['POST', 'purge-queue'],
])("%s %s goes with the gateway's own key, which no answer shows", async (method, path) => {
  const key = `bw_${'b'.repeat(43)}`
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  const sha256 = Buffer.from(digest).toString('hex')
  const keys = [{ name: 'admin', sha256, endpoints: ['demo'], scopes: ['admin'] }]
  const upstream = 'https://upstream.example/v2'
  const gateway = fakeGateway({
    endpoints: { '*': { upstream, store: 'main', upstreamKey: { env: 'ANY' } } },
    auth: { mode: 'keys', keys },
  })
  gateway.upstream = ({ headers }) => {
    const said = `${headers.get('authorization')}`
    return answer(500, `{"error":"${said}"}`, { 'x-runpod-echo': said })
  }
  const app = createApp(gateway.deps, requestAccess)
  const headers = { authorization: `Bearer ${key}` }
  const response = await app.request(`/v2/demo/${path}`, { method, headers })
  expect(gateway.sent.at(-1)?.headers.get('authorization')).toBe('Bearer any-secret')
  expect(response.status).toBe(500)
  expect(await response.text()).toBe(`{"error":"Bearer ${'*'.repeat('any-secret'.length)}"}`)
  expect(response.headers.get('x-runpod-echo')).not.toContain('any-secret')
})
