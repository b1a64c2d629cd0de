import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { IncomingResponse } from '../../src/platform.ts'
import type { StoreRequest } from '../../src/store/store.ts'
import { failure } from './memory-store.ts'
import { openClient } from './open-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

const Bucket = 'job_files'
const outputs = 'real-day/real-grant/out/'
const exceeded = { name: 'QuotaExceeded', $metadata: { httpStatusCode: 403 } }
let served: ServedBucket
let s3: S3Client

beforeEach(async () => {
  served = await serveBucket()
  served.change({ quota: { bytes: 1000, objects: 30 } })
  s3 = openClient(served)
})
afterEach(async () => {
  s3.destroy()
  await served[Symbol.asyncDispose]()
})

const put = (Key: string, bytes: number) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array(bytes) }))
const copy = (from: string, Key: string) =>
  s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}` }))
const copyOnItself = (Key: string) => {
  const input = { Bucket, Key, CopySource: `${Bucket}/${Key}`, ContentType: 'text/plain' }
  return s3.send(new CopyObjectCommand({ ...input, MetadataDirective: 'REPLACE' }))
}
const begin = async (Key: string) =>
  (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId
const part = (Key: string, UploadId: string | undefined, PartNumber: number, bytes: number) =>
  s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: new Uint8Array(bytes) }))
const complete = (Key: string, UploadId: string | undefined, ETag: string | undefined) => {
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
  return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
}
const elsewhere = (key: string, bytes: number) =>
  served.memory.put(outputs + key, 'x'.repeat(bytes))
/** Size of each output. */
const sizes = () =>
  Object.fromEntries(
    [...served.memory.objects]
      .filter(([key]) => key.startsWith(outputs))
      .map(([key, { bytes }]) => [key.slice(outputs.length), bytes.length]),
  )
/** Stands between the job bucket and its store. */
function between(
  change: (
    request: StoreRequest,
    send: () => Promise<IncomingResponse>,
  ) => Promise<IncomingResponse>,
): void {
  const { memory } = served
  const send = memory.send.bind(memory)
  memory.send = (request) => change(request, () => send(request))
}
function createGate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
const isObject = ({ method, query }: StoreRequest) =>
  (method === 'PUT' || method === 'POST') && query?.['uploads'] === undefined

describe('an output that was acknowledged', () => {
  test('stays where copies overlap', async () => {
    await put('a', 600)
    const landed = createGate()
    let count = 0
    between(async (request, send) => {
      const answer = await send()
      if (request.method === 'PUT' && ++count === 2) landed.open()
      if (request.method === 'PUT') await landed.opened
      return answer
    })
    const results = await Promise.allSettled([copyOnItself('a'), copy('a', 'b'), put('tiny', 10)])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(sizes()).toEqual({ a: 600, tiny: 10 })
  })

  test('stays when what should replace it is too much, which is refused before', async () => {
    await put('a', 10)
    elsewhere('b', 900)
    await expect(put('a', 500)).rejects.toMatchObject(exceeded)
    expect(sizes()).toEqual({ a: 10, b: 900 })
  })

  test('stays when others write while it is replaced', async () => {
    await put('a', 10)
    between(async (request, send) => {
      if (request.method === 'PUT') elsewhere('b', 900)
      return await send()
    })
    await put('a', 500)
    expect(sizes()).toEqual({ a: 500, b: 900 })
  })

  test('may become smaller, or be copied on itself, where there is too much already', async () => {
    await put('a', 600)
    elsewhere('b', 600)
    await copyOnItself('a')
    await put('a', 500)
    expect(sizes()).toEqual({ a: 500, b: 600 })
  })

  test('stays where the upload that should replace it came through elsewhere', async () => {
    await put('a', 10)
    const id = await begin('a')
    const { ETag } = await part('a', id, 1, 700)
    const other = await serveBucket(undefined, () => served.memory as never)
    other.change({ quota: { bytes: 500, objects: 30 } })
    const client = openClient(other)
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
    const input = { Bucket, Key: 'a', UploadId: id, MultipartUpload }
    const sent = client.send(new CompleteMultipartUploadCommand(input))
    await expect(sent).rejects.toMatchObject(exceeded)
    client.destroy()
    await other[Symbol.asyncDispose]()
    expect(sizes()).toEqual({ a: 10 })
    await complete('a', id, ETag)
    expect(sizes()).toEqual({ a: 700 })
  })
})

describe('a copy', () => {
  test('that cannot fit is refused before it is made', async () => {
    served.memory.put('real-day/real-grant/in/big', 'x'.repeat(1001))
    await expect(copy('in/big', 'a')).rejects.toMatchObject(exceeded)
    expect(served.memory.requests.filter(isObject)).toEqual([])
  })

  test('whose source grew meanwhile is too much, and goes', async () => {
    served.memory.put('real-day/real-grant/in/big', 'x'.repeat(100))
    between(async (request, send) => {
      if (request.copyFrom) served.memory.put('real-day/real-grant/in/big', 'x'.repeat(1001))
      return await send()
    })
    await expect(copy('in/big', 'a')).rejects.toMatchObject(exceeded)
    expect(sizes()).toEqual({})
  })

  test('of nothing is told so', async () => {
    await expect(copy('in/none', 'a')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
})

test('parts sent again never take less than nothing', async () => {
  const id = await begin('a')
  await part('a', id, 1, 1000)
  const gate = createGate()
  between(async (request, send) => {
    const answer = await send()
    if (request.query?.['uploadId'] === id) await gate.opened
    return answer
  })
  const again = Array.from({ length: 20 }, () => part('a', id, 1, 1))
  const other = await begin('b')
  await expect.poll(() => served.memory.requests.filter(isObject).length).toBe(21)
  await expect(part('b', other, 1, 1000)).rejects.toMatchObject(exceeded)
  gate.open()
  await Promise.all(again)
})

describe('a write whose answer is lost counts', () => {
  const lose = (isServerError: boolean) =>
    between(async (request, send) => {
      const answer = await send()
      if (!isObject(request)) return answer
      if (isServerError) return failure(500, 'InternalError')
      throw new Error('socket hang up')
    })

  test.each([false, true])('when it was put (answered with an error: %s)', async (isError) => {
    lose(isError)
    await expect(put('a', 900)).rejects.not.toMatchObject(exceeded)
    await expect(put('b', 900)).rejects.toMatchObject(exceeded)
    expect(sizes()).toEqual({ a: 900 })
  })

  test.each([false, true])('when it was copied (answered with an error: %s)', async (isError) => {
    served.memory.put('real-day/real-grant/in/big', 'x'.repeat(900))
    lose(isError)
    await expect(copy('in/big', 'a')).rejects.not.toMatchObject(exceeded)
    await expect(copy('in/big', 'b')).rejects.toMatchObject(exceeded)
    expect(sizes()).toEqual({ a: 900 })
  })

  test.each([false, true])('when it was a part (answered with an error: %s)', async (isError) => {
    const id = await begin('a')
    lose(isError)
    await expect(part('a', id, 1, 900)).rejects.not.toMatchObject(exceeded)
    await expect(part('a', id, 2, 900)).rejects.toMatchObject(exceeded)
  })

  test('when it was completed', async () => {
    const id = await begin('a')
    const { ETag } = await part('a', id, 1, 900)
    lose(false)
    await expect(complete('a', id, ETag)).rejects.not.toMatchObject(exceeded)
    expect(sizes()).toEqual({ a: 900 })
    await expect(put('b', 101)).rejects.toMatchObject(exceeded)
  })

  test('but not when its last byte never left', async () => {
    const wrong = { Bucket, Key: 'a', Body: new Uint8Array(600), ChecksumSHA256: 'AAAA' }
    await expect(s3.send(new PutObjectCommand(wrong))).rejects.toThrow()
    const before = served.memory.requests.length
    await put('b', 500)
    const [first] = served.memory.requests.slice(before)
    expect(first?.method).not.toBe('GET')
  })
})

describe('a write in mid-air that a count has seen counts once', () => {
  test('when it is put', async () => {
    await put('x', 200)
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'x' }))
    const landed = createGate()
    const gate = createGate()
    between(async (request, send) => {
      const answer = await send()
      if (request.method === 'PUT' && request.key === `${outputs}a`) {
        landed.open()
        await gate.opened
      }
      return answer
    })
    const writing = put('a', 600)
    await landed.opened
    await put('b', 300)
    await expect(put('c', 101)).rejects.toMatchObject(exceeded)
    gate.open()
    await writing
    expect(sizes()).toEqual({ a: 600, b: 300 })
  })

  test('when it is completed', async () => {
    const id = await begin('a')
    const { ETag } = await part('a', id, 1, 600)
    const landed = createGate()
    const gate = createGate()
    between(async (request, send) => {
      const answer = await send()
      if (request.method === 'POST') {
        landed.open()
        await gate.opened
      }
      return answer
    })
    const writing = complete('a', id, ETag)
    await landed.opened
    await put('b', 400)
    await expect(put('c', 1)).rejects.toMatchObject(exceeded)
    gate.open()
    await writing
    expect(sizes()).toEqual({ a: 600, b: 400 })
  })

  test('when it is about to be completed', async () => {
    const id = await begin('a')
    const { ETag } = await part('a', id, 1, 600)
    const asked = createGate()
    const gate = createGate()
    between(async (request, send) => {
      if (request.method === 'POST') {
        asked.open()
        await gate.opened
      }
      return await send()
    })
    const writing = complete('a', id, ETag)
    await asked.opened
    await expect(put('b', 401)).rejects.toMatchObject(exceeded)
    await put('b', 400)
    gate.open()
    await writing
  })
})
