import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Bucket, openVolumeBed, refusal, type VolumeBed } from './volume-client.ts'

let bed: VolumeBed
beforeEach(async () => {
  bed = await openVolumeBed()
})
afterEach(() => bed.close())

const head = (Key: string) => bed.client.send(new HeadObjectCommand({ Bucket, Key }))

test('a slow completion is answered 524 by the edge, and goes on behind it', async () => {
  const { complete } = await bed.uploadParts('w.bin', ['one', 'two'])
  Object.assign(bed.server.quirks, { completeMs: 150, edgeTimeoutMs: 20 })
  expect((await refusal(bed.client.send(complete)))[0]).toBe(524)
  expect(await refusal(head('w.bin'))).toEqual([404, 'NotFound'])
  await expect
    .poll(() =>
      head('w.bin').then(
        ({ ContentLength }) => ContentLength,
        () => 0,
      ),
    )
    .toBe(6)
})

test('a volume is full in the middle of an upload, and what came stays there', async () => {
  const volume = bed.server.volume(Bucket)
  volume.sizeBytes = 100_000
  const bytes = randomBytes(150_000)
  expect(await refusal(bed.put('large', bytes))).toEqual([507, 'InsufficientStorage'])
  expect((await readFile(join(bed.directory, 'large'))).length).toBeLessThan(100_000)
  await bed.server.volume(Bucket).files.remove('large')
  const { UploadId } = await bed.uploadParts('parts', [bytes.subarray(0, 60_000)])
  const upload = bed.uploadParts('other', [bytes.subarray(0, 60_000)])
  expect(await refusal(upload)).toEqual([507, 'InsufficientStorage'])
  const parts = await bed.client.send(new ListPartsCommand({ Bucket, Key: 'parts', UploadId }))
  expect(parts.Parts?.map(({ Size }) => Size)).toEqual([60_000])
  const CopySource = `${Bucket}/small`
  await bed.put('small', bytes.subarray(0, 30_000))
  const copy = new CopyObjectCommand({ Bucket, Key: 'copied', CopySource })
  expect(await refusal(bed.client.send(copy))).toEqual([507, 'InsufficientStorage'])
})

test('a listing repeats its token as often as it is told, then goes on', async () => {
  for (const one of ['a', 'b', 'c', 'd', 'e']) await bed.put(one)
  const list = (ContinuationToken?: string) =>
    bed.client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken }))
  const token = (await list()).NextContinuationToken
  bed.server.quirks.repeatedTokens = 1
  expect((await list(token)).NextContinuationToken).toBe(token)
  expect((await list(token)).NextContinuationToken).not.toBe(token)
})

test('a completed file vanishes although its upload succeeded', async () => {
  bed.server.quirks.vanishing = 1
  const { complete } = await bed.uploadParts('gone', ['one'])
  expect((await bed.client.send(complete)).ETag).toMatch(/-1"$/)
  expect(await refusal(head('gone'))).toEqual([404, 'NotFound'])
  await bed.client.send((await bed.uploadParts('stays', ['one'])).complete)
  expect((await head('stays')).ContentLength).toBe(3)
})

test('faults strike what they name, as often as they say', async () => {
  bed.server.fault({
    operation: 'PutObject',
    key: /^a/,
    status: 403,
    code: 'AccessDenied',
    times: 2,
  })
  await bed.put('b')
  expect(await refusal(bed.put('a'))).toEqual([403, 'AccessDenied'])
  expect(await refusal(bed.put('a'))).toEqual([403, 'AccessDenied'])
  await bed.put('a')
  bed.server.fault({ operation: 'ListObjectsV2', key: /^out\//, status: 502 })
  const list = new ListObjectsV2Command({ Bucket, Prefix: 'out/' })
  expect((await refusal(bed.client.send(list)))[0]).toBe(502)
  await bed.client.send(list)
  bed.server.fault({ operation: 'PutObject', status: 502, after: true })
  expect((await refusal(bed.put('done', 'text')))[0]).toBe(502)
  expect(await readFile(join(bed.directory, 'done'), 'utf8')).toBe('text')
})

test.each([
  ['stopped', [404, 'NoSuchBucket']],
  ['deleted', [404, 'NoSuchBucket']],
  ['unfunded', [402, 'PaymentRequired']],
] as const)('a volume that is %s answers nothing else', async (state, answer) => {
  bed.server.volume(Bucket).state = state
  expect(await refusal(bed.put('a'))).toEqual(answer)
  expect((await refusal(bed.client.send(new HeadBucketCommand({ Bucket }))))[0]).toBe(answer[0])
  bed.server.clear()
  await bed.put('a')
})

test('PutObject grows in place, so that a reader sees half a file', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  async function* slow() {
    yield Buffer.alloc(100_000, 1)
    await promise
    yield Buffer.alloc(100_000, 2)
  }
  const Body = Readable.from(slow())
  const put = new PutObjectCommand({ Bucket, Key: 'half', Body, ContentLength: 200_000 })
  const sent = bed.client.send(put)
  const size = () =>
    readFile(join(bed.directory, 'half')).then(
      ({ length }) => length,
      () => 0,
    )
  await expect.poll(size).toBe(100_000)
  resolve()
  await sent
  expect(await size()).toBe(200_000)
})

test('a slow volume leaves a small file half written for a while', async () => {
  bed.server.quirks.halfMs = 100
  const sent = bed.put('small', 'twelve bytes')
  const size = () =>
    readFile(join(bed.directory, 'small')).then(
      ({ length }) => length,
      () => 0,
    )
  await expect.poll(size, { interval: 5 }).toBe(6)
  await sent
  expect(await size()).toBe(12)
})

test('completion and copy put a file in place by rename', async () => {
  const seen = new Set<number>()
  let watching = true
  const watch = async () => {
    while (watching) {
      for (const name of await readdir(join(bed.directory, 'models')).catch(() => [])) {
        seen.add((await readFile(join(bed.directory, 'models', name))).length)
      }
      await new Promise((done) => setImmediate(done))
    }
  }
  const watcher = watch()
  const part = randomBytes(2_000_000)
  await bed.client.send((await bed.uploadParts('models/w', [part, part])).complete)
  const CopySource = `${Bucket}/models/w`
  await bed.client.send(new CopyObjectCommand({ Bucket, Key: 'models/x', CopySource }))
  await expect.poll(() => seen.size).toBeGreaterThan(0)
  watching = false
  await watcher
  expect([...seen]).toEqual([4_000_000])
})

test('parts and unfinished files lie hidden, and their folder is nobody else’s', async () => {
  await bed.uploadParts('models/w', ['one'])
  const hidden = await readdir(join(bed.directory, '.s3compat_uploads'))
  expect(hidden).toHaveLength(1)
  const { Contents } = await bed.client.send(new ListObjectsV2Command({ Bucket }))
  expect(Contents).toBeUndefined()
  expect(await refusal(bed.put(`.s3compat_uploads/${hidden[0]}/key`))).toEqual([
    403,
    'AccessDenied',
  ])
})

test('notes what it was asked, and what it answered', async () => {
  await mkdir(join(bed.directory, 'd'))
  await writeFile(join(bed.directory, 'd/x'), 'x')
  await head('d/x')
  await refusal(head('d/y'))
  await expect
    .poll(() => bed.server.log.map(({ operation, key, status }) => [operation, key, status]))
    .toEqual([
      ['HeadObject', 'd/x', 200],
      ['HeadObject', 'd/y', 404],
    ])
})
