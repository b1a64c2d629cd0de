import { beforeEach, describe, expect, test } from 'vitest'
import { addItems } from '../../src/flows/batch/add-items.ts'
import { deleteJob } from '../../src/flows/delete-job.ts'
import { longestTimes } from '../../src/flows/job-times.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { retryJob } from '../../src/flows/retry-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../src/flows/webhooks/receive-webhook.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { endlessDay } from '../../src/store/keys.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const json = { 'content-type': 'application/json' }
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const retention = { minSeconds: 60, maxSeconds: 100 * 86_400, persistent: true }
const payload = JSON.stringify({ input: { image: btoa('x'.repeat(3000)) } })
let gateway: FakeGateway

beforeEach(() => {
  gateway = gatewayWith(retention)
})

function gatewayWith(own: Record<string, unknown> | undefined): FakeGateway {
  const demo = { as: 'key', s3Config: 'always', stage: 'always', stageMinBytes: 1000 }
  return fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      demo: { ...demo, ...(own && { retention: own }) },
    },
  })
}

async function submit(asked?: string, body = payload) {
  const headers = asked === undefined ? {} : { 'bulkway-retention': asked }
  await readReply(await submitJob(gateway.deps, callOf('demo', body, headers), 'run'))
  const grant = await gateway.deps.grants.find('demo', 'job-1')
  if (grant === undefined) throw new Error('no grant')
  const outputs = grant.mounts.find(({ mode }) => mode === 'read-write')?.key
  await gateway.store.put(`${outputs}result.bin`, new Uint8Array(5))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return { grant, token: String(sent.webhook).split('/').at(-1) ?? '' }
}

async function hear(status: string) {
  const job = JSON.stringify({ id: 'job-1', status, output: 'done' })
  gateway.upstream = ({ url }) => answer(200, url.endsWith('/health') ? '{}' : job, json)
  const reply = await readJob(
    gateway.another(),
    { ...callOf('demo'), method: 'GET' },
    'status',
    'job-1',
  )
  await readReply(reply)
  await gateway.idle()
}

async function sweepAfter(ms: number) {
  const { store, deps, clock } = gateway
  const log = { write: () => {} }
  const stores = new Map([['main', store]])
  const now = clock.now + ms
  const { grants } = gateway.another()
  return await sweepDue({ stores, state: deps.stateStore, grants, now, log, limit: 1000 })
}

const keys = () => [...gateway.store.objects.keys()]
const files = () => keys().filter((key) => /^\d{4}-\d{2}-\d{2}\//.test(key))
const results = () => keys().filter((key) => key.startsWith('results/'))
const named = (part: string) => files().filter((key) => key.includes(`/${part}/`))

describe('a job that is kept for a time', () => {
  test('keeps inputs, outputs and result until then, and no longer', async () => {
    await submit('7200')
    await hear('COMPLETED')
    expect([named('in').length, named('out').length, results().length]).toEqual([1, 1, 1])
    await sweepAfter(2 * hourMs - 60_000)
    expect([named('in').length, named('out').length, results().length]).toEqual([1, 1, 1])
    await sweepAfter(2 * hourMs + 60_000)
    expect([files(), results()]).toEqual([[], []])
  })

  test('has links and a result until then', async () => {
    await submit('7200')
    await hear('COMPLETED')
    const grant = await gateway.another().grants.find('demo', 'job-1')
    expect(grant?.readExpiresAt).toBe(gateway.clock.now + 2 * hourMs)
  })

  test('goes with a day that is late enough for the longest run, when nobody hears of its end', async () => {
    const { grant } = await submit(String(90 * 86_400))
    expect(grant.readExpiresAt).toBe(grant.writeExpiresAt + 90 * dayMs)
    await sweepAfter(91 * dayMs)
    expect(named('out')).toHaveLength(1)
    expect(named('in')).toHaveLength(1)
    await sweepAfter(100 * dayMs)
    expect(files()).toEqual([])
  })

  test('keeps a failed one for as long as it can be retried, too', async () => {
    await submit('60')
    await hear('FAILED')
    await sweepAfter(30 * 60_000)
    expect(files()).toHaveLength(2)
    await retryJob(gateway.deps, callOf('demo', '{}'), 'job-1').then(readReply)
    await sweepAfter(2 * hourMs)
    expect(files()).toHaveLength(2)
  })

  test('is not touched while it may run, though its time is over', async () => {
    await submit('60')
    await sweepAfter(20 * hourMs)
    expect(files()).toHaveLength(2)
  })
})

describe('a job that is kept until it is deleted', () => {
  test('lies where no sweep comes', async () => {
    const { grant } = await submit('persistent')
    expect(grant.day).toBe(endlessDay)
    await hear('COMPLETED')
    for (const days of [1, 10, 1000, 10_000]) await sweepAfter(days * dayMs)
    expect(files()).toHaveLength(2)
    expect(files().every((key) => key.startsWith(`${endlessDay}/`))).toBe(true)
    expect(results()).toHaveLength(1)
    expect(keys().some((key) => key.startsWith('grants/'))).toBe(true)
  })

  test('leaves nothing once it is deleted, its grant when the platform has forgotten it', async () => {
    const { grant } = await submit('persistent')
    await hear('COMPLETED')
    await readReply(
      await deleteJob(gateway.another(), { ...callOf('demo'), method: 'DELETE' }, 'job-1'),
    )
    expect([files(), results()]).toEqual([[], []])
    await sweepAfter(hourMs)
    expect(keys().some((key) => key.startsWith('grants/'))).toBe(true)
    await sweepAfter(grant.writeExpiresAt - gateway.clock.now + dayMs + 60_000)
    expect(keys()).toEqual([])
  })

  test('is removed by the sweep where its deletion stopped halfway', async () => {
    await submit('persistent')
    await hear('COMPLETED')
    gateway.store.before = (line) => {
      if (line.startsWith(`delete ${endlessDay}`)) throw new Error('gone')
    }
    const call = { ...callOf('demo'), method: 'DELETE' }
    await expect(deleteJob(gateway.another(), call, 'job-1')).rejects.toThrow()
    gateway.store.before = () => {}
    await sweepAfter(hourMs)
    expect([files(), results()]).toEqual([[], []])
  })

  test('leaves nothing when upstream does not take it', async () => {
    gateway.upstream = ({ url }) =>
      url.endsWith('/health') ? answer(200, '{}') : answer(400, '{"error":"no"}', json)
    const call = callOf('demo', payload, { 'bulkway-retention': 'persistent' })
    await readReply(await submitJob(gateway.deps, call, 'run'))
    expect(keys()).toEqual([])
  })

  test('goes all the same when nobody was ever told its id', async () => {
    gateway.upstream = ({ url }) => {
      if (url.endsWith('/health')) return answer(200, '{}')
      throw new Error('gone')
    }
    const call = callOf('demo', payload, { 'bulkway-retention': 'persistent' })
    await expect(submitJob(gateway.deps, call, 'run')).rejects.toThrow()
    expect(files()).toHaveLength(1)
    await sweepAfter(20 * hourMs)
    expect(files()).toHaveLength(1)
    await sweepAfter(26 * hourMs)
    expect(files()).toEqual([])
    await sweepAfter(60 * hourMs)
    expect(keys()).toEqual([])
  })

  test('has a webhook whose body goes with a day', async () => {
    const spooled: string[] = []
    gateway.store.before = (line) => {
      if (/^put .*\/webhook\//.test(line)) spooled.push(line)
    }
    const body = JSON.stringify({ ...JSON.parse(payload), webhook: 'https://client.example/hook' })
    const { token } = await submit('persistent', body)
    gateway.upstream = () => answer(200, '')
    const told = JSON.stringify({ id: 'job-1', status: 'COMPLETED', output: 1 })
    await receiveWebhook(gateway.deps, token, answer(200, told).body)
    expect(spooled).toHaveLength(1)
    expect(spooled[0]).not.toContain(endlessDay)
    expect(results()).toHaveLength(1)
  })
})

describe('what a request asks for', () => {
  test.each([
    ['59', { limitName: 'retention.minSeconds', limit: 60, actual: 59 }],
    ['8640001', { limitName: 'retention.maxSeconds', limit: 8_640_000, actual: 8_640_001 }],
    ['soon', {}],
    ['', {}],
    ['-5', {}],
  ])('is refused beyond the bounds: %j', async (asked, facts) => {
    const submitting = submitJob(
      gateway.deps,
      callOf('demo', '{"input":{}}', { 'bulkway-retention': asked }),
      'run',
    )
    await expect(submitting).rejects.toMatchObject({ code: 'retention_refused', facts })
    expect(keys()).toEqual([])
    expect(gateway.sent.filter(({ url }) => url.endsWith('/run'))).toEqual([])
  })

  test('is refused for good where the endpoint does not allow it, and at all where it says nothing', async () => {
    gateway = gatewayWith({})
    await expect(submit('persistent')).rejects.toMatchObject({
      facts: { limitName: 'retention.persistent' },
    })
    gateway = gatewayWith(undefined)
    for (const asked of ['60', 'persistent']) {
      await expect(submit(asked)).rejects.toMatchObject({ code: 'retention_refused' })
    }
    expect((await submit('job')).grant.retention).toBeUndefined()
  })

  test('is what the endpoint says where the request says nothing', async () => {
    gateway = gatewayWith({ ...retention, default: '7200' })
    expect((await submit()).grant.retention).toBe(7200)
    gateway = gatewayWith({ ...retention, default: 'persistent' })
    expect((await submit()).grant.retention).toBe('persistent')
    expect((await submit('job').catch(() => undefined))?.grant.retention).toBeUndefined()
  })

  test('gives a small request a grant, and never goes upstream', async () => {
    const call = callOf('plain', '{"input":{"prompt":"a"}}', { 'bulkway-retention': '600' })
    gateway = gatewayWith(undefined)
    await expect(submitJob(gateway.deps, call, 'run')).rejects.toMatchObject({
      code: 'retention_refused',
    })
    gateway = fakeGateway({
      endpoints: { '*': { upstream: 'https://upstream.example/v2', store: 'main', retention: {} } },
    })
    const again = callOf('plain', '{"input":{"prompt":"a"}}', { 'bulkway-retention': '600' })
    await readReply(await submitJob(gateway.deps, again, 'run'))
    expect((await gateway.deps.grants.find('plain', 'job-1'))?.retention).toBe(600)
    for (const { headers } of gateway.sent) expect(headers.has('bulkway-retention')).toBe(false)
  })

  test('holds for all requests of a batch', async () => {
    const body = JSON.stringify({ requests: [JSON.parse(payload), JSON.parse(payload)] })
    gateway.upstream = ({ url }) =>
      answer(200, url.endsWith('/health') ? '{}' : '{"id":"batch-1","requests":[]}', json)
    const call = callOf('demo', body, { 'bulkway-retention': 'persistent' })
    await readReply(await addItems(gateway.deps, call, 'batch/batch-1/requests', 'batch-1'))
    expect(files()).toHaveLength(2)
    expect(files().every((key) => key.startsWith(`${endlessDay}/`))).toBe(true)
    expect(keys().some((key) => key.startsWith('batches/'))).toBe(true)
    await sweepAfter(1000 * dayMs)
    expect(files()).toHaveLength(2)
    // The platform has forgotten the batch itself long since.
    expect(keys().some((key) => /^batch/.test(key))).toBe(false)
  })

  test('is said of a plan, too', async () => {
    const headers = { prefer: 'return=plan', 'bulkway-retention': '59' }
    const planning = submitJob(gateway.deps, callOf('demo', payload, headers), 'run')
    await expect(planning).rejects.toMatchObject({ code: 'retention_refused' })
  })

  test('is refused where there is no job, whose files go by themselves', () => {
    const endpoint = gateway.deps.config.endpoint('demo')
    if (endpoint === undefined) throw new Error('no endpoint')
    const asked = callOf('demo', undefined, { 'bulkway-retention': '600' })
    const times = (call: typeof asked) => longestTimes(gateway.deps, call, endpoint, 'document')
    expect(() => times(asked)).toThrow(/jobs alone/)
    const forGood = { ...endpoint, retention: { ...retention, default: 'persistent' as const } }
    const { day } = longestTimes(gateway.deps, callOf('demo'), forGood, 'document')
    expect(day).not.toBe(endlessDay)
  })
})
