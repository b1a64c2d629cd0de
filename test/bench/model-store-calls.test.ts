import { beforeEach, describe, expect, test } from 'vitest'
import { callsPerJob, writeCalls } from '../../bench/model/store-calls.ts'
import { onNode } from '../../bench/model/workload.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../src/flows/webhooks/receive-webhook.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { callOf, type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { readReply } from '../flows/read-reply.ts'
import { answer } from '../intake/memory-store.ts'

const hour = 3_600_000
let gateway: FakeGateway
let lines: string[]

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      demo: { as: 'key', s3Config: 'always', stage: 'always' },
    },
  })
  lines = []
  gateway.store.before = (line) => void lines.push(line)
})

/** Calls since the last time, by billing class. */
function taken() {
  const now = lines.splice(0).map((line) => line.split(' ')[0] ?? '')
  const count = (...names: string[]) => now.filter((name) => names.includes(name)).length
  return {
    a: count('put', 'list', 'createUpload', 'uploadPart', 'completeUpload'),
    b: count('get', 'head', 'send'),
    free: count('delete', 'abortUpload'),
  }
}

async function submit(payloadBytes: number): Promise<string> {
  const image = Buffer.alloc(payloadBytes).toString('base64')
  const call = callOf('demo', JSON.stringify({ input: payloadBytes === 0 ? {} : { image } }))
  await readReply(await submitJob(gateway.deps, call, 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return String(sent.webhook).split('/').at(-1) ?? ''
}

describe('the calls that the model counts are those that the gateway makes', () => {
  test('for a submit', async () => {
    await submit(0)
    expect(taken()).toEqual(callsPerJob.submit)
  })

  test.each([100_000, onNode.partBytes, onNode.partBytes + 1, 3 * onNode.partBytes])(
    'for a payload of %d bytes',
    async (bytes) => {
      await submit(bytes)
      const { a, b, free } = taken()
      expect({ a: a - callsPerJob.submit.a, b: b - callsPerJob.submit.b, free }).toEqual(
        writeCalls(bytes, onNode.partBytes),
      )
    },
  )

  test('for the webhook that ends the job', async () => {
    const token = await submit(100_000)
    taken()
    const body = JSON.stringify({ id: 'job-1', status: 'COMPLETED', output: {} })
    await receiveWebhook(gateway.deps, token, answer(200, body).body)
    expect(taken()).toEqual(callsPerJob.webhook)
  })

  test('for the sweep of its input, then of its grant', async () => {
    const token = await submit(100_000)
    const body = JSON.stringify({ id: 'job-1', status: 'COMPLETED', output: {} })
    await receiveWebhook(gateway.deps, token, answer(200, body).body)
    const removals = async (now: number) => {
      gateway.clock.now = now
      taken()
      const { deps, store } = gateway
      const options = { stores: new Map(), state: store, grants: deps.grants, log: deps.log }
      await sweepDue({ ...options, stores: new Map([['main', store]]), now, limit: 1000 })
      // Looking for days and open uploads is the sweep's own, once a run.
      const own = lines.filter((line) =>
        /^list (?:batch(?:es|-requests)\/|(?:[a-z]+\/)?(?:due\/|2|[\d-]+\/))$/.test(line),
      ).length
      const all = taken()
      return { ...all, a: all.a - own }
    }
    const first = await removals(gateway.clock.now + 2 * hour)
    expect(first).toEqual({ a: 1, b: 2, free: 2 })
    const dayOver = await removals(gateway.clock.now + 96 * hour)
    expect(first.free + dayOver.free).toBe(callsPerJob.sweep.free + 1)
    expect(first.b + dayOver.b).toBe(callsPerJob.sweep.b)
  })
})
