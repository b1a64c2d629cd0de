import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { StoreConfig } from '../../src/config/config.ts'
import { reasonOf, Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createPresign } from '../../src/store/presign.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { StoreAnswer } from '../../src/store/store-fault.ts'
import { startTinyS3, type TinyS3 } from './tiny-s3.ts'

const aws: StoreConfig = {
  id: 'aws',
  kind: 's3',
  endpoint: 'https://s3.amazonaws.com',
  region: 'us-east-1',
  bucket: 'examplebucket',
  pathStyle: false,
  accessKeyId: new Secret('AKIAIOSFODNN7EXAMPLE'),
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
}
const at = Date.parse('2013-05-24T00:00:00Z')

describe('a presigned URL', () => {
  test('names the bucket in the host or in the path, behind the path of the endpoint', async () => {
    const request = { method: 'GET', key: 'a b/ü.png' }
    const virtual = await createPresign(aws)(request, at, 60)
    expect(virtual.startsWith('https://examplebucket.s3.amazonaws.com/a%20b/%C3%BC.png?')).toBe(
      true,
    )
    const path = { ...aws, endpoint: 'http://host:9000/base', pathStyle: true }
    const url = await createPresign(path)(request, at, 60)
    expect(url.startsWith('http://host:9000/base/examplebucket/a%20b/%C3%BC.png?')).toBe(true)
  })

  test('binds length, type, conditions and x-amz headers, and no checksum', async () => {
    const url = new URL(
      await createPresign(aws)(
        {
          method: 'PUT',
          key: 'k',
          headers: {
            'content-length': '5',
            'content-type': 'image/png',
            'if-none-match': '*',
            'x-amz-meta-a': 'b',
          },
        },
        at,
        86400,
      ),
    )
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe(
      'content-length;content-type;host;if-none-match;x-amz-meta-a',
    )
    expect(url.searchParams.get('X-Amz-Expires')).toBe('86400')
    expect(url.searchParams.get('X-Amz-Date')).toBe('20130524T000000Z')
    expect([...url.searchParams.keys()].filter((name) => /checksum|meta/i.test(name))).toEqual([])
  })

  test('survives a URL parser unchanged', async () => {
    const url = await createPresign(aws)({ method: 'GET', key: "a/'(!)*/~b+c" }, at, 60)
    expect(new URL(url).href).toBe(url)
  })
})

describe('a store that fails', () => {
  let tiny: TinyS3
  const platform = { ...createNodePlatform({ write() {} }), wait: async () => {} }
  const open = () =>
    createS3Store(tiny.config, platform, { idleTimeoutMs: 300, presignSeconds: 60 })

  beforeAll(async () => {
    tiny = await startTinyS3()
  })
  afterAll(() => tiny.stop())
  afterEach(() => tiny.clear())

  test('tells the log what it answered, and nobody a signature', async () => {
    tiny.fault = () => ({ status: 403, code: 'AccessDenied' })
    const error = await open()
      .get('k', 10)
      .catch((caught) => caught)
    expect(error).toMatchObject({ code: 'store_unavailable', cause: { status: 403 } })
    expect(error.cause).toBeInstanceOf(StoreAnswer)
    for (const text of [error.message, reasonOf(error.cause), error.detail]) {
      expect(text).not.toMatch(/X-Amz|test/)
    }
    expect(tiny.requests).toHaveLength(1)
  })

  test('gives back whatever came from send', async () => {
    tiny.fault = () => ({ status: 503, code: 'SlowDown' })
    const answer = await open().send({ method: 'GET', key: 'k' })
    expect(answer.status).toBe(503)
    await answer.body.cancel()
  })

  test.for(['lost', 'reset', 'half', { status: 500, code: 'InternalError' }] as const)(
    'has written a conditional object exactly once after %s',
    async (fault) => {
      let left = 1
      tiny.fault = () => (left-- > 0 ? fault : 'none')
      const bytes = new TextEncoder().encode('mine')
      const etag = await open().put('k', bytes, { condition: 'absent' })
      expect(etag).toBeTypeOf('string')
      expect(tiny.objects.get('k')?.bytes.toString()).toBe('mine')
    },
  )

  test('does not take another writer for itself after a lost try', async () => {
    let left = 1
    tiny.fault = () => (left-- > 0 ? 'reset' : 'none')
    tiny.objects.set('k', { bytes: Buffer.from('other'), contentType: undefined })
    const bytes = new TextEncoder().encode('mine')
    expect(await open().put('k', bytes, { condition: 'absent' })).toBeUndefined()
  })

  test('never reads more than it may', async () => {
    tiny.objects.set('k', { bytes: Buffer.alloc(100), contentType: undefined })
    await expect(open().get('k', 99)).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  test('aborts an upload whose creation it never heard of', async () => {
    tiny.fault = (line) => (line.startsWith('POST') ? 'lost' : 'none')
    await expect(open().createUpload('k', 'text/plain')).rejects.toThrow('store_unavailable')
    expect(tiny.open.size).toBe(0)
  })
})
