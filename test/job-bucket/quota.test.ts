import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openClient } from './open-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

const Bucket = 'job_files'
const outputs = 'real-day/real-grant/out/'
let served: ServedBucket
let s3: S3Client

beforeEach(async () => {
  served = await serveBucket()
  served.change({ quota: { bytes: 1000, objects: 3 } })
  s3 = openClient(served)
})
afterEach(async () => {
  s3.destroy()
  await served[Symbol.asyncDispose]()
})

const put = (Key: string, bytes: number) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array(bytes) }))
const begin = async (Key: string) =>
  (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId
const part = async (Key: string, UploadId: string | undefined, PartNumber: number, bytes: number) =>
  await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: new Uint8Array(bytes) }),
  )
const complete = (Key: string, UploadId: string | undefined, ETags: (string | undefined)[]) => {
  const Parts = ETags.map((ETag, at) => ({ ETag, PartNumber: at + 1 }))
  const input = { Bucket, Key, UploadId, MultipartUpload: { Parts } }
  return s3.send(new CompleteMultipartUploadCommand(input))
}
const kept = () => [...served.memory.objects.keys()].sort()
const exceeded = { name: 'QuotaExceeded', $metadata: { httpStatusCode: 403 } }
/** What another instance of the gateway writes: this one does not see it pass. */
const elsewhere = (key: string, bytes: number) =>
  served.memory.put(outputs + key, 'x'.repeat(bytes))

describe('the byte quota', () => {
  test('is exact: what fits fits, one byte more does not, and leaves nothing', async () => {
    await put('a', 600)
    await expect(put('b', 401)).rejects.toMatchObject(exceeded)
    await put('b', 400)
    expect(kept()).toEqual([`${outputs}a`, `${outputs}b`])
    await expect(put('c', 1)).rejects.toMatchObject(exceeded)
  })

  test('says what is allowed and what it would have been', async () => {
    await put('a', 600)
    const text = 'may keep 1000 bytes in 3 objects; with this one it would be 1100 in 2'
    await expect(put('b', 500)).rejects.toThrow(text)
  })

  test('counts an object that replaces another once', async () => {
    await put('a', 900)
    await put('a', 1000)
    await put('a', 10)
    await put('b', 990)
  })

  test('has room again for what was deleted', async () => {
    await put('a', 1000)
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
    await put('b', 1000)
  })

  test('gives back what a failed write had taken', async () => {
    const wrong = { Bucket, Key: 'a', Body: new Uint8Array(900), ChecksumSHA256: 'AAAA' }
    await expect(s3.send(new PutObjectCommand(wrong))).rejects.toThrow()
    await put('a', 1000)
  })

  test('counts writes that are on their way at the same time', async () => {
    const results = await Promise.allSettled([1, 2, 3].map((n) => put(`${n}`, 400)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(kept()).toHaveLength(2)
  })

  test('is exact at completion, whatever other instances have written', async () => {
    await put('a', 50)
    elsewhere('b', 600)
    await expect(put('c', 500)).rejects.toMatchObject(exceeded)
    expect(kept()).toEqual([`${outputs}a`, `${outputs}b`])
    await put('c', 350)
  })

  test('lists once, and not again while a job is far from it', async () => {
    served.change({ quota: { bytes: 1e12, objects: 100_000 } })
    for (const key of ['a', 'b', 'c', 'd']) await put(key, 1000)
    expect(served.memory.requests.map(({ method }) => method)).toEqual([
      'GET',
      'PUT',
      'PUT',
      'PUT',
      'PUT',
    ])
  })
})

describe('the object quota', () => {
  test('refuses one object more', async () => {
    for (const key of ['a', 'b', 'c']) await put(key, 0)
    await expect(put('d', 0)).rejects.toMatchObject(exceeded)
    await put('c', 5)
  })

  test('of zero lets nothing be written, and everything be read', async () => {
    served.change({ quota: { bytes: 1000, objects: 0 } })
    await expect(put('a', 1)).rejects.toMatchObject(exceeded)
    await expect(begin('a').then((id) => complete('a', id, ['"x"']))).rejects.toMatchObject(
      exceeded,
    )
  })

  test('does not count inputs, sessions or references', async () => {
    served.change({
      mounts: [
        { path: 'in/', key: 'real-day/real-grant/in/', mode: 'read' },
        { path: 'session/', key: 'sessions/s1/', mode: 'read-write' },
        { path: '', key: outputs, mode: 'read-write' },
      ],
    })
    for (const n of [1, 2, 3, 4]) served.memory.put(`real-day/real-grant/in/${n}`, 'x')
    for (const n of [1, 2, 3, 4]) await put(`session/${n}`, 900)
    for (const key of ['a', 'b', 'c']) await put(key, 300)
  })
})

describe('a multipart upload', () => {
  test('takes its quota part by part, a part sent twice once', async () => {
    const id = await begin('a')
    await part('a', id, 1, 600)
    const again = await part('a', id, 1, 500)
    await expect(part('a', id, 2, 501)).rejects.toMatchObject(exceeded)
    const last = await part('a', id, 2, 500)
    await complete('a', id, [again.ETag, last.ETag])
    expect(kept()).toEqual([`${outputs}a`])
    await expect(put('b', 1)).rejects.toMatchObject(exceeded)
  })

  test('gives it back when it is aborted', async () => {
    const id = await begin('a')
    await part('a', id, 1, 1000)
    await expect(put('b', 1)).rejects.toMatchObject(exceeded)
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'a', UploadId: id }))
    await put('b', 1000)
  })

  test('that ended elsewhere takes nothing any more', async () => {
    const id = await begin('a')
    await part('a', id, 1, 600)
    await expect(put('b', 600)).rejects.toMatchObject(exceeded)
    // Completed through another instance, and its object deleted.
    served.memory.uploads.delete(`${id}`)
    await put('b', 600)
  })

  test('of another key is not forgotten by an abort', async () => {
    const id = await begin('a')
    await part('a', id, 1, 600)
    const abort = new AbortMultipartUploadCommand({ Bucket, Key: 'other', UploadId: id })
    await expect(s3.send(abort)).rejects.toThrow()
    await expect(put('b', 600)).rejects.toMatchObject(exceeded)
  })

  test('whose object is one too many leaves none', async () => {
    const id = await begin('a')
    const { ETag } = await part('a', id, 1, 600)
    elsewhere('b', 600)
    await expect(complete('a', id, [ETag])).rejects.toMatchObject(exceeded)
    expect(kept()).toEqual([`${outputs}b`])
  })
})

describe('a copy', () => {
  beforeEach(() => {
    served.memory.put('real-day/real-grant/in/big', 'x'.repeat(700))
  })

  test('of what fits is kept, and of what does not is not', async () => {
    const copy = (Key: string) =>
      s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/in/big` }))
    await copy('a')
    await expect(copy('b')).rejects.toMatchObject(exceeded)
    expect(kept()).toEqual(['real-day/real-grant/in/big', `${outputs}a`])
  })

  test('as a part counts as a part', async () => {
    const id = await begin('a')
    const source = { Bucket, Key: 'a', UploadId: id, CopySource: `${Bucket}/in/big` }
    await s3.send(new UploadPartCopyCommand({ ...source, PartNumber: 1 }))
    const second = new UploadPartCopyCommand({ ...source, PartNumber: 2 })
    await expect(s3.send(second)).rejects.toMatchObject(exceeded)
    await part('a', id, 2, 300)
  })
})
