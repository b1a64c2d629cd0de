import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { type Answer, json } from './call.ts'
import { useStack } from './harness.ts'
import { base64Of } from './payload.ts'
import type { TakenJob } from './platform-view.ts'

const stack = useStack({
  worker: 'none',
  // Until then only the answer to the submission tells which job it is.
  webhookDelayMs: 4_000,
  volume: {
    volumes: [{ id: 'vol-eu', dataCenterId: 'EU-RO-1' }],
    endpoints: [{ id: 'turns', networkVolumeIds: ['vol-eu'] }],
  },
  config: (document) => {
    const { volume } = Object(document['stores'])
    const train = { as: 'key', stage: 'always' }
    const sessions = { waitSeconds: 30 }
    return {
      ...document,
      stores: { ...Object(document['stores']), volume: { ...volume, exclusive: true } },
      endpoints: {
        ...document.endpoints,
        train: { ...train, sessions },
        hasty: { ...train, sessions: { waitSeconds: 3 } },
        turns: { ...document.endpoints['volume'], sessions },
      },
    }
  },
})

/** A session of this test's own. */
let session: string
let count = 0
beforeEach(() => {
  session = `run-${++count}`
})
const clients: S3Client[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
})

const body = JSON.stringify({ input: { file: base64Of(100_000), dir: 'bulkway:session' } })
const headers = () => ({ 'bulkway-session': session })

/** A submission whose answer may be waited for later. */
function submit(endpointId: string): Promise<Answer> {
  return stack.call('POST', `/v2/${endpointId}/run`, { body, headers: headers() })
}

/** The job bucket as a worker of the job has it. */
function bucketOf(job: TakenJob) {
  if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
  const client = workerClient(job.s3Config)
  clients.push(client)
  const Bucket = job.s3Config.bucketName
  return {
    put: (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body })),
    async get(Key: string) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
      return await Body?.transformToString()
    },
    async list(Prefix: string) {
      const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }))
      return Contents?.map(({ Key }) => Key)
    },
  }
}

/** Fails where the answer has come within a moment. */
async function expectWaiting(answer: Promise<Answer>): Promise<void> {
  const early = await Promise.race([
    answer.then(({ status, text }) => `${status} ${text}`),
    new Promise((resolve) => setTimeout(resolve, 700, 'waits')),
  ])
  expect(early).toBe('waits')
}

describe('A session', () => {
  test('Two jobs at once: the second waits and finds what the first has left', async () => {
    const both = [submit('train'), submit('train')]
    const first = await Promise.race(both)
    expect(first.status, first.text).toBe(200)
    const one = await stack.platform.take('train')
    expect(one.id).toBe(json(first)['id'])
    expect(one.input['dir']).toBe('session/')
    await expectWaiting(Promise.all(both).then(([, last]) => last as Answer))
    await bucketOf(one).put('session/ckpt/1.pt', 'step 1')
    await bucketOf(one).put('out.txt', 'mine')
    await stack.platform.finish('train', one.id, { output: 'done' })

    for (const answer of await Promise.all(both)) expect(answer.status, answer.text).toBe(200)
    const two = await stack.platform.take('train')
    expect(two.id).not.toBe(one.id)
    const bucket = bucketOf(two)
    expect(await bucket.get('session/ckpt/1.pt')).toBe('step 1')
    expect(await bucket.list('session/')).toEqual(['session/ckpt/1.pt'])
    expect(await bucket.list('out')).toBeUndefined()
    await bucket.put('session/ckpt/2.pt', 'step 2')
    // The first may write no more: at once here, and soon wherever its grant is remembered.
    const late = () => bucketOf(one).put('session/ckpt/2.pt', 'from the past')
    await expect
      .poll(() => late().catch(({ name }) => name), { timeout: 10_000 })
      .toBe('ExpiredToken')
    await stack.platform.finish('train', two.id, { output: 'done' })
  })

  test('It is told about, deleted when nobody has it, and begins anew then', async () => {
    const path = `/v2/train/sessions/${session}`
    expect((await stack.call('GET', path)).status).toBe(404)
    const { id } = json(await submit('train'))
    const job = await stack.platform.take('train')
    await bucketOf(job).put('session/a', '12345')
    expect(json(await stack.call('GET', path))).toMatchObject({
      ...{ session, files: 1, bytes: 5, isRunning: true, jobs: [id] },
    })
    const refused = await stack.call('DELETE', path)
    expect(refused.status).toBe(409)
    expect(json(refused)).toMatchObject({ code: 'session_running' })
    expect((await stack.call('GET', path, { key: 'rpa_other' })).status).toBe(404)
    await stack.platform.finish('train', job.id, { output: 1 })
    await stack.settled('train', job.id)
    expect((await stack.call('DELETE', path)).status).toBe(204)
    expect((await stack.call('GET', path)).status).toBe(404)
    const keys = (await stack.bucket.keys()).filter((key) => key.includes(`/${session}`))
    expect(keys).toEqual([])
  })

  test('A request that has waited in vain leaves nothing, nor does one whose client left', async () => {
    await submit('hasty')
    const job = await stack.platform.take('hasty')
    const before = await stack.bucket.fileKeys()
    const submissions = stack.submissions()
    const leaving = stack.open('POST', '/v2/hasty/run', {
      headers: {
        ...headers(),
        'content-type': 'application/json',
        'content-length': `${body.length}`,
      },
    })
    leaving.answer.catch(() => {})
    await leaving.write(body)
    await expect.poll(() => stack.bucket.fileKeys()).not.toEqual(before)
    leaving.destroy()
    const busy = await submit('hasty')
    expect(busy.status).toBe(503)
    expect(json(busy)).toMatchObject({ code: 'session_busy' })
    expect(Number(busy.headers['retry-after'])).toBeGreaterThan(0)
    await expect.poll(() => stack.bucket.fileKeys(), { timeout: 10_000 }).toEqual(before)
    expect(stack.submissions()).toBe(submissions)
    await stack.platform.finish('hasty', job.id, { output: 1 })
  })

  test('A job that the platform has forgotten loses it, and can write no more', async () => {
    await submit('train')
    const lost = await stack.platform.take('train')
    await bucketOf(lost).put('session/a', 'kept')
    await stack.platform.forget(lost.id)
    const next = await submit('train')
    expect(next.status, next.text).toBe(200)
    const job = await stack.platform.take('train')
    expect(await bucketOf(job).get('session/a')).toBe('kept')
    await expect
      .poll(
        () =>
          bucketOf(lost)
            .put('session/a', 'late')
            .catch(({ name }) => name),
        {
          timeout: 10_000,
        },
      )
      .toBe('ExpiredToken')
    await stack.platform.finish('train', job.id, { output: 1 })
  })

  test('A gateway that dies while it submits: the job has its session until it ends', async () => {
    const held = stack.upstream.fault({ path: /\/run$/, fault: { kind: 'hold' } })
    const dying = submit('train')
    dying.catch(() => {})
    await held.struck
    await stack.killGateway()
    held.release()
    await expect(dying).rejects.toThrow()
    const job = await stack.platform.take('train')
    await stack.startGateway()
    const next = submit('train')
    await expectWaiting(next)
    await bucketOf(job).put('session/a', 'after the crash')
    await stack.platform.finish('train', job.id, { output: 1 })
    expect((await next).status).toBe(200)
    const after = await stack.platform.take('train')
    expect(await bucketOf(after).get('session/a')).toBe('after the crash')
    await stack.platform.finish('train', after.id, { output: 1 })
  })
})

test('A session on an exclusive volume is a directory, and any other job of the volume waits', async () => {
  const first = await submit('turns')
  expect(first.status, first.text).toBe(200)
  const one = await stack.platform.take('turns')
  expect(one.s3Config).toBeUndefined()
  const directory = `${one.input['dir']}`
  expect(directory).toMatch(/\/bulkway\/sessions\/[0-9a-f]{32}\/turns\/run-\d+$/)
  session = `${session}-other`
  const next = submit('turns')
  await expectWaiting(next)
  const checkpoint = join(directory, 'ckpt', '1.pt')
  await mkdir(dirname(checkpoint), { recursive: true })
  await writeFile(`${checkpoint}.part`, 'step 1')
  await rename(`${checkpoint}.part`, checkpoint)
  await stack.platform.finish('turns', one.id, { output: 1 })
  expect((await next).status).toBe(200)
  const two = await stack.platform.take('turns')
  expect(two.input['dir']).not.toBe(directory)
  await stack.platform.finish('turns', two.id, { output: 1 })
  session = session.replace('-other', '')
  expect((await submit('turns')).status).toBe(200)
  const three = await stack.platform.take('turns')
  expect(three.input['dir']).toBe(directory)
  expect(await readFile(checkpoint, 'utf8')).toBe('step 1')
  await stack.platform.finish('turns', three.id, { output: 1 })
})

test('An exclusive volume goes to the next job where gateway and job have both died', async () => {
  const first = await submit('turns')
  expect(first.status, first.text).toBe(200)
  const lost = await stack.platform.take('turns')
  await stack.killGateway()
  await stack.platform.forget(lost.id)
  await stack.startGateway()
  session = `${session}-other`
  const next = submit('turns')
  await expectWaiting(next)
  expect((await next).status).toBe(200)
  const job = await stack.platform.take('turns')
  expect(job.id).toBe(json(await next)['id'])
  await stack.platform.finish('turns', job.id, { output: 1 })
})
