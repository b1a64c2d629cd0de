import { randomBytes } from 'node:crypto'
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCapped } from '../../../src/bytes/read-capped.ts'
import { createNodePlatform } from '../../../src/runtimes/node-platform.ts'
import { copyObject } from '../../../src/store/copy-object.ts'
import { headObject } from '../../../src/store/head-object.ts'
import { listParts } from '../../../src/store/list-parts.ts'
import { listUploads } from '../../../src/store/list-uploads.ts'
import { faultOf, openVolumes, streamOf, type VolumeBed } from './volume-bed.ts'

const node = createNodePlatform({ write() {} })
let bed: VolumeBed
beforeEach(async () => {
  bed = await openVolumes(1)
})
afterEach(() => bed.close())

const key = '2026-11-22/abcdefghijklmnopqrstuvwxyz/in/0-image.png'
const text = (words: string) => new TextEncoder().encode(words)
const server = () => bed.servers[0] as (typeof bed.servers)[number]
const onDisk = (path: string) => join(bed.directories[0] ?? '', path)
const asked = (operation: string) =>
  server().log.filter((one) => one.operation === operation).length

/** An upload of 3 parts of 5 bytes and one of 2, ready to be completed. */
async function upload(at: string) {
  const uploadId = await bed.store.createUpload(at, 'image/png')
  const parts = []
  for (const [index, words] of ['first', 'secon', 'third', 'la'].entries()) {
    parts.push(await bed.store.uploadPart(at, uploadId, index + 1, text(words)))
  }
  return { uploadId, parts }
}

describe('what any store does', () => {
  test('writes, reads, copies, lists and deletes, in the folder of the gateway', async () => {
    const { store } = bed
    expect(await store.put(key, text('hello'))).toMatch(/^"/)
    expect(await readFile(onDisk(`bulkway/${key}`), 'utf8')).toBe('hello')
    expect((await store.get(key, 100))?.bytes).toEqual(text('hello'))
    expect(await store.get(`${key}x`, 100)).toBeUndefined()
    expect(await headObject(store, key)).toMatchObject({ size: 5 })
    expect(await headObject(store, `${key}x`)).toBeUndefined()
    expect(
      await copyObject(store, { key, size: 5 }, 'shared/models/a b+ü.bin', async () => {}),
    ).toBe(true)
    expect(await readFile(onDisk('models/a b+ü.bin'), 'utf8')).toBe('hello')
    expect((await store.list('2026-11-22/')).objects).toEqual([{ key, size: 5 }])
    expect((await store.list('', { delimiter: '/' })).prefixes).toEqual(['2026-11-22/'])
    expect((await store.list('shared/')).objects).toEqual([
      { key: 'shared/models/a b+ü.bin', size: 5 },
    ])
    await store.delete(key)
    expect(await store.get(key, 100)).toBeUndefined()
    await store.delete(key)
  })

  test('reads a range, and what a worker has written', async () => {
    await mkdir(onDisk('bulkway/2026-11-22/job/out'), { recursive: true })
    await writeFile(onDisk('bulkway/2026-11-22/job/out/result.txt'), 'written by a worker')
    const { status, body } = await bed.store.send({
      method: 'GET',
      key: '2026-11-22/job/out/result.txt',
      headers: { range: 'bytes=8-9' },
    })
    expect(status).toBe(206)
    expect(new TextDecoder().decode(await readCapped(body, 100, () => new Error()))).toBe('by')
  })

  test('signs in the header alone, for the datacenter, a stream without its hash', async () => {
    const bytes = randomBytes(100_000)
    const sent: { method: string; url: string; authorization: string; hash: string }[] = []
    const store = bed.open(
      {},
      {
        async send(request) {
          const { method, url, headers } = request
          const authorization = headers.get('authorization') ?? ''
          sent.push({ method, url, authorization, hash: headers.get('x-amz-content-sha256') ?? '' })
          return await node.send(request)
        },
      },
    )
    await store.put(key, bytes)
    const answer = await store.send({ method: 'PUT', key, body: streamOf(bytes, 999) })
    expect(answer.status).toBe(200)
    expect((await store.get(key, 200_000))?.bytes).toEqual(new Uint8Array(bytes))
    for (const { url, authorization } of sent) {
      expect(url).not.toContain('X-Amz')
      expect(authorization).toContain('Credential=user_1/')
      expect(authorization).toContain('/EU-RO-1/s3/aws4_request')
    }
    const written = sent.filter(({ method }) => method === 'PUT')
    expect(written[0]?.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(written[1]?.hash).toBe('UNSIGNED-PAYLOAD')
  })

  test('puts parts together, and knows what is open', async () => {
    const { store } = bed
    const { uploadId, parts } = await upload(key)
    expect((await listUploads(store, ''))?.uploads).toEqual([{ key, uploadId }])
    expect(await listParts(store, key, uploadId, async () => {})).toMatchObject([
      ...[5, 5, 5].map((size, index) => ({ partNumber: index + 1, size })),
      { partNumber: 4, size: 2 },
    ])
    expect(await store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect(await readFile(onDisk(`bulkway/${key}`), 'utf8')).toBe('firstseconthirdla')
    const { uploadId: other } = await upload(`${key}2`)
    await store.abortUpload(`${key}2`, other)
    expect((await listUploads(store, ''))?.uploads).toEqual([])
  })

  test('has no presigned URLs, no conditional writes and no pieces beyond its limits', async () => {
    const { store } = bed
    expect((await faultOf(store.presignGet(key, 60))).code).toBe('misconfigured')
    const part = { key, uploadId: 'x', partNumber: 1, length: 1 }
    expect((await faultOf(store.presignPart(part, 60))).code).toBe('misconfigured')
    const absent = store.put(key, text('x'), { condition: 'absent' })
    expect((await faultOf(absent)).code).toBe('misconfigured')
    const changed = store.put(key, text('x'), { condition: { etag: '"x"' } })
    expect((await faultOf(changed)).code).toBe('misconfigured')
    const body = { length: 500_000_000, read: async () => undefined, cancel: async () => {} }
    const whole = await faultOf(store.send({ method: 'PUT', key, body }))
    expect(whole).toMatchObject({
      code: 'body_too_large',
      detail: expect.stringContaining('499999999'),
    })
    const query = { partNumber: '1', uploadId: 'x' }
    const large = { ...body, length: 500_000_001 }
    expect((await faultOf(store.send({ method: 'PUT', key, query, body: large }))).code).toBe(
      'body_too_large',
    )
    expect(server().log).toEqual([])
  })
})

describe('a slow completion', () => {
  test('is whole when the file is, behind a 524', async () => {
    const { uploadId, parts } = await upload(key)
    Object.assign(server().quirks, { completeMs: 200, edgeTimeoutMs: 30 })
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect((await stat(onDisk(`bulkway/${key}`))).size).toBe(17)
    expect(asked('CompleteMultipartUpload')).toBe(1)
    expect(asked('HeadObject')).toBeGreaterThan(2)
  })

  test.each([500, 502, 503, 504])('is whole although the answer was %i', async (status) => {
    const { uploadId, parts } = await upload(key)
    server().fault({ operation: 'CompleteMultipartUpload', status, after: true })
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect((await stat(onDisk(`bulkway/${key}`))).size).toBe(17)
  })

  test('is asked for again where nothing was done', async () => {
    const { uploadId, parts } = await upload(key)
    server().fault({ operation: 'CompleteMultipartUpload', status: 503, code: 'SlowDown' })
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect(asked('CompleteMultipartUpload')).toBe(2)
  })

  test('that never ends is no success, and is not asked for again and again', async () => {
    const { uploadId, parts } = await upload(key)
    server().fault({ operation: 'CompleteMultipartUpload', status: 524, times: 100 })
    const volume = bed.config.volume && { ...bed.config.volume, completeMaxSeconds: 1 }
    const store = bed.open(volume && { volume })
    expect((await faultOf(store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
    expect(asked('CompleteMultipartUpload')).toBe(1)
    expect(bed.waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(900)
    // Nothing is lost: the parts are there to be put together later.
    server().clear()
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
  })

  test('does not take what was there before for its own, though it is as large', async () => {
    await bed.store.put(key, text('the older content'))
    const { uploadId, parts } = await upload(key)
    server().fault({ operation: 'CompleteMultipartUpload', status: 524, times: 100 })
    const volume = bed.config.volume && { ...bed.config.volume, completeMaxSeconds: 1 }
    const store = bed.open(volume && { volume })
    expect((await faultOf(store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
    expect(await readFile(onDisk(`bulkway/${key}`), 'utf8')).toBe('the older content')
    server().clear()
    server().fault({ operation: 'CompleteMultipartUpload', status: 524, after: true })
    expect(await store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect(await readFile(onDisk(`bulkway/${key}`), 'utf8')).toBe('firstseconthirdla')
  })

  test('that was lost, and whose upload is over by now, is waited for', async () => {
    const { uploadId, parts } = await upload(key)
    server().fault({ operation: 'CompleteMultipartUpload', status: 500, code: 'InternalError' })
    server().fault({ operation: 'CompleteMultipartUpload', status: 404, code: 'NoSuchUpload' })
    const completed = bed.store.completeUpload(key, uploadId, parts)
    setTimeout(async () => {
      await mkdir(onDisk(`bulkway/${key}/..`), { recursive: true })
      await writeFile(onDisk(`bulkway/${key}`), 'firstseconthirdla')
    }, 100)
    expect(await completed).toMatch(/^"/)
  })

  test('is looked at less often the longer it takes', async () => {
    const { uploadId, parts } = await upload(key)
    server().fault({ operation: 'CompleteMultipartUpload', status: 524, times: 100 })
    const clocks = { completePollSeconds: 2, completeMaxSeconds: 900 }
    const volume = bed.config.volume && { ...bed.config.volume, ...clocks }
    const store = bed.open(volume && { volume })
    await faultOf(store.completeUpload(key, uploadId, parts))
    expect(bed.waits[0]).toBe(2000)
    expect(Math.max(...bed.waits)).toBeLessThanOrEqual(20_000)
    const waited = bed.waits.reduce((sum, ms) => sum + ms, 0)
    expect(waited).toBeGreaterThan(890_000)
    expect(waited).toBeLessThan(910_000)
    // Workers ask a thousand times for one request, of all volumes.
    expect(asked('HeadObject')).toBeLessThan(80)
  })

  test('of a volume that does not answer any more ends in its time', async () => {
    const { uploadId, parts } = await upload(key)
    let clock = 0
    let heads = 0
    const volume = bed.config.volume && { ...bed.config.volume, completeMaxSeconds: 120 }
    const store = bed.open(volume && { volume }, {
      now: () => Date.now() + clock,
      async send(request) {
        const isOver = request.method === 'POST'
        if (!isOver && clock === 0) return await node.send(request)
        heads += request.method === 'HEAD' ? 1 : 0
        clock += 60_000
        throw new Error('No byte went either way for 60000 ms')
      },
    })
    expect((await faultOf(store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
    expect(heads).toBeLessThan(8)
  })

  test('that answers success and loses the file is no success', async () => {
    const { uploadId, parts } = await upload(key)
    server().quirks.vanishing = 1
    expect((await faultOf(bed.store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
  })

  test('of parts that are not as named is refused as by any store', async () => {
    const { uploadId, parts } = await upload(key)
    const wrong = parts.map((part) => ({ ...part, etag: '"00000000000000000000000000000000"' }))
    const error = await bed.store.completeUpload(key, uploadId, wrong).catch((one) => one)
    expect(error.facts.cause).toMatchObject({ status: 400, code: 'InvalidPart' })
    const gone = await bed.store.completeUpload(key, 'nobody', parts).catch((one) => one)
    expect(gone.facts.cause).toMatchObject({ status: 404, code: 'NoSuchUpload' })
  })
})

describe('a copy', () => {
  beforeEach(async () => {
    await bed.store.put(key, text('the new one'))
  })
  const copy = () => copyObject(bed.store, { key, size: 11 }, 'shared/models/w.bin', async () => {})

  test('is there although its answer was lost', async () => {
    server().fault({ operation: 'CopyObject', status: 524, after: true })
    expect(await copy()).toBe(true)
    expect(await readFile(onDisk('models/w.bin'), 'utf8')).toBe('the new one')
  })

  test('in the place of another of that size is not taken for it', async () => {
    await mkdir(onDisk('models'), { recursive: true })
    await writeFile(onDisk('models/w.bin'), 'the old one')
    server().fault({ operation: 'CopyObject', status: 524, times: 10 })
    expect((await faultOf(copy())).code).toBe('store_unavailable')
    server().clear()
    expect(await copy()).toBe(true)
    expect(await readFile(onDisk('models/w.bin'), 'utf8')).toBe('the new one')
  })

  test('that the volume does not know is refused at once', async () => {
    server().fault({ operation: 'CopyObject', status: 501, code: 'NotImplemented', times: 10 })
    expect((await faultOf(copy())).code).toBe('store_unavailable')
    expect(asked('CopyObject')).toBe(1)
    expect(bed.waits).toEqual([])
  })

  test('of a part is the volume’s to refuse, at once', async () => {
    const { uploadId } = await upload(`${key}2`)
    const query = { partNumber: '1', uploadId }
    const body = new Uint8Array(0)
    const request = { method: 'PUT', key: `${key}2`, query, copyFrom: key, body } as const
    const heads = asked('HeadObject')
    const answer = await bed.store.send(request)
    await answer.body.cancel()
    expect(answer.status).toBe(501)
    expect(bed.waits).toEqual([])
    expect(asked('HeadObject')).toBe(heads)
  })

  test('of what is not there is none', async () => {
    expect(
      await copyObject(bed.store, { key: 'no', size: 1 }, 'shared/models/w', async () => {}),
    ).toBe(false)
  })

  test('that the volume finds too large is made of its bytes, whole or not at all', async () => {
    const large = randomBytes(150_000_000)
    await bed.store.put(key, large)
    const tooLarge = { operation: 'CopyObject', status: 400, code: 'EntityTooLarge' } as const
    server().fault(tooLarge)
    server().fault({ operation: 'UploadPart', status: 503, code: 'SlowDown' })
    let renewed = 0
    const copyLarge = () =>
      copyObject(
        bed.store,
        { key, size: large.length },
        'shared/models/w.bin',
        async () => {},
        async () => {
          renewed++
        },
      )
    expect(await copyLarge()).toBe(true)
    expect((await readFile(onDisk('models/w.bin'))).equals(large)).toBe(true)
    expect(renewed).toBe(3)
    server().fault(tooLarge)
    server().fault({ operation: 'UploadPart', status: 400, code: 'InvalidRequest' })
    await bed.store.delete('shared/models/w.bin')
    expect((await faultOf(copyLarge())).code).toBe('store_unavailable')
    expect((await listUploads(bed.store, ''))?.uploads).toEqual([])
    expect(await headObject(bed.store, 'shared/models/w.bin')).toBeUndefined()
  })

  test('of a file that goes while its bytes are copied is none', async () => {
    server().fault({ operation: 'CopyObject', status: 400, code: 'EntityTooLarge' })
    server().fault({ operation: 'GetObject', status: 404, code: 'NoSuchKey' })
    expect(await copy()).toBe(false)
    expect((await listUploads(bed.store, ''))?.uploads).toEqual([])
  })

  test('is made at once whatever the size', async () => {
    const head = await headObject(bed.store, key)
    expect(head?.size).toBe(11)
    const size = 6_000_000_000
    const before = asked('CreateMultipartUpload')
    expect(await copyObject(bed.store, { key, size }, 'shared/models/w', async () => {})).toBe(true)
    expect(asked('CreateMultipartUpload')).toBe(before)
  })
})

describe('a list', () => {
  beforeEach(async () => {
    for (let index = 0; index < 9; index++) await bed.store.put(`d/${index}`, text('x'))
  })

  async function all(options: { delimiter?: string } = {}, prefix = 'd/', maxKeys = 2) {
    const keys: string[] = []
    let next: string | undefined
    for (let pages = 0; pages < 20; pages++) {
      const page = await bed.store.list(prefix, { maxKeys, ...options, ...(next && { next }) })
      keys.push(...page.objects.map((one) => one.key), ...page.prefixes)
      next = page.next
      if (next === undefined) return keys
    }
    throw new Error('It has no end')
  }
  const whole = Array.from({ length: 9 }, (_, index) => `d/${index}`)

  test.each([0, 1, 2, 100])('goes on where %i tokens are repeated', async (repeatedTokens) => {
    server().quirks.repeatedTokens = repeatedTokens
    expect(await all()).toEqual(whole)
  })

  test('goes on by folders, too', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await bed.store.put(`f/${name}/x`, text('x'))
    server().quirks.repeatedTokens = 100
    expect(await all({ delimiter: '/' }, 'f/')).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((n) => `f/${n}/`),
    )
  })

  test('is asked for in smaller pages after a 502', async () => {
    server().fault({ operation: 'ListObjectsV2', status: 502, times: 3 })
    expect(await all({}, 'd/', 250)).toEqual(whole)
    expect(
      server()
        .log.map(({ status }) => status)
        .filter((status) => status === 502),
    ).toHaveLength(3)
  })

  test('begins after a key', async () => {
    const page = await bed.store.list('d/', { after: 'd/6' })
    expect(page.objects.map((one) => one.key)).toEqual(['d/7', 'd/8'])
  })
})

describe('what an operator has to put right', () => {
  test('a denial that passes is none', async () => {
    server().fault({ status: 403, code: 'AccessDenied', times: 3 })
    await bed.store.put(key, text('x'))
    server().fault({ status: 403, code: 'AccessDenied', times: 2 })
    expect(await headObject(bed.store, key)).toMatchObject({ size: 1 })
  })

  test('a denial of a stream is its sender’s to try again', async () => {
    server().fault({ operation: 'UploadPart', status: 403, code: 'AccessDenied' })
    const answer = await bed.store.send({ method: 'PUT', key, body: streamOf(text('hello'), 2) })
    expect(answer.status).toBe(403)
    await answer.body.cancel()
  })

  test('one that does not pass names the key', async () => {
    server().fault({ status: 403, code: 'AccessDenied', times: 100 })
    expect(await faultOf(bed.store.get(key, 10))).toEqual({
      code: 'volume_refused',
      detail: expect.stringContaining(
        "Check what the store's S3 key may do: the network volume vol1",
      ),
    })
  })

  test('a full volume, in the middle of a stream too', async () => {
    const { store } = bed
    server().volume('vol1').sizeBytes = 100_000
    const full = {
      code: 'volume_full',
      detail: expect.stringMatching(/vol1 in EU-RO-1.*bulkway sweep/),
    }
    const { detail, code } = await faultOf(store.put(key, randomBytes(200_000)))
    expect(code).toBe(full.code)
    expect(detail).toContain('Delete files of the network volume vol1 in EU-RO-1')
    await store.delete(key)
    const body = streamOf(randomBytes(1_000_000), 10_000)
    expect((await faultOf(store.send({ method: 'PUT', key, body }))).code).toBe('volume_full')
  })

  test.each(['stopped', 'deleted'] as const)(
    'a %s volume, also where no answer has a body',
    async (state) => {
      await bed.store.put(key, text('x'))
      server().volume('vol1').state = state
      const gone = { code: 'volume_gone', detail: expect.stringContaining('vol1 in EU-RO-1') }
      expect(await faultOf(bed.store.get(key, 10))).toEqual(gone)
      expect(await faultOf(headObject(bed.store, key))).toEqual(gone)
      expect(await faultOf(bed.store.put(key, text('x')))).toEqual(gone)
      expect(await faultOf(bed.store.list(''))).toEqual(gone)
      expect(await faultOf(bed.store.createUpload(key, 'image/png'))).toEqual(gone)
      server().volume('vol1').state = 'running'
      expect(await headObject(bed.store, key)).toMatchObject({ size: 1 })
    },
  )

  test('an account without funds', async () => {
    server().volume('vol1').state = 'unfunded'
    expect(await faultOf(bed.store.put(key, text('x')))).toEqual({
      code: 'volume_refused',
      detail: expect.stringContaining('Add funds'),
    })
    expect((await faultOf(headObject(bed.store, key))).code).toBe('volume_refused')
  })

  test('a wrong key and a wrong clock', async () => {
    const { Secret } = await import('../../../src/log.ts')
    const store = bed.open({ secretAccessKey: new Secret('another') })
    const refused = await faultOf(store.put(key, text('x')))
    expect(refused).toMatchObject({
      code: 'volume_refused',
      detail: expect.stringContaining('S3 key'),
    })
    expect(JSON.stringify(refused)).not.toContain('another')
    server().quirks.clockOffsetMs = 2 * 3_600_000
    expect(await faultOf(bed.store.put(key, text('x')))).toEqual({
      code: 'volume_refused',
      detail: expect.stringContaining("Set the gateway's clock"),
    })
    server().quirks.clockOffsetMs = 0.9 * 3_600_000
    await bed.store.put(key, text('x'))
    await access(onDisk(`bulkway/${key}`))
  })
})
