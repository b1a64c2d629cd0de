import { beforeEach, describe, expect, test } from 'vitest'
import { readFile } from '../../../src/flows/outputs/read-file.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import type { Grant } from '../../../src/grants/grant.ts'
import { makeFileLink } from '../../../src/outputs/file-link.ts'
import { outputPrefix } from '../../../src/store/keys.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway
let sealed: string
let grant: Grant

beforeEach(() => start())

async function start(changes: Record<string, unknown> = {}): Promise<void> {
  gateway = fakeGateway(changes)
  const { deps, store, clock } = gateway
  await readReply(await submitJob(deps, callOf('demo', '{"input":{}}'), 'run'))
  const found = await deps.grants.find('demo', 'job-1')
  if (found === undefined) throw new Error('no grant')
  grant = found
  await store.put(`${outputPrefix(grant)}a.json`, new Uint8Array(100), { contentType: 'image/png' })
  const link = await makeFileLink({
    keyring: deps.keyring,
    publicUrl: 'https://gateway.example',
    grantId: grant.grantId,
    path: 'a.json',
    expiresAt: clock.now + 600_000,
  })
  sealed = link.split('/').at(-2) ?? ''
}

const read = (method: 'GET' | 'HEAD', headers: Record<string, string> = {}) =>
  readFile(gateway.deps, method, sealed, new Headers(headers))

describe('a file', () => {
  test('that its worker stored compressed says so, and no length', async () => {
    const send = gateway.store.send.bind(gateway.store)
    gateway.store.send = async (request) => {
      const response = await send(request)
      response.headers.set('content-encoding', 'gzip')
      return response
    }
    for (const method of ['GET', 'HEAD'] as const) {
      const { status, headers } = await read(method)
      expect(status).toBe(200)
      expect(headers.get('content-encoding')).toBe('gzip')
      expect(headers.has('content-length')).toBe(false)
    }
  })

  test('that has changed since the client saw it is a 412, to the second', async () => {
    const send = gateway.store.send.bind(gateway.store)
    gateway.store.send = async (request) => {
      expect(request.headers).not.toHaveProperty('if-unmodified-since')
      const response = await send(request)
      response.headers.set('last-modified', 'Sat, 21 Nov 2026 10:00:00 GMT')
      return response
    }
    const status = async (since: string, more = {}) =>
      (await read('GET', { 'if-unmodified-since': since, ...more })).status
    expect(await status('Sat, 21 Nov 2026 10:00:00 GMT')).toBe(200)
    expect(await status('Sat, 21 Nov 2026 09:59:59 GMT')).toBe(412)
    expect(await status('nonsense')).toBe(200)
    const etag = (await read('HEAD')).headers.get('etag') ?? ''
    expect(await status('Sat, 21 Nov 2026 09:59:59 GMT', { 'if-match': etag })).toBe(200)
  })

  test('that is to be read on is asked for in ways that every store knows', async () => {
    const asked: unknown[] = []
    const send = gateway.store.send.bind(gateway.store)
    gateway.store.send = async (request) => {
      asked.push(request.headers)
      return request.headers?.['if-match'] === '"old"' ? answer(412) : await send(request)
    }
    const range = 'bytes=90-'
    await read('GET', { range, 'if-range': '"new"' })
    await read('GET', { range, 'if-range': '"old"' })
    await read('GET', { range, 'if-range': 'W/"new"' })
    await read('GET', { range, 'if-range': '"new"', 'if-match': '"new"' })
    expect(asked).toEqual([
      { range, 'if-match': '"new"' },
      { range, 'if-match': '"old"' },
      {},
      {},
      { 'if-match': '"new"' },
    ])
  })

  test('that was stored as it is has its length', async () => {
    for (const method of ['GET', 'HEAD'] as const) {
      const { headers } = await read(method)
      expect(headers.has('content-encoding')).toBe(false)
      expect(headers.get('content-length')).toBe('100')
    }
  })
})

describe('a file of an endpoint that redirects', () => {
  const endpoints = {
    demo: { store: 'main', as: 'key', s3Config: 'always', files: 'redirect' },
  }
  const presigned: [key: string, seconds: number, overrides: unknown][] = []

  async function startWith(store: Record<string, unknown> = {}): Promise<void> {
    const secret = { env: 'ANY' }
    const main = { kind: 's3', endpoint: 'https://store.example', region: 'auto', bucket: 'bucket' }
    const keys = { accessKeyId: secret, secretAccessKey: secret }
    await start({ endpoints, stores: { main: { ...main, ...keys, ...store } } })
    presigned.length = 0
    gateway.store.presignGet = async (key, seconds, overrides) => {
      presigned.push([key, seconds, overrides])
      return `https://store.example/bucket/${key}?X-Amz-Signature=x`
    }
  }

  test('is at a URL of the store for some minutes, as a download, and never for longer than its link', async () => {
    await startWith()
    const asked: string[] = []
    gateway.store.before = (line) => void asked.push(line.split(' ', 1)[0] ?? '')
    const { status, headers, body } = await read('GET', { range: 'bytes=0-9' })
    expect(status).toBe(302)
    expect(body).toBeUndefined()
    expect(headers.get('location')).toMatch(/^https:\/\/store\.example\/bucket\/.+\/out\/a\.json\?/)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(presigned).toEqual([
      [
        expect.stringMatching(/\/out\/a\.json$/),
        600,
        {
          contentType: 'image/png',
          contentDisposition: `attachment; filename="a.json"; filename*=UTF-8''a.json`,
        },
      ],
    ])
    // The file is looked up, and not read.
    expect(asked).toContain('HEAD')
    expect(asked).not.toContain('GET')
  })

  test('is not, where it is gone, has not changed, or is asked for its head', async () => {
    await startWith()
    const { headers } = await read('HEAD')
    expect(headers.get('content-length')).toBe('100')
    expect(headers.get('content-disposition')).toContain('a.json')
    const etag = headers.get('etag') ?? ''
    expect((await read('GET', { 'if-none-match': etag })).status).toBe(304)
    gateway.store.objects.clear()
    gateway.deps.grants.read = async () => grant
    await expect(read('GET')).rejects.toMatchObject({ code: 'not_found' })
    expect(presigned).toEqual([])
  })

  test('is streamed where its store has no presigned URLs', async () => {
    await startWith({ presign: false })
    const reply = await read('GET')
    expect(reply.status).toBe(200)
    expect(await readReply(reply)).toHaveLength(100)
    expect(presigned).toEqual([])
  })
})
