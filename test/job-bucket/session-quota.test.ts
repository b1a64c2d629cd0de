import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openClient } from './open-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

const Bucket = 'job_files'
const directory = 'sessions/owner/endpoint/run-42/'
let served: ServedBucket
let s3: S3Client

beforeEach(async () => {
  served = await serveBucket()
  served.change({
    quota: { bytes: 100, objects: 2 },
    session: { name: 'run-42', quota: { bytes: 1000, objects: 3 } },
    mounts: [
      { path: 'in/', key: 'stage/in/', mode: 'read' },
      { path: 'session/', key: directory, mode: 'read-write' },
      { path: '', key: 'real-day/real-grant/out/', mode: 'read-write' },
    ],
  })
  s3 = openClient(served)
})
afterEach(async () => {
  s3.destroy()
  await served[Symbol.asyncDispose]()
})

const put = (Key: string, bytes: number) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array(bytes) }))
const exceeded = { name: 'QuotaExceeded', $metadata: { httpStatusCode: 403 } }

test('a session is counted apart from the outputs, with what jobs before have left there', async () => {
  served.memory.put(`${directory}old`, 'x'.repeat(500))
  await put('session/new', 500)
  await expect(put('session/more', 1)).rejects.toMatchObject(exceeded)
  await put('out', 100)
  await expect(put('out-2', 1)).rejects.toMatchObject(exceeded)
  expect(served.memory.objects.has(`${directory}new`)).toBe(true)
  expect(served.memory.objects.has(`${directory}more`)).toBe(false)
})

test('a checkpoint may take the place of another of its size', async () => {
  await put('session/ckpt', 900)
  await put('session/ckpt', 900)
  await expect(put('session/ckpt', 1001)).rejects.toMatchObject(exceeded)
})

test('its files are counted, too', async () => {
  for (const name of ['a', 'b', 'c']) await put(`session/${name}`, 1)
  await expect(put('session/d', 1)).rejects.toMatchObject(exceeded)
})

test('parts count until their upload is over', async () => {
  const Key = 'session/large'
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const Body = new Uint8Array(800)
  await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }))
  await expect(put('session/small', 300)).rejects.toMatchObject(exceeded)
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  await put('session/small', 300)
})

test('is listed where it lies, below the job’s own files', async () => {
  served.memory.put(`${directory}a/1`, 'x')
  served.memory.put(`${directory}b`, 'xx')
  await put('zzz', 1)
  const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'session/' }))
  expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['session/a/1', 'session/b'])
  const all = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }))
  expect(all.CommonPrefixes?.map(({ Prefix }) => Prefix)).toContain('session/')
})
