import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { failure } from './memory-store.ts'
import { openClient } from './open-client.ts'
import { sendSigned } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

const Bucket = 'job_files'
const inputs = 'real-day/real-grant/in/'
const outputs = 'real-day/real-grant/out/'
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
  memory.put(`${inputs}a.txt`, '0123456789', { 'content-type': 'text/a', 'x-amz-meta-a': 'b' })
  memory.put(`${inputs}odd +ü%2f?.txt`, 'odd')
  memory.requests.length = 0
})

afterAll(async () => {
  client.destroy()
  await served[Symbol.asyncDispose]()
})

function copy(CopySource: string, options: object = {}) {
  return client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource, ...options }))
}

/** Makes the store one that cannot copy. */
function withoutCopy() {
  served.memory.intercept = ({ copyFrom }) =>
    copyFrom === undefined ? undefined : failure(501, 'NotImplemented')
}

const sent = () => served.memory.requests.map(({ method, key }) => `${method} ${key}`)
const copied = () => served.memory.objects.get(`${outputs}copy`)

describe.each([
  ['that copies', () => {}],
  ['that cannot copy', withoutCopy],
] as const)('on a store %s', (_, prepare) => {
  beforeEach(prepare)

  test.each([
    'job_files/in/a.txt',
    '/job_files/in/a.txt',
    'any-name/in/a.txt',
    'job_files%2Fin%2Fa.txt',
    '/b/%69n/a%2etxt',
  ])('copies %s with its headers', async (source) => {
    const answer = await copy(source)
    expect(answer.CopyObjectResult?.ETag).toBe('"781e5e245d69b566979b86e28d23f2c7"')
    expect(answer.CopyObjectResult?.LastModified).toBeInstanceOf(Date)
    expect(answer.CopySourceVersionId).toBeUndefined()
    expect(served.memory.text(`${outputs}copy`)).toBe('0123456789')
    expect(copied()?.headers).toEqual({ 'content-type': 'text/a', 'x-amz-meta-a': 'b' })
  })

  test('decodes the source once', async () => {
    await copy('b/in/odd%20%2B%C3%BC%252f%3F.txt')
    expect(served.memory.text(`${outputs}copy`)).toBe('odd')
    await expect(copy('b/in/odd%20%2B%C3%BC%2f%3F.txt')).rejects.toMatchObject({
      name: 'NoSuchKey',
    })
  })

  test('gives the copy new headers when told to', async () => {
    const headers = { ContentType: 'text/b', Metadata: { c: 'd' } }
    await copy('b/in/a.txt', { MetadataDirective: 'REPLACE', ...headers })
    expect(copied()?.headers).toEqual({ 'content-type': 'text/b', 'x-amz-meta-c': 'd' })
    await copy('b/in/a.txt', { MetadataDirective: 'COPY', ...headers })
    expect(copied()?.headers).toEqual({ 'content-type': 'text/a', 'x-amz-meta-a': 'b' })
    const other = copy('b/in/a.txt', { MetadataDirective: 'MERGE' })
    await expect(other).rejects.toMatchObject({ name: 'InvalidArgument' })
  })

  test.each([
    [{ CopySourceIfMatch: '"other"' }, false],
    [{ CopySourceIfMatch: '"781e5e245d69b566979b86e28d23f2c7"' }, true],
    [{ CopySourceIfMatch: '781e5e245d69b566979b86e28d23f2c7' }, true],
    [{ CopySourceIfMatch: '*' }, true],
    [{ CopySourceIfNoneMatch: '"other"' }, true],
    [{ CopySourceIfNoneMatch: '"781e5e245d69b566979b86e28d23f2c7"' }, false],
    [{ CopySourceIfModifiedSince: new Date('2026-11-20T11:59:59Z') }, true],
    [{ CopySourceIfModifiedSince: new Date('2026-11-20T12:00:00Z') }, false],
    [{ CopySourceIfUnmodifiedSince: new Date('2026-11-20T12:00:00Z') }, true],
    [{ CopySourceIfUnmodifiedSince: new Date('2026-11-20T11:59:59Z') }, false],
    [
      {
        CopySourceIfMatch: '"781e5e245d69b566979b86e28d23f2c7"',
        CopySourceIfUnmodifiedSince: new Date('2020-11-20T12:00:00Z'),
      },
      true,
    ],
    [
      {
        CopySourceIfNoneMatch: '"781e5e245d69b566979b86e28d23f2c7"',
        CopySourceIfModifiedSince: new Date('2020-11-20T12:00:00Z'),
      },
      false,
    ],
  ])('holds the copy to %j, though the store does not', async (conditions, holds) => {
    const answer = copy('b/in/a.txt', conditions)
    if (holds) await answer
    else await expect(answer).rejects.toMatchObject({ name: 'PreconditionFailed' })
    expect(copied() !== undefined).toBe(holds)
  })

  test('knows no source that is not there, and none that may not be read', async () => {
    await expect(copy('b/in/none')).rejects.toMatchObject({ name: 'NoSuchKey' })
    served.change({ mounts: [{ path: 'out/', key: outputs, mode: 'read-write' }] })
    const other = copy('b/in/a.txt', { Key: 'out/copy' })
    await expect(other).rejects.toMatchObject({ name: 'AccessDenied' })
    served.change({
      mounts: [
        { path: 'in/', key: inputs, mode: 'read' },
        { path: '', key: outputs, mode: 'read-write' },
      ],
    })
    const denied = { name: 'AccessDenied' }
    await expect(copy('b/in/a.txt', { Key: 'in/copy' })).rejects.toMatchObject(denied)
  })

  test('copies parts, whole and in ranges', async () => {
    const Key = 'parts'
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const part = (PartNumber: number, CopySource: string, CopySourceRange?: string) =>
      client.send(
        new UploadPartCopyCommand({
          ...{ Bucket, Key, UploadId, PartNumber, CopySource },
          ...(CopySourceRange !== undefined && { CopySourceRange }),
        }),
      )
    const parts = [
      await part(1, 'b/in/a.txt', 'bytes=3-5'),
      await part(2, 'b/in/a.txt'),
      await part(3, 'b/in/odd%20%2B%C3%BC%252f%3F.txt', 'bytes=0-1'),
    ].map(({ CopyPartResult }, at) => ({ PartNumber: at + 1, ETag: CopyPartResult?.ETag }))
    for (const range of [
      'bytes=-3',
      'bytes=5-3',
      'bytes=0-',
      'bytes=0-1,3-4',
      '0-1',
      'bytes=a-b',
    ]) {
      const refused = part(4, 'b/in/a.txt', range)
      await expect(refused).rejects.toMatchObject({ name: 'InvalidArgument' })
    }
    await client.send(
      new CompleteMultipartUploadCommand({
        ...{ Bucket, Key, UploadId },
        MultipartUpload: { Parts: parts },
      }),
    )
    expect(served.memory.text(`${outputs}parts`)).toBe('3450123456789od')
    const other = client.send(
      new UploadPartCopyCommand({
        ...{ Bucket, Key, UploadId: 'none', PartNumber: 1, CopySource: 'b/in/a.txt' },
      }),
    )
    await expect(other).rejects.toMatchObject({ name: 'NoSuchUpload' })
  })

  test('refuses to copy an object to itself but for its headers', async () => {
    served.memory.put(`${outputs}copy`, 'x', { 'content-type': 'text/x' })
    const same = copy('b/copy')
    await expect(same).rejects.toMatchObject({ name: 'InvalidRequest' })
    expect(copied()?.headers).toEqual({ 'content-type': 'text/x' })
  })
})

test('puts headers of its own on an object in the store alone', async () => {
  served.memory.put(`${outputs}copy`, 'x', { 'content-type': 'text/x' })
  const replace = () => copy('b/copy', { MetadataDirective: 'REPLACE', ContentType: 'text/y' })
  await replace()
  expect(copied()?.headers).toEqual({ 'content-type': 'text/y' })
  // To read what is being replaced could leave half of it.
  withoutCopy()
  await expect(replace()).rejects.toMatchObject({ name: 'NotImplemented' })
  expect(served.memory.text(`${outputs}copy`)).toBe('x')
})

test('asks the store that copies for nothing else, and reads where it must', async () => {
  await copy('b/in/a.txt')
  expect(sent()).toEqual([`PUT ${outputs}copy`])
  served.memory.requests.length = 0
  // A condition on what is replaced would be forgotten by the store's own copy.
  const conditional = copy('b/in/a.txt', { IfNoneMatch: '*' })
  await expect(conditional).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await copy('b/in/a.txt', { IfNoneMatch: '*', Key: 'new' })
  await copy('b/in/a.txt', { IfMatch: copied()?.etag })
  expect(served.memory.requests.some(({ copyFrom }) => copyFrom !== undefined)).toBe(false)
  expect(served.memory.text(`${outputs}new`)).toBe('0123456789')
})

test('copies an empty object through the gateway', async () => {
  withoutCopy()
  served.memory.put(`${inputs}empty`, '')
  await copy('b/in/empty')
  expect(served.memory.text(`${outputs}copy`)).toBe('')
})

test('refuses a range past the end, of which stores would copy what there is', async () => {
  withoutCopy()
  const Key = 'parts'
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const part = new UploadPartCopyCommand({
    ...{ Bucket, Key, UploadId, PartNumber: 1, CopySource: 'b/in/a.txt' },
    CopySourceRange: 'bytes=8-20',
  })
  await expect(client.send(part)).rejects.toMatchObject({ name: 'InvalidArgument' })
  expect(served.memory.uploads.get(UploadId ?? '')?.parts.size).toBe(0)
})

test('copies by a presigned URL, whose source a presigner moved into the query', async () => {
  const command = new CopyObjectCommand({
    ...{ Bucket, Key: 'copy', CopySource: 'b/in/odd%20%2B%C3%BC%252f%3F.txt' },
    MetadataDirective: 'REPLACE',
    Metadata: { m: 'n' },
  })
  const url = await getSignedUrl(client, command)
  expect(url).toContain('x-amz-copy-source=')
  const answer = await fetch(url, { method: 'PUT' })
  expect([answer.status, await answer.text()]).toEqual([
    200,
    expect.stringContaining('<CopyObjectResult'),
  ])
  expect(served.memory.text(`${outputs}copy`)).toBe('odd')
  expect(copied()?.headers).toMatchObject({ 'x-amz-meta-m': 'n' })
  const other = await fetch(url.replace('odd', 'even'), { method: 'PUT' })
  expect(other.status).toBe(403)
})

test('takes no second source from the query', async () => {
  const query = '?x-amz-copy-source=b%2Fin%2Fnone'
  const headers = { 'x-amz-copy-source': 'b/in/a.txt' }
  const answer = await sendSigned(served, { method: 'PUT', target: `/b/copy${query}`, headers })
  expect([answer.status, answer.code]).toEqual([400, 'InvalidArgument'])
  expect(served.memory.requests).toEqual([])
})

test.each(['InternalError', 'SlowDown', 'NoSuchKey'])(
  'sees through a copy that fails with %s after its 200',
  async (code) => {
    served.memory.intercept = ({ copyFrom }) => (copyFrom ? failure(200, code) : undefined)
    const wanted = { name: code, message: expect.not.stringContaining('real-') }
    await expect(copy('b/in/a.txt')).rejects.toMatchObject(wanted)
  },
)

test.each([
  [400, 'InvalidRequest', 'InvalidRequest'],
  [400, 'InvalidArgument', 'InvalidArgument'],
  [403, 'AccessDenied', 'InternalError'],
  [404, 'NoSuchBucket', 'InternalError'],
  [412, 'PreconditionFailed', 'PreconditionFailed'],
])('says of the store’s %i %s only %s', async (status, code, wanted) => {
  served.memory.intercept = ({ copyFrom }) => (copyFrom ? failure(status, code) : undefined)
  const refused = { name: wanted, message: expect.not.stringContaining('real-') }
  await expect(copy('b/in/a.txt')).rejects.toMatchObject(refused)
})

test('leaves nothing of a source that breaks off', async () => {
  withoutCopy()
  const { intercept } = served.memory
  served.memory.intercept = (request) => {
    if (request.method !== 'GET') return intercept(request)
    const chunks = [new Uint8Array(5)]
    const read = async () => {
      const chunk = chunks.pop()
      if (chunk === undefined) throw new Error('real-host is gone')
      return chunk
    }
    const body = { read, cancel: async () => {}, stream: () => new ReadableStream() }
    return { status: 200, headers: new Headers({ 'content-length': '10' }), body }
  }
  await expect(copy('b/in/a.txt')).rejects.toMatchObject({ name: 'ServiceUnavailable' })
  expect(copied()).toBeUndefined()
})

test.for([
  ['', 400],
  ['b', 400],
  ['/', 400],
  ['b/', 400],
  ['//in/a.txt', 400],
  ['b/in/%zz', 400],
  ['b/in/%ff', 400],
  ['b/in/a.txt?versionId=1', 501],
  ['b/in/a.txt?x=1', 400],
  ['arn:aws:s3:us-east-1:1:accesspoint/p/object/in/a.txt', 501],
] as const)('refuses the source %j', async ([source, status]) => {
  const headers = { 'x-amz-copy-source': source }
  const answer = await sendSigned(served, { method: 'PUT', target: '/b/copy', headers })
  expect(answer.status).toBe(status)
  expect(served.memory.requests).toEqual([])
})
