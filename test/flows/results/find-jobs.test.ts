import { beforeEach, describe, expect, test } from 'vitest'
import { deleteJob } from '../../../src/flows/delete-job.ts'
import { findJobs } from '../../../src/flows/results/find-jobs.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import { sweepDue } from '../../../src/grants/sweep.ts'
import { NotSent } from '../../../src/platform.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

async function submit(requestId: string, endpointId = 'demo') {
  const call = callOf(endpointId, '{"input":{"a":1}}', { 'x-request-id': requestId })
  return await readReply(await submitJob(gateway.deps, call, 'runsync'))
}

async function find(requestId: string, options: { key?: string; endpointId?: string } = {}) {
  const { key = 'a-key', endpointId = 'demo' } = options
  const call = callOf(endpointId, undefined, { authorization: `Bearer ${key}` })
  const search = `?requestId=${encodeURIComponent(requestId)}`
  const reply = await findJobs(gateway.another(), { ...call, method: 'GET', search })
  return { headers: reply.headers, body: JSON.parse(await readReply(reply)) }
}

const submittedAt = '2026-11-21T12:00:00.000Z'
const notes = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('requests/'))

describe('finding jobs by the request that submitted them', () => {
  test('tells the id of the job, to its owner alone and for its endpoint alone', async () => {
    await submit('order/47 11')
    const { headers, body } = await find('order/47 11')
    expect(body).toEqual({ requestId: 'order/47 11', jobs: [{ id: 'job-1', submittedAt }] })
    expect(headers.get('retry-after')).toBeNull()
    expect((await find('order/47 11', { key: 'another' })).body.jobs).toEqual([])
    expect((await find('order/47 11', { endpointId: 'plain' })).body.jobs).toEqual([])
    expect((await find('order/47')).body.jobs).toEqual([])
    expect(notes().join()).not.toContain('order')
  })

  test('knows a job whose answer nobody heard, and its id once a webhook has said it', async () => {
    gateway.upstream = ({ url }) => {
      if (url.endsWith('/health')) return answer(200, '{}')
      throw new Error('reset while waiting')
    }
    await expect(submit('order-1')).rejects.toMatchObject({ code: 'upstream_unreachable' })
    const pending = await find('order-1')
    expect(pending.body.jobs).toEqual([{ submittedAt }])
    expect(pending.headers.get('retry-after')).toBe('2')

    const run = gateway.sent.find(({ url }) => url.endsWith('/runsync'))
    const { webhook } = JSON.parse(Buffer.from(run?.body ?? []).toString())
    gateway.clock.now += 60_000
    const body = answer(200, '{"id":"sync-1","status":"COMPLETED","output":1}').body
    await receiveWebhook(gateway.deps, String(webhook).split('/').at(-1) ?? '', body)
    expect((await find('order-1')).body.jobs).toEqual([{ id: 'sync-1', submittedAt }])
  })

  test('tells all jobs of a request id that was used again, the latest first', async () => {
    await submit('again')
    gateway.clock.now += 1000
    gateway.upstream = () => answer(200, '{"id":"job-2","status":"IN_QUEUE"}')
    await submit('again')
    const { body } = await find('again')
    expect(body.jobs.map(({ id }: { id: string }) => id)).toEqual(['job-2', 'job-1'])
  })

  test('tells the latest twenty of more, and is not stopped by one that nobody can read', async () => {
    for (let n = 1; n <= 40; n++) {
      gateway.clock.now += 1000
      gateway.upstream = () => answer(200, `{"id":"job-${n}","status":"IN_QUEUE"}`)
      await submit('again')
    }
    const latest = Array.from({ length: 20 }, (_, at) => `job-${40 - at}`)
    const told = async () => (await find('again')).body.jobs.map(({ id }: { id: string }) => id)
    expect(await told()).toEqual(latest)

    const grant = await gateway.deps.grants.find('demo', 'job-40')
    await gateway.store.put(`grants/${grant?.day}/${grant?.grantId}`, new Uint8Array(8))
    expect(await told()).toEqual([...latest.slice(1), 'job-20'])
  })

  test('forgets what never came to be, what was deleted, and all with its day', async () => {
    gateway.upstream = ({ url }) => {
      if (url.endsWith('/health')) return answer(200, '{}')
      throw new NotSent('no connection')
    }
    await expect(submit('never')).rejects.toThrow()
    expect(notes()).toEqual([])

    gateway = fakeGateway()
    await submit('gone')
    await deleteJob(gateway.deps, callOf('demo'), 'job-1')
    expect((await find('gone')).body.jobs).toEqual([])

    const { deps, store } = gateway
    const now = gateway.clock.now + 5 * 86_400_000
    const stores = new Map([['main', store]])
    await sweepDue({ stores, state: store, grants: deps.grants, now, log: deps.log, limit: 100 })
    expect(notes()).toEqual([])
  })

  test('is not worth a job: where the note cannot be written the job is submitted all the same', async () => {
    gateway.store.before = (line) => {
      if (line.startsWith('put requests/')) throw unavailable()
    }
    expect(await submit('order-1')).toContain('job-1')
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: 'request_not_noted' }))
  })

  test('needs a request id of 1 to 256 characters, and a key that upstream knows', async () => {
    for (const requestId of ['', 'x'.repeat(257)]) {
      await expect(find(requestId)).rejects.toMatchObject({ code: 'invalid_request' })
    }
    await submit('x'.repeat(257))
    expect(notes()).toEqual([])
    gateway.upstream = () => answer(401)
    await expect(find('order-1', { key: 'bad' })).rejects.toMatchObject({ code: 'unauthorized' })
  })

  test('notes nothing of a request that is passed on untouched, nor of one without an id', async () => {
    await submit('small', 'plain')
    await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
    expect(notes()).toEqual([])
  })
})
