import { beforeEach, describe, expect, test } from 'vitest'
import { deleteJob } from '../../src/flows/delete-job.ts'
import { readFile } from '../../src/flows/outputs/read-file.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { retryJob } from '../../src/flows/retry-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { realKey } from '../../src/grants/mount-path.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { refOf } from '../../src/uploads/ref.ts'
import type { Upload } from '../../src/uploads/upload.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'
import { uploadOf } from './upload-of.ts'

const hour = 3_600_000
const day = 24 * hour
const payload = Buffer.alloc(75_000, 'payload bytes').toString('base64')
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      plain: {},
      demo: {
        as: 'key',
        s3Config: 'staged',
        stage: 'always',
        rules: [
          { pointer: '/input/link', as: 'url' },
          { pointer: '/input/uri', as: 's3-uri', stage: true },
          { pointer: '/input/text', encoding: 'text', stage: true },
        ],
      },
    },
  })
})

/** An upload of the caller that is there, `changes` aside. */
async function upload(changes: Partial<Upload> = {}, key = 'a-key'): Promise<Upload> {
  const headers = new Headers({ authorization: `Bearer ${key}` })
  const [owner] = await (await gateway.deps.authenticate(headers, 'demo')).ids()
  const made = uploadOf({ owner, createdAt: gateway.clock.now, ...changes })
  await gateway.deps.uploads.create(made)
  await gateway.store.put(made.key, Buffer.from(`bytes of ${made.uploadId}`))
  return made
}

const run = (body: unknown, endpointId = 'demo') =>
  submitJob(
    gateway.deps,
    callOf(endpointId, typeof body === 'string' ? body : JSON.stringify(body)),
    'run',
  )

/** Submits a body; gives what went upstream. */
async function submit(body: unknown) {
  await readReply(await run(body))
  const sent = gateway.sent.at(-1)
  expect(sent?.url).toMatch(/\/run$/)
  return JSON.parse(Buffer.from(sent?.body ?? []).toString())
}

async function grantOf(jobId = 'job-1'): Promise<Grant> {
  const grant = await gateway.deps.grants.find('demo', jobId)
  if (grant === undefined) throw new Error('no grant')
  return grant
}

const keys = () => [...gateway.store.objects.keys()].filter((key) => !key.startsWith('uploads/'))

describe('a ref in the input', () => {
  test('becomes the form that its rule or endpoint says, and its file can be read', async () => {
    const cat = await upload()
    const ref = refOf(cat.uploadId)
    const spelled = JSON.stringify({
      input: { a: [ref], link: ref, uri: ref, text: ref, file: payload },
    }).replace(ref, ref.replace('b', '\\u0062'))
    const { input, s3Config } = await submit(spelled)
    const path = 'in/1-cat.png'
    expect(input).toMatchObject({
      a: [path],
      link: expect.stringMatching(/^https:\/\/gateway\.example\/files\/[\w-]+\/1-cat\.png$/),
      uri: `s3://${s3Config.bucketName}/${path}`,
      text: path,
      file: expect.stringMatching(/^in\/0-file\./),
    })
    const grant = await grantOf()
    expect(grant.mounts.filter(({ path }) => path === 'in/1-cat.png')).toEqual([
      { path, key: cat.key, mode: 'read' },
    ])
    expect(realKey(grant, path, 'write')).toBeUndefined()
    const sealed = input.link.split('/').at(-2)
    const served = await readFile(gateway.deps, 'GET', sealed, new Headers())
    expect(await readReply(served)).toBe(`bytes of ${cat.uploadId}`)
    expect(grant.secrets.map(({ value }) => value.reveal())).toContain(sealed)
  })

  test('is enough to be given an s3Config, and two files of one name do not meet', async () => {
    const [one, other] = [await upload(), await upload()]
    const { input, s3Config } = await submit({
      input: { a: refOf(one.uploadId), b: refOf(other.uploadId), c: refOf(one.uploadId) },
    })
    expect(s3Config).toBeDefined()
    expect(input).toEqual({ a: 'in/0-cat.png', b: 'in/1-cat.png', c: 'in/0-cat.png' })
    const { mounts } = await grantOf()
    expect(mounts).toHaveLength(3)
  })

  test('is a link beside an s3Config of the caller’s own', async () => {
    const cat = await upload()
    const { input } = await submit({ input: { a: refOf(cat.uploadId) }, s3Config: { a: 1 } })
    expect(input.a).toMatch(/^https:\/\/gateway\.example\/files\//)
  })

  test('means nothing outside of it', async () => {
    const cat = await upload()
    const policy = { note: refOf(cat.uploadId), other: 'bulkway:unknown' }
    const sent = await submit({ input: { 'bulkway:x': 1 }, policy })
    expect(sent).toMatchObject({ input: { 'bulkway:x': 1 }, policy })
    expect(await submit({ input: {}, inputs: { a: 'bulkway:x' } })).toMatchObject({
      inputs: { a: 'bulkway:x' },
    })
  })

  test('means the same in a body of unknown length, and in a large one', async () => {
    const cat = await upload()
    const text = JSON.stringify({ pad: 'x'.repeat(300_000), input: { a: refOf(cat.uploadId) } })
    const call = { ...callOf('demo', text), contentLength: undefined }
    await readReply(await submitJob(gateway.deps, call, 'run'))
    const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
    expect(sent.input).toEqual({ a: 'in/0-cat.png' })
    gateway.upstream = () => answer(200, '{"id":"job-2"}', { 'content-type': 'application/json' })
    expect((await submit(text)).input).toEqual({ a: 'in/0-cat.png' })
  })

  test('is refused where the endpoint does not say how files are taken', async () => {
    const cat = await upload({ endpointId: 'plain' })
    await expect(run({ input: { a: refOf(cat.uploadId) } }, 'plain')).rejects.toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('{"plain": {"as": "key"}}'),
      facts: { pointer: '/input/a' },
    })
  })
})

describe('a ref that cannot be used', () => {
  const notFound = {
    code: 'upload_not_found',
    detail: 'Cannot find the upload of this ref',
    facts: { pointer: '/input/deep/0/a~1b' },
  }
  const inputOf = (ref: string) => ({ input: { file: payload, deep: [{ 'a/b': ref }] } })

  test('is told in the same words, whether it is unknown, altered or somebody else’s', async () => {
    const cat = await upload()
    const last = cat.uploadId.endsWith('a') ? 'b' : 'a'
    const refs = [
      refOf((await upload({}, 'another-key')).uploadId),
      refOf((await upload({ endpointId: 'plain' })).uploadId),
      refOf((await upload({ storeId: 'another' })).uploadId),
      refOf((await upload({ state: 'open' }, 'another-key')).uploadId),
      `bulkway:${cat.uploadId.slice(0, -1)}${last}`,
      `bulkway:${cat.uploadId.toUpperCase()}`,
      `${refOf(cat.uploadId)}x`,
      `${refOf(cat.uploadId)} `,
      `bulkway:${'x'.repeat(5000)}`,
      'bulkway:',
      'bulkway:form/0',
      'bulkway:../../x',
    ]
    const before = keys()
    for (const ref of refs) await expect(run(inputOf(ref)), ref).rejects.toMatchObject(notFound)
    expect(keys()).toEqual(before)
    expect(gateway.sent.filter(({ url }) => url.endsWith('/run'))).toEqual([])
  })

  test('is told apart for its owner: not complete, failed, expired', async () => {
    const { facts } = notFound
    const openRef = refOf((await upload({ state: 'open' })).uploadId)
    const failedRef = refOf((await upload({ state: 'failed' })).uploadId)
    const kept = gateway.deps.config.uploads.openSeconds + gateway.deps.config.uploads.keepSeconds
    const cat = refOf((await upload()).uploadId)
    for (const [ref, code] of [
      [openRef, 'upload_incomplete'],
      [failedRef, 'upload_mismatch'],
    ] as const) {
      await expect(run(inputOf(ref))).rejects.toMatchObject({ code, facts })
    }
    gateway.clock.now += 2 * hour
    await expect(run(inputOf(openRef))).rejects.toMatchObject({ code: 'upload_expired', facts })
    expect((await run(inputOf(cat))).status).toBe(200)
    gateway.clock.now += kept * 1000 + day
    await expect(run(inputOf(cat))).rejects.toMatchObject({ code: 'upload_expired', facts })
  })

  test('is one of too many', async () => {
    const { uploads } = gateway.deps
    const inputOfMany = (count: number) => ({
      input: { many: Array.from({ length: count }, () => refOf(uploads.newId('2026-12-01'))) },
    })
    await expect(run(inputOfMany(400))).rejects.toMatchObject({ code: 'upload_not_found' })
    await expect(run(inputOfMany(401))).rejects.toMatchObject({
      code: 'invalid_request',
      facts: { limit: 400, actual: 401 },
    })
    const same = refOf((await upload()).uploadId)
    const manyTimes = { input: { many: Array.from({ length: 1001 }, () => same) } }
    await expect(run(manyTimes)).rejects.toMatchObject({ facts: { limit: 1000 } })
    manyTimes.input.many.pop()
    expect((await run(manyTimes)).status).toBe(200)
  })

  test('is looked for only once the caller is known to upstream', async () => {
    const cat = await upload()
    gateway.upstream = () => answer(401)
    await expect(run({ input: { a: refOf(cat.uploadId) } })).rejects.toMatchObject({
      code: 'unauthorized',
    })
    await expect(run({ input: { a: 'bulkway:x' } })).rejects.toMatchObject({ code: 'unauthorized' })
  })
})

describe('the file of an upload', () => {
  test('stays when its job has completed, and when the sweep has been there', async () => {
    const cat = await upload()
    await submit({ input: { a: refOf(cat.uploadId), file: payload } })
    gateway.upstream = () => answer(200, '{"id":"job-1","status":"COMPLETED"}')
    const call = { ...callOf('demo'), method: 'GET' }
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    gateway.clock.now += hour
    const { deps, store } = gateway
    const swept = await sweepDue({
      stores: new Map([['main', store]]),
      state: store,
      grants: deps.grants,
      now: gateway.clock.now,
      log: deps.log,
      limit: 1000,
    })
    expect(swept).toMatchObject({ dueInputs: 1, files: 1 })
    expect(store.objects.has(cat.key)).toBe(true)
  })

  test('stays when its job is deleted, with all that it wrote', async () => {
    const cat = await upload()
    await submit({ input: { a: refOf(cat.uploadId), file: payload } })
    const grant = await grantOf()
    await gateway.store.put(`${grant.day}/${grant.grantId}/out/x`, Buffer.from('out'))
    await deleteJob(gateway.deps, { ...callOf('demo'), method: 'DELETE' }, 'job-1')
    expect(keys().filter((key) => /\/(in|out)\//.test(key))).toEqual([cat.key])
  })

  test('stays when its job is refused, and what was copied of it goes', async () => {
    const cat = await upload({ createdAt: gateway.clock.now - 7 * day })
    gateway.upstream = ({ url }) => answer(url.endsWith('/health') ? 200 : 400, '{}')
    copying()
    await run({ input: { a: refOf(cat.uploadId), file: payload } })
    expect(copies).toHaveLength(1)
    await gateway.idle()
    expect(keys()).toEqual([cat.key])
  })

  test('stays, and so does nothing else, when the request is refused at the end', async () => {
    const cat = await upload({ createdAt: gateway.clock.now - 7 * day })
    copying()
    const input = { a: refOf(cat.uploadId), file: payload }
    gateway.store.before = (line) => {
      if (line.startsWith('put grants/')) throw new Error('no grant today')
    }
    await expect(run({ input })).rejects.toThrow('no grant today')
    expect(copies).toHaveLength(1)
    expect(keys()).toEqual([cat.key])
  })

  test('is copied to the job’s own where it may go before the job does', async () => {
    const passing = await upload({ createdAt: gateway.clock.now - 7 * day })
    const lasting = await upload({ retain: 'persist', key: 'persist/aa/demo/models/cat.bin' })
    copying()
    const input = { a: refOf(passing.uploadId), b: refOf(lasting.uploadId) }
    expect((await submit({ input })).input).toEqual({ a: 'in/0-cat.png', b: 'in/1-cat.bin' })
    const grant = await grantOf()
    expect(copies).toEqual([[passing.key, realKey(grant, 'in/0-cat.png', 'read')]])
    expect(realKey(grant, 'in/1-cat.bin', 'read')).toBe(lasting.key)
    const copy = realKey(grant, 'in/0-cat.png', 'read') ?? ''
    expect(copy.slice(0, 10) >= grant.day).toBe(true)
    await deleteJob(gateway.deps, { ...callOf('demo'), method: 'DELETE' }, 'job-1')
    expect(keys().filter((key) => /(in|out|persist)\//.test(key))).toEqual([
      passing.key,
      lasting.key,
    ])
  })

  test('is asked for by a retry, which is refused once it is gone', async () => {
    const cat = await upload()
    await submit({ input: { a: refOf(cat.uploadId) } })
    gateway.upstream = () => answer(200, '{"id":"job-1","status":"FAILED"}')
    const call = { ...callOf('demo'), method: 'GET' }
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    gateway.upstream = () => answer(200, '{"id":"job-1","status":"IN_QUEUE"}')
    await gateway.store.put(`${cat.key}2`, Buffer.from('another'))
    expect((await retryJob(gateway.deps, callOf('demo'), 'job-1')).status).toBe(200)
    await gateway.store.delete(cat.key)
    await expect(retryJob(gateway.deps, callOf('demo'), 'job-1')).rejects.toMatchObject({
      code: 'retry_impossible',
    })
  })
})

let copies: [from: string, to: string][] = []

/** Lets the store copy. */
function copying(): void {
  copies = []
  const { store } = gateway
  const send = store.send.bind(store)
  store.send = async (request) => {
    const { copyFrom, key } = request
    const source = store.objects.get(copyFrom ?? '')
    if (copyFrom === undefined || source === undefined) return await send(request)
    copies.push([copyFrom, key])
    const etag = await store.put(key, source.bytes)
    return answer(200, `<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`)
  }
}
