import { beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { answer } from '../intake/memory-store.ts'
import { requestAccess } from './request-access.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({ cors: { origins: ['https://page.example'] } })
})

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ authorization: 'Bearer a-key', ...init.headers })
  if (typeof init.body === 'string') {
    headers.set('content-type', 'application/json')
    headers.set('content-length', `${init.body.length}`)
  }
  return await createApp(gateway.deps, requestAccess).request(path, { ...init, headers })
}

describe('faults of the OpenAI route', () => {
  test.each([
    [
      'v1/chat/completions',
      'upload_not_found',
      404,
      'invalid_request_error',
      '/messages/0/content',
      'Cannot find the upload of this ref',
    ],
    ['..%2fping', 'not_found', 404, 'invalid_request_error', null, 'Cannot find this route'],
  ])(
    'at %s are told as its clients read them',
    async (path, code, status, type, param, message) => {
      const body = JSON.stringify({ messages: [{ content: 'bulkway:x' }] })
      const response = await ask(`/v2/demo/openai/${path}`, { method: 'POST', body })
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({
        code,
        detail: message,
        error: { message, type, param, code },
      })
    },
  )

  test('of upstream are 502, and nothing of the cause is told', async () => {
    gateway.upstream = () => {
      throw new Error('ECONNRESET at a secret place')
    }
    const response = await ask('/v2/demo/openai/v1/models')
    expect(response.status).toBe(502)
    const text = await response.text()
    expect(text).not.toContain('secret place')
    expect(JSON.parse(text).error).toEqual({
      message: 'Cannot reach the upstream endpoint',
      type: 'server_error',
      param: null,
      code: 'upstream_unreachable',
    })
  })

  test('that upstream tells go on as they came', async () => {
    const body = '{"error":{"message":"no such model"}}'
    gateway.upstream = () => answer(404, body, { 'content-type': 'application/json' })
    const response = await ask('/v2/demo/openai/v1/models/x')
    expect([response.status, await response.text()]).toEqual([404, body])
  })
})

test('a page may call it with what the official package sends', async () => {
  const response = await createApp(gateway.deps, requestAccess).request(
    '/v2/demo/openai/v1/chat/completions',
    {
      method: 'OPTIONS',
      headers: {
        origin: 'https://page.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-lang',
      },
    },
  )
  const allowed = response.headers.get('access-control-allow-headers')?.split(', ')
  expect(allowed).toEqual(expect.arrayContaining(sentByPackage))
})

/** As openai 7.57 names them. */
const sentByPackage = [
  'authorization',
  'content-type',
  'openai-organization',
  'openai-project',
  'x-stainless-arch',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
]
