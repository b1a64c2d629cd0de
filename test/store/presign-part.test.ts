import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoreConfig } from '../../src/config/config.ts'
import type { PresetName } from '../../src/config/presets.ts'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { listParts } from '../../src/store/list-parts.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { startLocalR2 } from './local-r2.ts'
import { startTinyS3, type TinyS3 } from './tiny-s3.ts'

const platform = createNodePlatform({ write() {} })
const options = { idleTimeoutMs: 20_000, presignSeconds: 900 }
const key = '2027-01-01/aeaqaaaaaaaaaaaaaaaaaaaaaa/in/photo.png'
const wait = async () => {}

describe('a part URL of local R2', () => {
  let local: { config: StoreConfig; stop(): Promise<void> }
  let store: ObjectStore
  beforeAll(async () => {
    local = await startLocalR2()
    store = createS3Store(local.config, platform, options)
  }, 90_000)
  afterAll(() => local.stop())

  async function signed(uploadId: string, length: number, seconds = 60) {
    return await store.presignPart({ key, uploadId, partNumber: 1, length }, seconds)
  }

  it('takes exactly the bytes that were signed for', async () => {
    const uploadId = await store.createUpload(key, 'image/png')
    const { url, headers } = await signed(uploadId, 5)
    const long = await fetch(url, { method: 'PUT', body: 'hello!', headers })
    const short = await fetch(url, { method: 'PUT', body: 'hell', headers })
    const right = await fetch(url, { method: 'PUT', body: 'hello', headers })
    expect([long.status, short.status, right.status]).toEqual([403, 403, 200])
    expect(right.headers.get('etag')).toMatch(/^".+"$/)
  })

  it('is dead once the upload is complete, and once it is over', async () => {
    const uploadId = await store.createUpload(key, 'image/png')
    const { url } = await signed(uploadId, 5)
    const first = await fetch(url, { method: 'PUT', body: 'hello' })
    const etag = first.headers.get('etag') ?? ''
    expect(await store.completeUpload(key, uploadId, [{ partNumber: 1, etag }])).toBeTruthy()
    const again = await fetch(url, { method: 'PUT', body: 'other' })
    expect(again.status).toBe(404)
    expect((await store.get(key, 10))?.bytes).toEqual(new TextEncoder().encode('hello'))
  })

  it('takes an empty part', async () => {
    const uploadId = await store.createUpload(key, 'image/png')
    const { url } = await signed(uploadId, 0)
    const put = await fetch(url, { method: 'PUT', body: new Uint8Array(0) })
    expect(put.status).toBe(200)
    const etag = put.headers.get('etag') ?? ''
    await store.completeUpload(key, uploadId, [{ partNumber: 1, etag }])
    expect((await store.get(key, 10))?.bytes).toHaveLength(0)
  })

  it('has no digest in it, which this store would refuse', async () => {
    const sha256 = createHash('sha256').update('hello').digest('hex')
    const part = { key, uploadId: 'any', partNumber: 1, length: 5, sha256 }
    expect((await store.presignPart(part, 60)).headers).toEqual({})
  })

  it('cannot list its parts', async () => {
    const uploadId = await store.createUpload(key, 'image/png')
    expect(await listParts(store, key, uploadId, wait)).toBe('unlisted')
  })
})

describe('a part URL elsewhere', () => {
  function storeAt(endpoint: string, preset?: PresetName): ObjectStore {
    const named = preset === undefined ? {} : { preset }
    const config = {
      id: 'any',
      kind: 's3',
      endpoint,
      region: 'auto',
      bucket: 'b',
      ...named,
    } as const
    const keys = { accessKeyId: new Secret('id'), secretAccessKey: new Secret('secret') }
    return createS3Store({ ...config, ...keys, pathStyle: true, presign: true }, platform, options)
  }
  const sha256 = createHash('sha256').update('hello').digest('hex')
  const part = { key, uploadId: 'upload', partNumber: 7, length: 5, sha256 }

  it('binds length and digest where the store holds bodies to it', async () => {
    for (const endpoint of ['https://s3.eu-west-1.amazonaws.com', 'http://127.0.0.1:9000']) {
      const { url, headers } = await storeAt(endpoint).presignPart(part, 60)
      const query = new URL(url).searchParams
      expect(headers).toEqual({ 'x-amz-content-sha256': sha256 })
      expect(query.get('X-Amz-SignedHeaders')).toBe('content-length;host;x-amz-content-sha256')
      expect(query.get('partNumber')).toBe('7')
      expect(query.has('X-Amz-Content-Sha256')).toBe(false)
    }
  })

  it('binds the length alone where nobody knows that', async () => {
    const { url, headers } = await storeAt('https://s3.us-west-002.backblazeb2.com').presignPart(
      part,
      60,
    )
    expect(headers).toEqual({})
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host')
  })

  it.each([
    ['ceph', 1],
    ['minio', 1],
    ['garage', 0],
    ['r2', 0],
  ] as const)('is as the kind %s has it, whatever the host', async (preset, bound) => {
    const { headers } = await storeAt('http://127.0.0.1:9000', preset).presignPart(part, 60)
    expect(Object.keys(headers)).toHaveLength(bound)
  })
})

describe('listParts', () => {
  let tiny: TinyS3
  beforeAll(async () => {
    tiny = await startTinyS3()
  })
  afterAll(() => tiny.stop())

  it('asks for page after page', async () => {
    const store = createS3Store(tiny.config, platform, options)
    const uploadId = await store.createUpload('big', 'text/plain')
    for (const partNumber of [1, 2, 3, 4, 5]) {
      await store.uploadPart('big', uploadId, partNumber, new Uint8Array(partNumber))
    }
    tiny.partsPerPage = 2
    expect(await listParts(store, 'big', uploadId, wait)).toEqual(
      [1, 2, 3, 4, 5].map((n) => ({ partNumber: n, etag: `"part-${n}"`, size: n })),
    )
    expect(await listParts(store, 'big', 'another', wait)).toBe('gone')
  })

  it('tries again when the store is busy, and gives up when it stays so', async () => {
    const store = createS3Store(tiny.config, platform, options)
    const uploadId = await store.createUpload('busy', 'text/plain')
    let left = 2
    tiny.fault = () => (left-- > 0 ? { status: 503, code: 'SlowDown' } : 'none')
    expect(await listParts(store, 'busy', uploadId, wait)).toEqual([])
    tiny.fault = () => ({ status: 500, code: 'InternalError' })
    await expect(listParts(store, 'busy', uploadId, wait)).rejects.toMatchObject({
      code: 'store_unavailable',
    })
  })
})
