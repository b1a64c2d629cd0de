import { beforeEach, describe, expect, test } from 'vitest'
import { readJob } from '../../src/flows/read-job.ts'
import { retryJob } from '../../src/flows/retry-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../src/flows/webhooks/receive-webhook.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

let gateway: FakeGateway
let token: string

beforeEach(async () => {
  gateway = fakeGateway()
  const body = '{"input":{},"webhook":"https://client.example/hook"}'
  await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  token = sent.webhook.split('/').at(-1)
})

const state = async () => (await gateway.another().grants.find('demo', 'job-1'))?.state
const json = (status: number, text: string) =>
  answer(status, text, { 'content-type': 'application/json' })
const accepted = () => json(200, '{"id":"job-1","status":"IN_QUEUE"}')
const refused = () => json(400, '{"error":"cannot retry"}')

async function retry(deps = gateway.deps): Promise<number> {
  const reply = await retryJob(deps, callOf('demo', '{}'), 'job-1')
  await readReply(reply)
  return reply.status
}

/** Lets a client see that the job has failed. */
async function fail(): Promise<void> {
  gateway.clock.now += 60_000
  gateway.upstream = () => json(200, '{"id":"job-1","status":"FAILED"}')
  const call = { ...callOf('demo'), method: 'GET' }
  await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
  expect(await state()).toBe('suspended')
}

/** Two retries at once: the second is asked and answered while upstream has the first. */
async function retryTwice(first: () => IncomingResponse, second: () => IncomingResponse) {
  const statuses: number[] = []
  gateway.upstream = async () => {
    gateway.upstream = () => {
      gateway.clock.now += 10
      return second()
    }
    gateway.clock.now += 10
    statuses.push(await retry(gateway.another()))
    return first()
  }
  statuses.push(await retry())
  return statuses
}

describe('a retry that upstream refuses', () => {
  test('leaves a grant awake that it did not wake', async () => {
    gateway.upstream = refused
    expect(await retry()).toBe(400)
    expect(await state()).toBe('active')
  })

  test('puts its own waking back', async () => {
    await fail()
    gateway.upstream = refused
    expect(await retry()).toBe(400)
    expect(await state()).toBe('suspended')
  })

  test('leaves the grant awake for another one that upstream took meanwhile', async () => {
    await fail()
    expect(await retryTwice(refused, accepted)).toEqual([200, 400])
    expect(await state()).toBe('active')
  })

  test('while another one is under way leaves the grant awake for that', async () => {
    await fail()
    expect(await retryTwice(accepted, refused)).toEqual([400, 200])
    expect(await state()).toBe('active')
  })
})

describe('a retry that upstream takes', () => {
  test('gives the run its time also where the grant was awake', async () => {
    const before = await gateway.another().grants.find('demo', 'job-1')
    gateway.clock.now += 600_000
    gateway.upstream = accepted
    expect(await retry()).toBe(200)
    const after = await gateway.another().grants.find('demo', 'job-1')
    expect(after?.writeExpiresAt).toBe((before?.writeExpiresAt ?? 0) + 600_000)
    expect(after?.readExpiresAt).toBe((before?.readExpiresAt ?? 0) + 600_000)
  })
})

describe('a webhook of a failure', () => {
  const webhook = async () => {
    gateway.upstream = () => answer(200)
    const failed = answer(200, '{"id":"job-1","status":"FAILED"}').body
    expect((await receiveWebhook(gateway.deps, token, failed)).status).toBe(200)
  }

  test('does not suspend a grant as long as it may be of the run before the retry', async () => {
    await fail()
    gateway.upstream = accepted
    await retry()
    for (const afterMs of [0, 30_000, 30_000]) {
      gateway.clock.now += afterMs
      await webhook()
      expect(await state()).toBe('active')
    }
  })

  test('suspends the grant when it can only be of the run after the retry', async () => {
    await fail()
    gateway.upstream = accepted
    await retry()
    gateway.clock.now += 70_000
    await webhook()
    expect(await state()).toBe('suspended')
  })
})
