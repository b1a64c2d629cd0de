import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketLocationCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// The official SDK with its default settings, but for the four fields that a worker is given.
const Bucket = 'job_files'
let served: ServedBucket
let client: S3Client

beforeAll(async () => {
  served = await serveBucket()
  client = clientWith(served.accessSecret)
})

afterEach(() => {
  served.memory.intercept = () => undefined
})

afterAll(async () => {
  client.destroy()
  await served[Symbol.asyncDispose]()
})

function clientWith(secretAccessKey: string, accessKeyId = served.accessId): S3Client {
  return new S3Client({
    endpoint: served.url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
}

test('gets an input with its headers, and nothing that names the store', async () => {
  served.memory.put('real-day/real-grant/in/0-a.txt', 'hello', {
    'content-type': 'text/plain',
    'x-amz-meta-a': 'b',
  })
  const answer = await client.send(new GetObjectCommand({ Bucket, Key: 'in/0-a.txt' }))
  expect(await answer.Body?.transformToString()).toBe('hello')
  expect(answer).toMatchObject({
    ContentLength: 5,
    ContentType: 'text/plain',
    Metadata: { a: 'b' },
    AcceptRanges: 'bytes',
    ETag: '"5d41402abc4b2a76b9719d911017c592"',
  })
  expect(answer.VersionId).toBeUndefined()
  expect(answer.LastModified?.toISOString()).toBe('2026-11-20T12:00:00.000Z')
})

test('gets a range, and says of one past the end that it cannot be', async () => {
  served.memory.put('real-day/real-grant/in/r', '0123456789')
  const get = (Range: string) => client.send(new GetObjectCommand({ Bucket, Key: 'in/r', Range }))
  const answer = await get('bytes=2-4')
  expect(await answer.Body?.transformToString()).toBe('234')
  expect(answer).toMatchObject({ ContentRange: 'bytes 2-4/10', ContentLength: 3 })
  await expect(get('bytes=10-')).rejects.toMatchObject({ name: 'InvalidRange' })
})

test('heads an object with its length, and knows when there is none', async () => {
  served.memory.put('real-day/real-grant/in/h', '0123456789')
  const answer = await client.send(new HeadObjectCommand({ Bucket, Key: 'in/h' }))
  expect(answer.ContentLength).toBe(10)
  const none = client.send(new HeadObjectCommand({ Bucket, Key: 'in/none' }))
  await expect(none).rejects.toMatchObject({ name: 'NotFound' })
  const get = client.send(new GetObjectCommand({ Bucket, Key: 'in/none' }))
  await expect(get).rejects.toMatchObject({ name: 'NoSuchKey' })
})

test('keeps the conditions of a read', async () => {
  served.memory.put('real-day/real-grant/in/c', 'x')
  const get = (conditions: object) =>
    client.send(new GetObjectCommand({ Bucket, Key: 'in/c', ...conditions }))
  const etag = (await get({})).ETag
  await expect(get({ IfNoneMatch: etag })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  })
  await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
})

test('puts text, bytes, nothing and a stream, under any bucket name', async () => {
  const big = randomBytes(300_000)
  const put = (Key: string, Body: string | Uint8Array | Readable, ContentLength?: number) =>
    client.send(
      new PutObjectCommand({
        Bucket: '11-26',
        Key,
        Body,
        ContentType: 'image/png',
        CacheControl: 'max-age=5',
        ContentEncoding: 'x-own',
        Metadata: { one: '1' },
        ...(ContentLength !== undefined && { ContentLength }),
      }),
    )
  expect((await put('text', 'hello')).ETag).toBe('"5d41402abc4b2a76b9719d911017c592"')
  await put('empty', '')
  await put('dir name/ü+&=é.bin', big)
  await put('stream', Readable.from([big.subarray(0, 100_000), big.subarray(100_000)]), 300_000)
  const real = (key: string) => served.memory.objects.get(`real-day/real-grant/out/${key}`)
  expect(served.memory.text('real-day/real-grant/out/text')).toBe('hello')
  expect(real('empty')?.bytes.length).toBe(0)
  expect(Buffer.from(real('dir name/ü+&=é.bin')?.bytes ?? [])).toEqual(big)
  expect(Buffer.from(real('stream')?.bytes ?? [])).toEqual(big)
  expect(real('stream')?.headers).toEqual({
    'content-type': 'image/png',
    'cache-control': 'max-age=5',
    'content-encoding': 'x-own',
    'x-amz-meta-one': '1',
  })
})

test.for(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const)(
  'verifies %s of text and of a stream',
  async (ChecksumAlgorithm) => {
    const bytes = randomBytes(70_001)
    const put = (Key: string, Body: Uint8Array | Readable) =>
      client.send(
        new PutObjectCommand({ Bucket, Key, Body, ChecksumAlgorithm, ContentLength: bytes.length }),
      )
    await put('sum-bytes', bytes)
    await put('sum-stream', Readable.from([bytes]))
    const stored = served.memory.objects.get('real-day/real-grant/out/sum-stream')
    expect(Buffer.from(stored?.bytes ?? [])).toEqual(bytes)
    const wrong = new PutObjectCommand({
      Bucket,
      Key: 'sum-wrong',
      Body: bytes,
      [`Checksum${ChecksumAlgorithm}`]: ChecksumAlgorithm === 'CRC64NVME' ? 'AAAAAAAAAAA=' : 'AAAA',
    })
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' })
    expect(served.memory.objects.has('real-day/real-grant/out/sum-wrong')).toBe(false)
  },
)

test('keeps If-None-Match on a write', async () => {
  const put = () =>
    client.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'a', IfNoneMatch: '*' }))
  await put()
  await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed' })
})

test('uploads 12 MiB in parts with lib-storage', async () => {
  const bytes = randomBytes(12 * 1024 * 1024)
  const params = {
    Bucket,
    Key: 'out/big.bin',
    Body: Readable.from([bytes]),
    ContentType: 'video/mp4',
  }
  const result = await new Upload({ client, params }).done()
  expect(result.Key).toBe('out/big.bin')
  expect(JSON.stringify(result)).not.toContain('real-')
  const stored = served.memory.objects.get('real-day/real-grant/out/out/big.bin')
  expect(bytes.equals(stored?.bytes ?? new Uint8Array())).toBe(true)
  expect(stored?.headers['content-type']).toBe('video/mp4')
  expect(served.memory.uploads.size).toBe(0)
})

test('aborts an upload, and knows no upload of another key', async () => {
  const create = new CreateMultipartUploadCommand({ Bucket, Key: 'abort' })
  const { UploadId } = await client.send(create)
  const part = { Bucket, UploadId, PartNumber: 1, Body: 'x' }
  await client.send(new UploadPartCommand({ ...part, Key: 'abort' }))
  const other = client.send(new UploadPartCommand({ ...part, Key: 'other' }))
  await expect(other).rejects.toMatchObject({ name: 'NoSuchUpload' })
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'abort', UploadId }))
  expect(served.memory.uploads.size).toBe(0)
})

test('refuses a completion with unknown, unordered or no parts', async () => {
  const Key = 'complete'
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const complete = (Parts: { PartNumber: number; ETag: string }[]) =>
    client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    )
  const part = (PartNumber: number) => ({ PartNumber, ETag: '"x"' })
  await expect(complete([part(1)])).rejects.toMatchObject({ name: 'InvalidPart' })
  await expect(complete([part(2), part(1)])).rejects.toMatchObject({ name: 'InvalidPartOrder' })
  await expect(complete([])).rejects.toMatchObject({ name: 'MalformedXML' })
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
})

test('presigned URLs of the SDK get with overrides and put', async () => {
  served.memory.put('real-day/real-grant/in/p.txt', 'presigned')
  const get = new GetObjectCommand({
    Bucket,
    Key: 'in/p.txt',
    ResponseContentType: 'text/x-own',
    ResponseContentDisposition: 'attachment; filename="a b.txt"',
  })
  const answer = await fetch(await getSignedUrl(client, get, { expiresIn: 60 }))
  expect(await answer.text()).toBe('presigned')
  expect(answer.headers.get('content-type')).toBe('text/x-own')
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="a b.txt"')
  expect(answer.headers.get('content-security-policy')).toBe('sandbox')
  const put = new PutObjectCommand({ Bucket, Key: 'presigned', Metadata: { m: 'n' } })
  const sent = await fetch(await getSignedUrl(client, put), { method: 'PUT', body: 'hello' })
  expect(await sent.text()).toBe('')
  expect(sent.status).toBe(200)
  expect(served.memory.text('real-day/real-grant/out/presigned')).toBe('hello')
  expect(served.memory.objects.get('real-day/real-grant/out/presigned')?.headers).toMatchObject({
    'x-amz-meta-m': 'n',
  })
})

test('answers HeadBucket and GetBucketLocation, and nothing else that is not listed', async () => {
  await client.send(new HeadBucketCommand({ Bucket }))
  const location = await client.send(new GetBucketLocationCommand({ Bucket }))
  expect(location.LocationConstraint ?? '').toBe('')
  const refused = { name: 'NotImplemented', $metadata: { httpStatusCode: 501 } }
  await expect(client.send(new GetObjectAclCommand({ Bucket, Key: 'text' }))).rejects.toMatchObject(
    refused,
  )
  await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject(refused)
})

test('refuses a wrong secret, an unknown key and an unsigned request', async () => {
  const get = new GetObjectCommand({ Bucket, Key: 'in/0-a.txt' })
  const wrong = clientWith('wrong').send(get)
  await expect(wrong).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
  for (const id of ['AKIDEXAMPLE', `${served.accessId}A`, served.accessId.toLowerCase()]) {
    const unknown = clientWith(served.accessSecret, id).send(get)
    await expect(unknown).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
  }
  const unsigned = await fetch(`${served.url}/${Bucket}/in/0-a.txt`)
  expect(unsigned.status).toBe(403)
  expect(await unsigned.text()).toMatch(
    /<Error><Code>AccessDenied<\/Code>.*<Resource>\/s3\/job_files\/in\/0-a.txt<\/Resource><RequestId>request-1</,
  )
})

test('refuses a clock that is more than 15 minutes off', async () => {
  served.shiftClock(16 * 60_000)
  try {
    const get = client.send(new GetObjectCommand({ Bucket, Key: 'in/0-a.txt' }))
    await expect(get).rejects.toMatchObject({ name: 'RequestTimeTooSkewed' })
  } finally {
    served.shiftClock(0)
  }
})

test('refuses writes to an input and everything out of the mounts', async () => {
  const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  await expect(put('in/new')).rejects.toMatchObject({ name: 'AccessDenied' })
  served.change({ mounts: [{ path: 'in/', key: 'real-day/real-grant/in/', mode: 'read' }] })
  await expect(put('out/new')).rejects.toMatchObject({ name: 'AccessDenied' })
  const get = client.send(new GetObjectCommand({ Bucket, Key: 'inner' }))
  await expect(get).rejects.toMatchObject({ name: 'AccessDenied' })
  served.change({
    mounts: [
      { path: 'in/', key: 'real-day/real-grant/in/', mode: 'read' },
      { path: '', key: 'real-day/real-grant/out/', mode: 'read-write' },
    ],
  })
})

test('stops writing, then reading, as the grant says', async () => {
  served.memory.put('real-day/real-grant/in/e', 'x')
  const get = () => client.send(new GetObjectCommand({ Bucket, Key: 'in/e' }))
  const put = () => client.send(new PutObjectCommand({ Bucket, Key: 'e', Body: 'x' }))
  const expired = { name: 'ExpiredToken' }
  served.change({ state: 'suspended' })
  await get()
  await expect(put()).rejects.toMatchObject(expired)
  served.change({ state: 'ended' })
  await expect(get()).rejects.toMatchObject(expired)
  await expect(put()).rejects.toMatchObject(expired)
  served.change({ state: 'active', writeExpiresAt: Date.now() - 1 })
  await get()
  await expect(put()).rejects.toMatchObject(expired)
  served.change({ readExpiresAt: Date.now() - 1 })
  await expect(get()).rejects.toMatchObject(expired)
  const later = Date.now() + 3_600_000
  served.change({ writeExpiresAt: later, readExpiresAt: later })
  await put()
})

test('lists all mounts in key order, in pages, by virtual keys', async () => {
  served.memory.objects.clear()
  const inputs = ['in/0-a', 'in/1 b+&.txt', 'in/2/x', 'in/3', 'in/4']
  const outputs = ['a', 'b/1', 'b/2', 'inner', 'z/1', 'é', '\u{1f600}', '\uffee', '\ufeffa']
  for (const key of inputs) served.memory.put(`real-day/real-grant/${key}`, 'x')
  for (const key of outputs) served.memory.put(`real-day/real-grant/out/${key}`, 'yy')
  // Hidden by the mount `in/`, and of another job.
  served.memory.put('real-day/real-grant/out/in/hidden', 'x')
  served.memory.put('real-day/real-grant2/out/other', 'x')
  const all = ['a', 'b/1', 'b/2', ...inputs, 'inner', 'z/1', 'é', '\ufeffa', '\uffee', '\u{1f600}']

  const whole = await client.send(new ListObjectsV2Command({ Bucket }))
  expect(whole.Contents?.map(({ Key }) => Key)).toEqual(all)
  expect(whole).toMatchObject({ Name: Bucket, IsTruncated: false, KeyCount: all.length })
  expect(JSON.stringify(whole)).not.toContain('real-')
  for (const MaxKeys of [1, 2, 3, 4, 5]) {
    for (const EncodingType of [undefined, 'url'] as const) {
      const found: (string | undefined)[] = []
      for (let ContinuationToken: string | undefined; ; ) {
        const page: Awaited<ReturnType<typeof list>> = await list({
          MaxKeys,
          EncodingType,
          ContinuationToken,
        })
        const decode = (key = '') => (EncodingType === 'url' ? decodeURIComponent(key) : key)
        found.push(...(page.Contents ?? []).map(({ Key }) => decode(Key)))
        if (page.IsTruncated !== true) break
        ContinuationToken = page.NextContinuationToken
      }
      expect(found).toEqual(all)
    }
  }
})

function list(options: object) {
  return client.send(new ListObjectsV2Command({ Bucket, ...options }))
}

async function listed(options: object) {
  const lines: (string | undefined)[] = []
  for (let ContinuationToken: string | undefined; ; ) {
    const page: Awaited<ReturnType<typeof list>> = await list({ ...options, ContinuationToken })
    lines.push(...(page.Contents ?? []).map(({ Key }) => Key))
    lines.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix))
    if (page.IsTruncated !== true) return lines.sort()
    ContinuationToken = page.NextContinuationToken
  }
}

test.for([1, 2, 1000])('rolls up common prefixes across mounts in pages of %i', async (MaxKeys) => {
  served.memory.objects.clear()
  for (const key of ['in/0', 'in/1/x', 'in/1/y', 'out/a', 'out/b/1', 'out/b/2', 'out/inner-x']) {
    served.memory.put(`real-day/real-grant/${key}`, 'x')
  }
  expect(await listed({ MaxKeys, Delimiter: '/' })).toEqual(['a', 'b/', 'in/', 'inner-x'])
  expect(await listed({ MaxKeys, Delimiter: '/', Prefix: 'in/' })).toEqual(['in/0', 'in/1/'])
  expect(await listed({ MaxKeys, Delimiter: '/', Prefix: 'i' })).toEqual(['in/', 'inner-x'])
  expect(await listed({ MaxKeys, Delimiter: 'n', Prefix: '' })).toEqual(['a', 'b/1', 'b/2', 'in'])
  expect(await listed({ MaxKeys, Prefix: 'b/' })).toEqual(['b/1', 'b/2'])
  expect(await listed({ MaxKeys, Prefix: 'none' })).toEqual([])
  expect(await listed({ MaxKeys, StartAfter: 'b/1' })).toEqual(
    ['b/2', 'in/0', 'in/1/x', 'in/1/y', 'inner-x'].sort(),
  )
})

test('lists a mount of one object', async () => {
  served.memory.objects.clear()
  for (const key of ['refs/file', 'refs/file2', 'real-day/out/a', 'real-day/out/z']) {
    served.memory.put(key, 'x')
  }
  const mounts = [
    { path: 'in/ref.bin', key: 'refs/file', mode: 'read' as const },
    { path: '', key: 'real-day/out/', mode: 'read-write' as const },
  ]
  served.change({ mounts })
  expect(await listed({})).toEqual(['a', 'in/ref.bin', 'z'])
  expect(await listed({ Delimiter: '/' })).toEqual(['a', 'in/', 'z'])
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'in/ref.bin' }))
  expect(got.ContentLength).toBe(1)
})
