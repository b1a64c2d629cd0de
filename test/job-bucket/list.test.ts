import {
  CreateMultipartUploadCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Mount } from '../../src/grants/grant.ts'
import { failure } from './memory-store.ts'
import { openClient } from './open-client.ts'
import { sendSigned } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

const Bucket = 'job_files'
const outputs = 'real-day/real-grant/out/'
const mounts: readonly Mount[] = [
  { path: 'in/', key: 'real-day/real-grant/in/', mode: 'read' },
  { path: 'session/', key: 'real-session/', mode: 'read-write' },
  { path: '', key: outputs, mode: 'read-write' },
]
let served: ServedBucket
let client: S3Client

beforeAll(async () => {
  served = await serveBucket()
  client = openClient(served)
})

beforeEach(() => {
  const { memory } = served
  memory.intercept = () => undefined
  memory.objects.clear()
  memory.uploads.clear()
  memory.requests.length = 0
  served.change({ mounts })
})

afterAll(async () => {
  client.destroy()
  await served[Symbol.asyncDispose]()
})

function fill() {
  const keys = ['in/0', 'in/1/x', 'in/1/y']
  for (const key of keys) served.memory.put(`real-day/real-grant/${key}`, 'x')
  for (const key of ['a b+', 'b/1', 'b/2', 'c/', 'z']) served.memory.put(outputs + key, 'x')
  served.memory.put('real-session/s', 'x')
  return ['a b+', 'b/1', 'b/2', 'c/', ...keys, 'session/s', 'z']
}

/** All lines of ListObjects, page by page as its clients go on. */
async function listV1(options: object) {
  const lines: string[] = []
  for (let Marker: string | undefined; ; ) {
    const page = await client.send(new ListObjectsCommand({ Bucket, ...options, Marker }))
    const keys = (page.Contents ?? []).map(({ Key = '' }) => Key)
    lines.push(...keys, ...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix))
    if (page.IsTruncated !== true) return lines.sort()
    // S3 gives the next marker with a delimiter alone.
    expect(page.NextMarker !== undefined).toBe('Delimiter' in options)
    Marker = page.NextMarker ?? keys.at(-1)
  }
}

test.each([1, 2, 3, 1000])('lists as version 1 in pages of %i', async (MaxKeys) => {
  const all = fill()
  expect(await listV1({ MaxKeys })).toEqual(all)
  expect(await listV1({ MaxKeys, Prefix: 'b/' })).toEqual(['b/1', 'b/2'])
  const rolled = ['a b+', 'b/', 'c/', 'in/', 'session/', 'z']
  expect(await listV1({ MaxKeys, Delimiter: '/' })).toEqual(rolled)
  expect(await listV1({ MaxKeys, Delimiter: '/', Prefix: 'in/' })).toEqual(['in/0', 'in/1/'])
})

test('says in version 1 what S3 says', async () => {
  fill()
  const page = await client.send(
    new ListObjectsCommand({ Bucket, MaxKeys: 2, Marker: 'a b+', EncodingType: 'url' }),
  )
  expect(page).toMatchObject({
    Name: Bucket,
    Prefix: '',
    Marker: 'a%20b%2B',
    MaxKeys: 2,
    IsTruncated: true,
    EncodingType: 'url',
  })
  expect(page.Contents?.map(({ Key, Owner }) => [Key, Owner?.ID])).toEqual([
    ['b/1', 'job'],
    ['b/2', 'job'],
  ])
  const { text } = await sendSigned(served, { target: '/b?delimiter=&max-keys=0' })
  expect(text).toContain('<Marker></Marker><IsTruncated>false</IsTruncated></ListBucketResult>')
})

test('names an owner in version 2 when it is asked for', async () => {
  fill()
  const owners = async (FetchOwner?: boolean) => {
    const page = await client.send(new ListObjectsV2Command({ Bucket, FetchOwner }))
    return new Set(page.Contents?.map(({ Owner }) => Owner?.ID))
  }
  expect(await owners()).toEqual(new Set([undefined]))
  expect(await owners(true)).toEqual(new Set(['job']))
})

test('lists one bucket', async () => {
  const answer = await client.send(new ListBucketsCommand({}))
  expect(answer.Buckets?.map(({ Name }) => Name)).toEqual(['job_files'])
  expect(answer.Buckets?.[0]?.CreationDate).toBeInstanceOf(Date)
  expect(answer.Owner).toEqual({ ID: 'job', DisplayName: 'job' })
  expect((await client.send(new ListBucketsCommand({ Prefix: 'other' }))).Buckets ?? []).toEqual([])
})

async function createUpload(Key: string): Promise<string> {
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  return UploadId
}

test('lists the parts of an upload', async () => {
  const Key = 'parts'
  const UploadId = await createUpload(Key)
  for (const PartNumber of [1, 2, 3, 5]) {
    const part = { Bucket, Key, UploadId, PartNumber, Body: 'x'.repeat(PartNumber) }
    await client.send(new UploadPartCommand(part))
  }
  const list = (options: object) =>
    client.send(new ListPartsCommand({ Bucket, Key, UploadId, ...options }))
  const whole = await list({})
  expect(whole).toMatchObject({ Bucket, Key, UploadId, IsTruncated: false, MaxParts: 1000 })
  expect(whole.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 5],
  ])
  expect(whole.Parts?.[0]?.ETag).toMatch(/^"\w{32}"$/)
  expect(JSON.stringify(whole)).not.toContain('real-')
  const page = await list({ MaxParts: 2 })
  expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' })
  const rest = await list({ MaxParts: 2, PartNumberMarker: page.NextPartNumberMarker })
  expect(rest.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3, 5])
  expect(rest.IsTruncated).toBe(false)
  const none = { name: 'NoSuchUpload' }
  await expect(list({ UploadId: 'none' })).rejects.toMatchObject(none)
  await expect(list({ Key: 'other' })).rejects.toMatchObject(none)
  await expect(list({ Key: 'in/0' })).rejects.toMatchObject({ name: 'AccessDenied' })
  // Ceph RGW 16 says it of an unknown upload.
  served.memory.intercept = () => failure(404, 'NoSuchKey')
  await expect(list({})).rejects.toMatchObject(none)
})

async function listUploads(options: object) {
  const lines: string[] = []
  for (let markers = {}; ; ) {
    const page = await client.send(
      new ListMultipartUploadsCommand({ Bucket, ...options, ...markers }),
    )
    lines.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => `${Key} ${UploadId}`))
    lines.push(...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix))
    if (page.IsTruncated !== true) return lines
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
}

test.each([1, 2, 3, 1000])('lists uploads in pages of %i', async (MaxUploads) => {
  const made: string[] = []
  for (const key of ['a b+', 'b/1', 'b/1', 'b/1', 'b/2', 'session/x', 'session/y/1', 'z']) {
    made.push(`${key} ${await createUpload(key)}`)
  }
  // Of another job, and such that only another could have begun them.
  const foreign = { headers: {}, parts: new Map() }
  served.memory.uploads.set('f1', { ...foreign, key: 'real-day/real-grant2/out/x' })
  served.memory.uploads.set('f2', { ...foreign, key: 'real-day/real-grant/in/x' })
  served.memory.uploads.set('f3', { ...foreign, key: `${outputs}in/hidden` })
  served.memory.uploads.set('f4', { ...foreign, key: `${outputs}session/hidden` })
  expect(await listUploads({ MaxUploads })).toEqual(made)
  const at = (...numbers: number[]) => numbers.map((number) => made[number])
  expect(await listUploads({ MaxUploads, Prefix: 'b/' })).toEqual(at(1, 2, 3, 4))
  expect(await listUploads({ MaxUploads, Prefix: 'in/' })).toEqual([])
  const rolled = await listUploads({ MaxUploads, Delimiter: '/' })
  expect(rolled.sort()).toEqual([...at(0), 'b/', 'session/', ...at(7)])
  const inside = await listUploads({ MaxUploads, Delimiter: '/', Prefix: 'session/' })
  expect(inside).toEqual([...at(5), 'session/y/'])
  const after = { KeyMarker: 'b/1' }
  const page = await client.send(new ListMultipartUploadsCommand({ Bucket, ...after }))
  expect(page.Uploads?.map(({ Key }) => Key)).toEqual(['b/2', 'session/x', 'session/y/1', 'z'])
  expect(JSON.stringify(page)).not.toContain('real-')
})

test('lists the upload of a mount of one object, and of no longer key', async () => {
  served.change({ mounts: [{ path: 'one.bin', key: 'real-one/x', mode: 'read-write' }] })
  const uploadId = await createUpload('one.bin')
  served.memory.uploads.set('f', { key: 'real-one/x2', headers: {}, parts: new Map() })
  expect(await listUploads({})).toEqual([`one.bin ${uploadId}`])
  expect(await listUploads({ Prefix: 'one.bin2' })).toEqual([])
})

test('says that uploads and parts cannot be listed where the store cannot', async () => {
  served.memory.intercept = () => failure(501, 'NotImplemented')
  const refused = { name: 'NotImplemented', $metadata: { httpStatusCode: 501 } }
  await expect(listUploads({})).rejects.toMatchObject(refused)
  const parts = new ListPartsCommand({ Bucket, Key: 'a', UploadId: 'u' })
  await expect(client.send(parts)).rejects.toMatchObject(refused)
})

test.for([
  '/b?max-keys=x',
  '/b?list-type=2&max-keys=-1',
  '/b?encoding-type=base64',
  '/b?uploads&encoding-type=base64',
  '/b?uploads&max-uploads=1.5',
  '/b?uploads&key-marker=a&upload-id-marker=%20',
  '/b/x?uploadId=u&max-parts=x',
  '/b/x?uploadId=u&part-number-marker=x',
])('refuses the parameters of %s, the store unasked', async (target) => {
  const answer = await sendSigned(served, { target })
  expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
  expect(served.memory.requests).toEqual([])
})
