import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Operation } from '../../src/job-bucket/detect.ts'
import { failure } from './memory-store.ts'
import { sha256, signHeaders } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// All that is real is called `real-…` here: bucket, host, owner, keys, versions.
const inputs = 'real-day/real-grant/in/'
const outputs = 'real-day/real-grant/out/'
let served: ServedBucket

beforeAll(async () => {
  served = await serveBucket()
  const { memory } = served
  const { send } = memory
  // What stores add of their own accord.
  memory.send = async (request) => {
    const answer = await send.call(memory, request)
    for (const name of [
      'location',
      'content-location',
      'server',
      'via',
      'x-amz-bucket-region',
      'x-amz-copy-source-version-id',
      'x-amz-expiration',
      'x-amz-id-2',
      'x-amz-request-id',
      'x-amz-server-side-encryption-aws-kms-key-id',
      'x-amz-version-id',
      'x-amz-website-redirect-location',
      'x-rgw-object-type',
    ]) {
      answer.headers.set(name, 'real-host/real-bucket')
    }
    return answer
  }
})

beforeEach(() => {
  const { memory } = served
  memory.intercept = () => undefined
  memory.objects.clear()
  memory.uploads.clear()
  memory.put(`${inputs}a`, 'input')
  for (const key of ['a', 'b/1', 'b/2', 'c', 'd']) memory.put(outputs + key, 'output')
  for (const [id, key] of ['u', 'b/u', 'w', 'x', 'y'].entries()) {
    const part = { bytes: new Uint8Array(3), headers: {}, etag: '"e"' }
    const parts = new Map([1, 2, 3].map((number) => [number, part]))
    memory.uploads.set(`id${id}`, { key: outputs + key, headers: {}, parts })
  }
})

afterAll(() => served[Symbol.asyncDispose]())

interface Asked {
  readonly method: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const source = { 'x-amz-copy-source': 'b/in/a' }
const parts = '<Part><PartNumber>1</PartNumber><ETag>"e"</ETag></Part>'
const deletions = ['a', 'in/a', '..', 'none'].map((key) => `<Object><Key>${key}</Key></Object>`)

const asked: Readonly<Record<Operation, readonly Asked[]>> = {
  GetObject: [
    { method: 'GET', target: '/b/in/a' },
    { method: 'GET', target: '/b/in/a', headers: { range: 'bytes=1-2' } },
    { method: 'GET', target: '/b/none' },
  ],
  HeadObject: [{ method: 'HEAD', target: '/b/in/a' }],
  PutObject: [
    { method: 'PUT', target: '/b/new', body: 'x' },
    { method: 'PUT', target: '/b/in/a', body: 'x' },
  ],
  CopyObject: [
    { method: 'PUT', target: '/b/new', headers: source },
    { method: 'PUT', target: '/b/new', headers: { ...source, 'if-none-match': '*' } },
    { method: 'PUT', target: '/b/a', headers: { 'x-amz-copy-source': 'b/a' } },
    { method: 'PUT', target: '/b/a', headers: { 'x-amz-copy-source': 'b/none' } },
  ],
  DeleteObject: [{ method: 'DELETE', target: '/b/a' }],
  DeleteObjects: [
    { method: 'POST', target: '/b?delete', body: `<Delete>${deletions.join('')}</Delete>` },
  ],
  CreateMultipartUpload: [{ method: 'POST', target: '/b/new?uploads' }],
  UploadPart: [
    { method: 'PUT', target: '/b/u?partNumber=1&uploadId=id0', body: 'x' },
    { method: 'PUT', target: '/b/u?partNumber=1&uploadId=none', body: 'x' },
  ],
  UploadPartCopy: [
    { method: 'PUT', target: '/b/u?partNumber=1&uploadId=id0', headers: source },
    { method: 'PUT', target: '/b/u?partNumber=1&uploadId=none', headers: source },
  ],
  CompleteMultipartUpload: [
    {
      method: 'POST',
      target: '/b/u?uploadId=id0',
      body: `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`,
    },
  ],
  AbortMultipartUpload: [{ method: 'DELETE', target: '/b/u?uploadId=id0' }],
  ListParts: [
    { method: 'GET', target: '/b/u?uploadId=id0' },
    { method: 'GET', target: '/b/u?uploadId=id0&max-parts=1' },
  ],
  ListMultipartUploads: [
    { method: 'GET', target: '/b?uploads' },
    { method: 'GET', target: '/b?uploads&max-uploads=1&encoding-type=url' },
    { method: 'GET', target: '/b?uploads&delimiter=%2F&max-uploads=1' },
  ],
  ListObjects: [
    { method: 'GET', target: '/b' },
    { method: 'GET', target: '/b?delimiter=%2F&max-keys=2' },
  ],
  ListObjectsV2: [
    { method: 'GET', target: '/b?list-type=2&fetch-owner=true' },
    { method: 'GET', target: '/b?list-type=2&delimiter=%2F&max-keys=2&encoding-type=url' },
  ],
  HeadBucket: [{ method: 'HEAD', target: '/b' }],
  GetBucketLocation: [{ method: 'GET', target: '/b?location' }],
  ListBuckets: [{ method: 'GET', target: '/' }],
}

async function shownBy({ method, target, headers = {}, body }: Asked) {
  const hash = sha256(body ?? '')
  const signed = signHeaders(served, { method, target, headers, hash })
  const all = Object.entries(signed.headers).map(([name, value]) => [
    name,
    [value].flat().join(','),
  ])
  const answer = await fetch(served.url + target, {
    method,
    headers: Object.fromEntries(all),
    ...(body !== undefined && { body }),
  })
  const lines = [...answer.headers].map(([name, value]) => `${name}: ${value}`)
  const text = await answer.text()
  return { status: answer.status, shown: `${lines.join('\n')}\n\n${text}`, text }
}

describe.each(Object.entries(asked))('%s', (_, all) => {
  test('names nothing that is real', async () => {
    for (const [at, one] of all.entries()) {
      const { status, shown } = await shownBy(one)
      if (at === 0) expect(status).toBeLessThan(300)
      expect(shown).not.toMatch(/real/i)
    }
  })

  test.each([
    [200, 'InternalError'],
    [301, 'PermanentRedirect'],
    [307, 'TemporaryRedirect'],
    [400, 'InvalidRequest'],
    [400, 'InvalidArgument'],
    [400, 'KeyTooLongError'],
    [403, 'AccessDenied'],
    [403, 'SignatureDoesNotMatch'],
    [404, 'NoSuchBucket'],
    [404, 'NoSuchKey'],
    [404, 'NoSuchUpload'],
    [409, 'OperationAborted'],
    [412, 'PreconditionFailed'],
    [500, 'InternalError'],
    [501, 'NotImplemented'],
    [503, 'SlowDown'],
  ])('names nothing that is real when the store says %i %s', async (status, code) => {
    for (const one of all) {
      served.memory.intercept = () => failure(status, code)
      const { shown, text } = await shownBy(one)
      // Of an object the body is whatever it holds: here, the store's false 200.
      const isObject = one.method === 'GET' && /^\/b\/(in\/a|none)$/.test(one.target)
      const told = isObject && status === 200 ? shown.replace(text, '') : shown
      expect(told).not.toMatch(/real/i)
    }
  })

  test('names nothing that is real when the store is gone', async () => {
    served.memory.intercept = () => {
      throw new Error('connect ECONNREFUSED real-host for real-bucket')
    }
    for (const one of all) expect((await shownBy(one)).shown).not.toMatch(/real/i)
  })
})
