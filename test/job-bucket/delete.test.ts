import { createHash } from 'node:crypto'
import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { failure } from './memory-store.ts'
import { openClient } from './open-client.ts'
import { sendSigned, sha256 } from './raw-client.ts'
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
  memory.put(`${inputs}a`, 'input')
  for (const key of ['a', 'b+ü%2f', 'dir/c']) memory.put(`${outputs}${key}`, key)
  memory.requests.length = 0
})

afterAll(async () => {
  client.destroy()
  await served[Symbol.asyncDispose]()
})

const left = () => [...served.memory.objects.keys()].map((key) => key.slice(20))
const all = ['in/a', 'out/a', 'out/b+ü%2f', 'out/dir/c']
const list = (...keys: string[]) => keys.map((Key) => ({ Key }))

function post(text: string | Uint8Array, headers: Record<string, string> = {}, hash?: string) {
  const body = new Uint8Array(Buffer.from(text))
  const target = '/b?delete'
  return sendSigned(served, { method: 'POST', target, headers, hash: hash ?? sha256(body), body })
}

test('deletes an object, one that is not there, and no input', async () => {
  const remove = (Key: string) => client.send(new DeleteObjectCommand({ Bucket, Key }))
  const answer = await remove('b+ü%2f')
  expect(answer.$metadata.httpStatusCode).toBe(204)
  expect(answer.VersionId).toBeUndefined()
  expect((await remove('none')).$metadata.httpStatusCode).toBe(204)
  await expect(remove('in/a')).rejects.toMatchObject({ name: 'AccessDenied' })
  expect(left()).toEqual(all.filter((key) => key !== 'out/b+ü%2f'))
})

test('deletes on a store that says of an absent object that it is absent', async () => {
  served.memory.intercept = () => failure(404, 'NoSuchKey')
  const remove = new DeleteObjectCommand({ Bucket, Key: 'a' })
  expect((await client.send(remove)).$metadata.httpStatusCode).toBe(204)
  served.memory.intercept = () => failure(404, 'NoSuchBucket')
  await expect(client.send(remove)).rejects.toMatchObject({ name: 'InternalError' })
})

test('deletes nothing in spite of a condition', async () => {
  const headers = { 'if-match': '"other"' }
  const answer = await sendSigned(served, { method: 'DELETE', target: '/b/a', headers })
  expect([answer.status, answer.code]).toEqual([501, 'NotImplemented'])
  expect(left()).toEqual(all)
})

test('answers for each key of a list by itself', async () => {
  const climbing = ['../out/a', 'in/../a', 'k'.repeat(1025), '..']
  const Delete = { Objects: list('a', 'in/a', 'none', 'b+ü%2f', ...climbing) }
  const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
  expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(['a', 'none', 'b+ü%2f'])
  expect(answer.Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([
    ['in/a', 'AccessDenied'],
    ['../out/a', 'InvalidArgument'],
    ['in/../a', 'InvalidArgument'],
    ['k'.repeat(1025), 'KeyTooLongError'],
    ['..', 'InvalidArgument'],
  ])
  expect(left()).toEqual(['in/a', 'out/dir/c'])
  // No store is asked for more than one at a time.
  expect(served.memory.requests.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'DELETE'])
})

test('says only what went wrong when it is to be quiet', async () => {
  const Delete = { Quiet: true, Objects: list('a', 'in/a') }
  const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
  expect(answer.Deleted).toBeUndefined()
  expect(answer.Errors).toEqual([{ Key: 'in/a', Code: 'AccessDenied', Message: 'Access Denied' }])
})

test('deletes a thousand keys a few at a time, and no list of more', async () => {
  let atOnce = 0
  let most = 0
  const { send } = served.memory
  served.memory.send = async (request) => {
    most = Math.max(most, ++atOnce)
    await new Promise((resolve) => setImmediate(resolve))
    atOnce--
    return await send.call(served.memory, request)
  }
  const keys = Array.from({ length: 1000 }, (_, at) => `many/${at}`)
  for (const key of keys) served.memory.put(outputs + key, 'x')
  const Delete = { Objects: list(...keys) }
  const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
  served.memory.send = send
  expect(answer.Deleted?.map(({ Key }) => Key)).toEqual(keys)
  expect(most).toBe(6)
  expect(left()).toEqual(all)
  const more = new DeleteObjectsCommand({ Bucket, Delete: { Objects: list(...keys, 'one-more') } })
  await expect(client.send(more)).rejects.toMatchObject({ name: 'MalformedXML' })
})

test('refuses what is no plain deletion: versions, ETags, times', async () => {
  const extra = ['<VersionId>1</VersionId>', '<ETag>x</ETag>', '<Size>1</Size>']
  const objects = extra.map((text) => `<Object><Key>a</Key>${text}</Object>`)
  const answer = await post(`<Delete>\n ${objects.join('\n')}\n</Delete>`)
  expect(answer.status).toBe(200)
  expect(answer.text.match(/<Code>NotImplemented<\/Code>/g)?.length).toBe(3)
  expect(left()).toEqual(all)
})

test('says of a store that fails only that it does', async () => {
  served.memory.intercept = ({ key }) =>
    key.endsWith('a') ? failure(503, 'SlowDown') : failure(403, 'AccessDenied')
  const Delete = { Objects: list('a', 'dir/c') }
  const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete }))
  expect(answer.Errors?.map(({ Code }) => Code)).toEqual(['SlowDown', 'InternalError'])
  expect(JSON.stringify(answer)).not.toContain('real-')
})

test.for([
  ['no XML', 'hello'],
  ['another document', '<Remove><Object><Key>a</Key></Object></Remove>'],
  ['no key', '<Delete></Delete>'],
  ['an empty key', '<Delete><Object><Key></Key></Object></Delete>'],
  ['two keys in one', '<Delete><Object><Key>a</Key><Key>dir/c</Key></Object></Delete>'],
  ['a key in a key', '<Delete><Object><Key><Key>a</Key></Key></Object></Delete>'],
  ['text for an object', '<Delete><Object>a</Object></Delete>'],
  ['one object that is none', '<Delete><Object><Key>a</Key></Object><Object/></Delete>'],
  ['a DTD', '<!DOCTYPE a [<!ENTITY b "a">]><Delete><Object><Key>&b;</Key></Object></Delete>'],
  ['XML over 1 MiB', `<Delete>${' '.repeat(1024 * 1024)}<Object><Key>a</Key></Object></Delete>`],
] as const)('refuses a list with %s', async ([, text]) => {
  const answer = await post(text)
  expect([answer.status, answer.code]).toEqual([400, 'MalformedXML'])
  expect(left()).toEqual(all)
})

test('refuses a list that is not UTF-8', async () => {
  const text = Buffer.from('<Delete><Object><Key>\xff</Key></Object></Delete>', 'latin1')
  expect((await post(text)).code).toBe('MalformedXML')
})

test('refuses a key with a control character alone', async () => {
  const answer = await post(
    '<Delete><Object><Key>x&#127;</Key></Object><Object><Key>a</Key></Object></Delete>',
  )
  expect(answer.text).toMatch(/<Deleted><Key>a<\/Key><\/Deleted><Error>.*InvalidArgument/)
  expect(served.memory.requests.map((request) => request.key)).toEqual([`${outputs}a`])
})

test.for(['&#0;', '&#x1f;', '&#xD800;', '&#xDFFF;', '&#xFFFF;', '&#x110000;', '&#;', '&#xd800;a'])(
  'refuses a list with %s in it, which is no XML',
  async (reference) => {
    // A parser that leaves it out would delete another object.
    served.memory.put(`${outputs}x`, 'x')
    const answer = await post(`<Delete><Object><Key>x${reference}</Key></Object></Delete>`)
    expect([answer.status, answer.code]).toEqual([400, 'MalformedXML'])
    expect(served.memory.requests).toEqual([])
  },
)

test.for(['&#127;', '&#9;', '\n', '\u0085\u0001'])(
  'refuses the key with %j alone',
  async (text) => {
    const answer = await post(
      `<Delete><Object><Key>x${text}</Key></Object><Object><Key>a</Key></Object></Delete>`,
    )
    expect(answer.text).toMatch(/<Deleted><Key>a<\/Key><\/Deleted><Error>.*InvalidArgument/s)
    expect(served.memory.requests.map(({ key }) => key)).toEqual([`${outputs}a`])
  },
)

test('decodes entities once, and nothing else', async () => {
  const keys = ['&amp;amp;', '&#x2e;&#46;x', '%2e%2e', 'a&lt;&quot;&apos;&gt;', ' lead']
  await post(`<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`)
  const real = ['&amp;', '..x', '%2e%2e', 'a<"\'>', ' lead'].map((key) => outputs + key)
  expect(served.memory.requests.map(({ key }) => key)).toEqual(real)
})

const good = '<Delete><Object><Key>a</Key></Object></Delete>'

test('deletes nothing by a list that fails its hash, its checksum or its MD5', async () => {
  const md5 = (text: string) => createHash('md5').update(text).digest('base64')
  const wrong = [
    await post(good, {}, sha256('other')),
    await post(good, { 'x-amz-checksum-crc32': 'AAAAAA==' }),
    await post(good, { 'content-md5': md5('other') }),
    await post(good, { 'content-md5': md5('other') }, 'UNSIGNED-PAYLOAD'),
    await post(good, { 'content-md5': 'short' }, 'UNSIGNED-PAYLOAD'),
    await post(good, {}, 'UNSIGNED-PAYLOAD'),
  ]
  expect(wrong.map(({ code }) => code)).toEqual([
    'XAmzContentSHA256Mismatch',
    'BadDigest',
    'BadDigest',
    'BadDigest',
    'InvalidDigest',
    'InvalidRequest',
  ])
  expect(left()).toEqual(all)
  const right = await post(good, { 'content-md5': md5(good) }, 'UNSIGNED-PAYLOAD')
  expect(right.status).toBe(200)
  expect(left()).not.toContain('out/a')
})
