import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner'
import { HttpRequest } from '@smithy/protocol-http'
import fc from 'fast-check'
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
  presign: true,
  accessKeyId: new Secret('AKIAIOSFODNN7EXAMPLE'),
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
}
const at = Date.parse('2013-05-24T00:00:00Z')

/** SHA-256, or HMAC with a secret, in the shape that the presigner of AWS asks for. */
class NodeSha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(chunk))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

function bytesOf(source: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof source === 'string') return Buffer.from(source)
  if (source instanceof ArrayBuffer) return Buffer.from(source)
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength)
}

const { digests } = createNodePlatform({ write() {} })
const presign = createPresign(aws)
const presignAtOnce = createPresign(aws, digests)
const presigner = new S3RequestPresigner({
  credentials: {
    accessKeyId: aws.accessKeyId.reveal(),
    secretAccessKey: aws.secretAccessKey.reveal(),
  },
  region: aws.region,
  sha256: NodeSha256,
})

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

  test('is the one that the presigner of AWS makes', async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/)
    const value = fc.string({ unit: 'grapheme', maxLength: 12 })
    const text = fc.stringMatching(/^[ -~]{0,16}$/)
    const property = fc.asyncProperty(
      fc.constantFrom('GET', 'PUT', 'POST'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((key) => `k${key}`),
      fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }),
      fc.dictionary(
        name.map((header) => `x-amz-meta-${header}`),
        text,
        { maxKeys: 4, noNullPrototype: true },
      ),
      fc.integer({ min: Date.parse('2013-01-01'), max: Date.parse('2039-01-01') }),
      async (method, key, query, headers, nowMs) => {
        fc.pre(key.isWellFormed() && Object.values(query).every((one) => one.isWellFormed()))
        fc.pre(!key.split('/').some((segment) => segment === '.' || segment === '..'))
        const ours = new URL(await presign({ method, key, query, headers }, nowMs, 900))
        const theirs = await presigner.presign(
          new HttpRequest({
            method,
            protocol: 'https:',
            hostname: ours.hostname,
            path: ours.pathname,
            query,
            headers: { ...headers },
          }),
          {
            signingDate: new Date(nowMs),
            expiresIn: 900,
            signableHeaders: new Set(['host', ...Object.keys(headers)]),
            unhoistableHeaders: new Set(Object.keys(headers)),
          },
        )
        expect(Object.fromEntries(ours.searchParams)).toEqual(theirs.query)
        const atOnce = await presignAtOnce({ method, key, query, headers }, nowMs, 900)
        expect(atOnce).toBe(ours.href)
      },
    )
    await fc.assert(property)
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
