import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { answer } from '../intake/memory-store.ts'

const id = 'kejqwzcmqzz5ul2pv7e5jzk7ye'

async function ask(gateway: FakeGateway, method: string, path: string, body?: string) {
  const app = createApp(gateway.deps, {
    bodyOf: () => (body === undefined ? undefined : answer(200, body).body),
    targetOf: () => path,
  })
  return await app.request(path, { method, headers: { authorization: 'Bearer a-key' } })
}

describe('the routes of uploads', () => {
  it.each([
    ['GET', id],
    ['HEAD', id],
    ['DELETE', id],
    ['POST', `${id}/parts`],
    ['POST', `${id}/complete`],
    ['PUT', `${id}/parts/1?claim=any`],
    ['PUT', `${id}/parts/x`],
    ['GET', 'not-an-id'],
    ['GET', id.toUpperCase()],
    ['DELETE', `${id}a`],
  ])('%s …/uploads/%s says that there is no such upload', async (method, path) => {
    const gateway = fakeGateway()
    const response = await ask(gateway, method, `/v2/demo/uploads/${path}`, '{}')
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    if (method === 'HEAD') return
    expect(await response.json()).toMatchObject({ code: 'upload_not_found' })
  })

  it('never go upstream but to prove the key', async () => {
    const gateway = fakeGateway()
    const response = await ask(gateway, 'POST', '/v2/demo/uploads', '{"size":5}')
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    for (const [method, path] of [
      ['PATCH', `uploads/${id}`],
      ['GET', `uploads/${id}/complete`],
      ['GET', 'uploads'],
    ] as const) {
      expect((await ask(gateway, method, `/v2/demo/${path}`)).status).toBe(404)
    }
    expect(gateway.sent.map(({ url }) => url)).toEqual(['https://upstream.example/v2/demo/health'])
  })
})
