import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { beforeEach, describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'
import type { S3Config } from './platform-view.ts'

const stack = useStack({ worker: 'none' })
const file = bytesOf(300_000)

let id: string
let s3Config: S3Config
let client: S3Client
let key: string
let Bucket: string

beforeEach(async () => {
  await stack.platform.purge('always')
  id = await stack.submitted('always', { input: { file: file.toString('base64') } })
  const job = await stack.platform.take('always')
  expect(job.id).toBe(id)
  if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
  ;({ s3Config } = job)
  client = workerClient(s3Config)
  key = `${job.input['file']}`
  Bucket = s3Config.bucketName
  return async () => {
    await stack.platform.finish('always', id, { output: {} }).catch(() => {})
  }
})

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown'
  }
}

async function readAll(Key: string, Range?: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...(Range && { Range }) }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}

describe('A worker with the keys of its job', () => {
  test('reads its input, whole and in ranges', async () => {
    expect((await readAll(key)).equals(file)).toBe(true)
    expect((await readAll(key, 'bytes=10-19')).equals(file.subarray(10, 20))).toBe(true)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: key }))
    expect(head.ContentLength).toBe(file.length)
  })

  test('cannot write where its input is', async () => {
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'in/x', Body: 'x' }))
    expect(await codeOf(put)).toBe('AccessDenied')
    const over = client.send(new PutObjectCommand({ Bucket, Key: key, Body: 'x' }))
    expect(await codeOf(over)).toBe('AccessDenied')
    expect((await readAll(key)).equals(file)).toBe(true)
  })

  test('writes, lists and reads its outputs, in a bucket of any name', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'a b/ö.txt', Body: 'hello' }))
    await client.send(new PutObjectCommand({ Bucket: '11-26', Key: 'other.txt', Body: 'there' }))
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }))
    const keys = Contents?.map(({ Key }) => Key) ?? []

    expect(keys).toEqual(expect.arrayContaining([key, 'a b/ö.txt', 'other.txt']))
    expect((await readAll('a b/ö.txt')).toString()).toBe('hello')
  })

  test('writes an output in parts', async () => {
    const whole = bytesOf(11_000_000, 2)
    const target = { Bucket, Key: 'out/big.bin' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
    const Parts = []
    for (const [PartNumber, Body] of [
      [1, whole.subarray(0, 5_500_000)],
      [2, whole.subarray(5_500_000)],
    ] as const) {
      const { ETag } = await client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber, Body }),
      )
      Parts.push({ PartNumber, ETag })
    }
    await client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    )

    expect((await readAll('out/big.bin')).equals(whole)).toBe(true)
    expect(stack.store.openUploads()).toEqual([])
  })

  test('copies its input, and deletes what it wrote', async () => {
    await client.send(new CopyObjectCommand({ Bucket, Key: 'a b', CopySource: `${Bucket}/${key}` }))
    expect((await readAll('a b')).equals(file)).toBe(true)
    for (const Key of ['one', 'two']) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
    }
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a b' }))
    const Objects = ['one', 'two', key].map((Key) => ({ Key }))
    const { Deleted, Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    )
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['one', 'two'])
    expect(Errors).toMatchObject([{ Key: key, Code: 'AccessDenied' }])
    const { Contents } = await client.send(new ListObjectsCommand({ Bucket }))
    expect(Contents?.map(({ Key }) => Key)).toEqual([key])
  })

  test('can abort what it began', async () => {
    const target = { Bucket, Key: 'out/never.bin' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
    expect(stack.store.openUploads()).toHaveLength(1)
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId }))

    expect(stack.store.openUploads()).toEqual([])
  })

  test('can presign a GET, and nobody can change what it signs', async () => {
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }))
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(file)).toBe(true)
    const other = await fetch(url.replace(key, 'out/other'))

    expect(other.status).toBe(403)
    expect(await other.text()).toContain('SignatureDoesNotMatch')
  })
})

describe('Keys that are not good', () => {
  test('A wrong secret is SignatureDoesNotMatch, an unknown id InvalidAccessKeyId', async () => {
    const wrong = workerClient({ ...s3Config, accessSecret: 'x'.repeat(40) })
    const get = new GetObjectCommand({ Bucket, Key: key })
    expect(await codeOf(wrong.send(get))).toBe('SignatureDoesNotMatch')
    const unknown = workerClient({ ...s3Config, accessId: 'AKIAUNKNOWN000000000' })
    expect(await codeOf(unknown.send(get))).toBe('InvalidAccessKeyId')
  })

  test("Another job's keys do not open this job's files", async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'mine.txt', Body: 'mine' }))
    const other = await stack.submitted('always', { input: { file: file.toString('base64') } })
    const taken = await stack.platform.take('always')
    expect(taken.id).toBe(other)
    if (taken.s3Config === undefined) throw new TypeError('The job has no s3Config')
    const stranger = workerClient(taken.s3Config)

    const real = (await stack.bucket.fileKeys()).find((name) => name.endsWith('mine.txt')) ?? ''
    // Workers see a path whose dot segments are gone, so that its signature does not match.
    const refusals = ['AccessDenied', 'NoSuchKey', 'InvalidArgument', 'SignatureDoesNotMatch']
    for (const Key of ['mine.txt', real, `../${real}`]) {
      const code = await codeOf(stranger.send(new GetObjectCommand({ Bucket, Key })))
      expect(refusals).toContain(code)
    }
    const { Contents } = await stranger.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents?.map(({ Key }) => Key)).toEqual([taken.input['file']])
    await stack.platform.finish('always', other, { output: {} })
  })
})

describe('The quota of a job', () => {
  test('lets it keep so much and no more', async () => {
    const narrow = await stack.submitted('narrow', { input: { file: file.toString('base64') } })
    const job = await stack.platform.take('narrow')
    if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
    const worker = workerClient(job.s3Config)
    const put = (Key: string, bytes: number) =>
      codeOf(worker.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(bytes) })))
    expect(await put('a', 600)).toBe('none')
    expect(await put('b', 401)).toBe('QuotaExceeded')
    expect(await put('b', 400)).toBe('none')
    expect(await put('c', 0)).toBe('QuotaExceeded')
    const { Contents } = await worker.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents?.map(({ Key }) => Key)).toEqual(['a', 'b', `${job.input['file']}`])
    await stack.platform.finish('narrow', narrow, { output: {} })
  })
})

describe('The end of a job', () => {
  test('ends its keys before the client reads the terminal answer', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'out.txt', Body: 'done' }))
    await stack.platform.finish('always', id, { output: { ok: true } })
    const done = await stack.settled('always', id)
    expect(json(done)['status']).toBe('COMPLETED')

    // A grant may be cached for grantCacheSeconds, which is one second here.
    await expect
      .poll(() => codeOf(client.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' }))), {
        timeout: 5_000,
      })
      .toBe('ExpiredToken')
  })

  test('A cancelled job has no keys left', async () => {
    expect((await stack.call('POST', `/v2/always/cancel/${id}`)).status).toBe(200)

    await expect
      .poll(() => codeOf(client.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' }))), {
        timeout: 5_000,
      })
      .toBe('ExpiredToken')
  })

  test('A deleted job has no keys and no files left, and is cancelled', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'deleted.txt', Body: 'done' }))
    const mine = (await stack.bucket.fileKeys()).find((name) => name.endsWith('deleted.txt')) ?? ''
    const path = `/v2/always/jobs/${id}`
    expect((await stack.call('DELETE', path)).status).toBe(204)
    expect(await stack.bucket.fileKeys()).not.toContain(mine)

    const put = () => codeOf(client.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' })))
    await expect.poll(put, { timeout: 5_000 }).toBe('ExpiredToken')
    expect(json(await stack.call('GET', `/v2/always/status/${id}`))['status']).toBe('CANCELLED')
    expect((await stack.call('DELETE', path)).status).toBe(204)
    expect((await stack.call('DELETE', '/v2/always/jobs/none-such')).status).toBe(404)
  })

  test('A failed job is suspended, and a retry wakes its keys and its input', async () => {
    await stack.platform.finish('always', id, { error: 'broken' })
    expect(json(await stack.settled('always', id))['status']).toBe('FAILED')
    const write = () =>
      codeOf(client.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' })))
    await expect.poll(write, { timeout: 5_000 }).toBe('ExpiredToken')

    const retry = await stack.call('POST', `/v2/always/retry/${id}`)
    expect(retry.status, retry.text).toBe(200)
    const again = await stack.platform.take('always')
    expect(again).toMatchObject({ id, s3Config })
    await expect.poll(write, { timeout: 5_000 }).toBe('none')
    expect((await readAll(key)).equals(file)).toBe(true)
  })
})
