import { beforeEach, describe, expect, test } from 'vitest'
import { deleteJob } from '../../../src/flows/delete-job.ts'
import { type JobOperation, readJob } from '../../../src/flows/read-job.ts'
import { retryJob } from '../../../src/flows/retry-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import { sweepDue } from '../../../src/grants/sweep.ts'
import type { IncomingResponse } from '../../../src/platform.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway, type Sent } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const json = { 'content-type': 'application/json' }
const completed = { id: 'job-1', status: 'COMPLETED', output: { word: 'kept' } }
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

/** Upstream knows the caller's key; everything else it answers as `rest` says. */
function upstreamSays(rest: (sent: Sent) => IncomingResponse) {
  gateway.upstream = (sent) => (sent.url.endsWith('/health') ? answer(200, '{}') : rest(sent))
}

const forgotten = () => answer(404, '{"error":"job not found"}', json)
const says = (job: unknown) => () => answer(200, JSON.stringify(job), json)

async function submit(body = '{"input":{}}', operation: 'run' | 'runsync' = 'run') {
  const reply = await submitJob(gateway.deps, callOf('demo', body), operation)
  await readReply(reply)
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return { s3: sent.s3Config, token: String(sent.webhook).split('/').at(-1) ?? '' }
}

async function webhook(token: string, body: unknown) {
  return await receiveWebhook(gateway.deps, token, answer(200, JSON.stringify(body)).body)
}

async function ask(operation: JobOperation = 'status', key = 'a-key') {
  const call = callOf('demo', undefined, { authorization: `Bearer ${key}` })
  const reply = await readJob(gateway.another(), { ...call, method: 'GET' }, operation, 'job-1')
  return { status: reply.status, text: await readReply(reply) }
}

const results = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('results/'))

describe('the result of a webhook', () => {
  test('answers status and status-sync when upstream has forgotten the job', async () => {
    const { s3, token } = await submit()
    const echo = { ...completed, input: { a: 'big' }, webhook: 'https://gateway.example/x' }
    const output = { ...completed.output, id: s3.accessId, secret: s3.accessSecret }
    await webhook(token, { ...echo, output })
    upstreamSays(forgotten)

    for (const operation of ['status', 'status-sync'] as const) {
      const { status, text } = await ask(operation)
      expect(status).toBe(200)
      expect(JSON.parse(text)).toEqual({
        ...completed,
        output: {
          word: 'kept',
          id: s3.accessId.replace(/./g, '*'),
          secret: '*'.repeat(s3.accessSecret.length),
        },
      })
    }
  })

  test('lies under the last day of the job, scrubbed and without what a webhook echoes', async () => {
    const { s3, token } = await submit()
    await webhook(token, { ...completed, input: { s3Config: s3 }, note: s3.accessSecret })
    const grant = await gateway.another().grants.find('demo', 'job-1')

    expect(results()).toEqual([`results/${grant?.day}/demo/job-1`])
    const kept = gateway.store.objects.get(results()[0] ?? '')
    const text = Buffer.from(kept?.bytes ?? []).toString()
    expect(text).not.toContain(s3.accessSecret)
    expect(Object.keys(JSON.parse(text))).toEqual(['id', 'status', 'output', 'note'])
    expect(kept?.contentType).toBe('application/json')
  })

  test('answers too when upstream is gone or in trouble', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    const { deps } = gateway
    const status = async () => {
      const reply = await readJob(deps, { ...callOf('demo'), method: 'GET' }, 'status', 'job-1')
      return { status: reply.status, text: await readReply(reply) }
    }
    for (const code of [410, 500, 502, 524]) {
      upstreamSays(() => answer(code, 'trouble'))
      expect((await status()).status, `${code}`).toBe(200)
    }
    // The key was proved a moment ago.
    gateway.upstream = () => {
      throw new Error('connection refused')
    }
    expect(JSON.parse((await status()).text)).toEqual(completed)
  })

  test('does not stand in for a refusal, nor for what upstream still says', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    for (const code of [400, 401, 403, 429]) {
      upstreamSays(() => answer(code, '{"error":"no"}', json))
      expect(await ask()).toEqual({ status: code, text: '{"error":"no"}' })
    }
    upstreamSays(says({ ...completed, output: 'fresh' }))
    expect(JSON.parse((await ask()).text)).toMatchObject({ output: 'fresh' })
  })

  test('is only for the key that submitted the job, and while upstream knows that key', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    upstreamSays(forgotten)
    expect((await ask('status', 'another-key')).status).toBe(404)
    gateway.upstream = ({ url }) => (url.endsWith('/health') ? answer(401) : forgotten())
    expect((await ask()).status).toBe(404)
  })

  test('is no stream and is not cancelled: that is upstream’s to answer', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    upstreamSays(forgotten)
    expect((await ask('stream')).status).toBe(404)
    expect((await ask('cancel')).status).toBe(404)
  })

  test('is not kept while the job goes on', async () => {
    const { token } = await submit()
    await webhook(token, { ...completed, status: 'IN_PROGRESS' })
    expect(results()).toEqual([])
  })

  test('larger than a part is kept whole', async () => {
    const { token } = await submit()
    const output = 'x'.repeat(7 * 1024 * 1024)
    await webhook(token, { ...completed, output })
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual({ ...completed, output })
    expect(gateway.store.open.size).toBe(0)
  })

  test('that cannot be kept has the platform come again, but where a client waits for it', async () => {
    const { token } = await submit()
    gateway.store.before = (line) => {
      if (line.startsWith('put results/')) throw unavailable()
    }
    await expect(webhook(token, completed)).rejects.toMatchObject({ code: 'store_unavailable' })
    gateway = fakeGateway()
    const waiting = await submit('{"input":{},"webhook":"https://client.example/hook"}')
    gateway.store.before = (line) => {
      if (line.startsWith('put results/')) throw unavailable()
    }
    gateway.upstream = () => answer(200)
    expect((await webhook(waiting.token, completed)).status).toBe(200)
    expect(gateway.logged).toContainEqual(expect.objectContaining({ event: 'keep_failed' }))
  })

  test('is gone once its outputs have expired, and swept when the day is over', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    const grant = await gateway.another().grants.find('demo', 'job-1')
    upstreamSays(forgotten)
    gateway.clock.now = (grant?.readExpiresAt ?? 0) + 1
    expect((await ask()).status).toBe(404)

    const { deps, store } = gateway
    const sweep = (now: number) =>
      sweepDue({
        ...{ stores: new Map([['main', store]]), state: store, grants: deps.grants, now },
        ...{ log: deps.log, limit: 100 },
      })
    const today = Date.parse(`${grant?.day}T23:59:59Z`)
    expect((await sweep(today)).results).toBe(0)
    store.open.set('left', {
      key: `results/${grant?.day}/demo/other`,
      contentType: '',
      parts: new Map(),
    })
    expect((await sweep(today + 2000)).results).toBe(1)
    expect(results()).toEqual([])
    expect(store.open.size).toBe(0)
  })
})

describe('the answer that says how a job has ended', () => {
  test('of a status is kept once, beside the answer', async () => {
    await submit()
    upstreamSays(says(completed))
    await ask('status-sync')
    await gateway.idle()
    expect(results()).toHaveLength(1)
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual(completed)

    const lines: string[] = []
    gateway.store.before = (line) => void lines.push(line)
    upstreamSays(says(completed))
    for (let times = 0; times < 3; times++) {
      await ask()
      await gateway.idle()
    }
    expect(lines.filter((line) => line.startsWith('put results/'))).toEqual([])
  })

  test('is left to the webhook that has said it before', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    const lines: string[] = []
    gateway.store.before = (line) => void lines.push(line)
    upstreamSays(says(completed))
    await ask()
    await gateway.idle()
    expect(lines.filter((line) => line.startsWith('put '))).toEqual([])
  })

  test('of a runsync is kept, and does not replace what a webhook said', async () => {
    gateway.upstream = says(completed)
    const { token } = await submit('{"input":{}}', 'runsync')
    await gateway.idle()
    await webhook(token, { ...completed, output: 'by webhook' })
    upstreamSays(says({ ...completed, output: 'late' }))
    await ask()
    await gateway.idle()
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toMatchObject({ output: 'by webhook' })
  })

  test('of a cancelled job is kept', async () => {
    await submit()
    upstreamSays(says({ id: 'job-1', status: 'CANCELLED' }))
    const call = { ...callOf('demo', '{}') }
    await readReply(await readJob(gateway.deps, call, 'cancel', 'job-1'))
    await gateway.idle()
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual({ id: 'job-1', status: 'CANCELLED' })
  })

  test('is not kept when the job goes on, when it is long, when it is an error', async () => {
    await submit()
    for (const [status, job] of [
      [200, { id: 'job-1', status: 'IN_PROGRESS', output: 1 }],
      [200, { ...completed, output: 'x'.repeat(70_000) }],
      [500, completed],
    ] as const) {
      upstreamSays(() => answer(status, JSON.stringify(job), json))
      await ask()
      await gateway.idle()
      expect(results()).toEqual([])
    }
  })
})

describe('a retry', () => {
  const failed = { id: 'job-1', status: 'FAILED', error: 'first' }
  const retry = () => retryJob(gateway.deps, callOf('demo', '{}'), 'job-1').then(readReply)

  test('makes the result of the run before void, and the next run has one of its own', async () => {
    const { token } = await submit()
    await webhook(token, failed)
    upstreamSays(says({ id: 'job-1', status: 'IN_QUEUE' }))
    await retry()
    upstreamSays(forgotten)
    expect((await ask()).status).toBe(404)
    upstreamSays(() => answer(502))
    expect((await ask()).status).toBe(502)
    // The platform comes again with the failure of before: it is no end of this run.
    await webhook(token, failed)
    expect((await ask()).status).toBe(502)

    await webhook(token, completed)
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual(completed)
  })

  test.each([
    ['nobody waits for', '{"input":{}}'],
    ['a client waits for', '{"input":{},"webhook":"https://client.example/hook"}'],
  ])('keeps its result when a webhook that %s repeats the failure before', async (_name, body) => {
    const { token } = await submit(body)
    upstreamSays(says({ id: 'job-1', status: 'IN_QUEUE' }))
    await webhook(token, failed)
    await retry()
    await webhook(token, completed)
    for (const pauseMs of [10_000, 100_000]) {
      gateway.clock.now += pauseMs
      await webhook(token, failed)
    }
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual(completed)
  })

  test('that upstream refuses leaves the result', async () => {
    const { token } = await submit()
    await webhook(token, failed)
    upstreamSays(forgotten)
    await retry()
    expect(JSON.parse((await ask()).text)).toEqual(failed)
  })
})

describe('deleting a job', () => {
  test('removes its results, and nothing is kept afterwards', async () => {
    const { token } = await submit()
    await webhook(token, { id: 'job-1', status: 'FAILED', error: 'first' })
    upstreamSays(says({ id: 'job-1', status: 'IN_QUEUE' }))
    await readReply(await retryJob(gateway.deps, callOf('demo', '{}'), 'job-1'))
    await webhook(token, completed)
    expect(results()).toHaveLength(2)
    await deleteJob(gateway.deps, callOf('demo'), 'job-1')
    expect(results()).toEqual([])

    await webhook(token, completed)
    upstreamSays(says(completed))
    await ask()
    await gateway.idle()
    expect(results()).toEqual([])
    upstreamSays(forgotten)
    expect((await ask()).status).toBe(404)
  })
})

describe('a job that another instance deletes', () => {
  test.each([
    ['nobody waits for', '{"input":{}}'],
    ['a client waits for', '{"input":{},"webhook":"https://client.example/hook"}'],
  ])('leaves nothing of a webhook that %s and is on its way', async (_name, body) => {
    const { token } = await submit(body)
    upstreamSays(says(completed))
    const { body: whole } = answer(200, JSON.stringify(completed))
    const slow = {
      ...whole,
      async read() {
        const chunk = await whole.read()
        if (chunk !== undefined) await deleteJob(gateway.another(), callOf('demo'), 'job-1')
        return chunk
      },
    }
    await receiveWebhook(gateway.deps, token, slow)
    expect(results()).toEqual([])
  })

  test('leaves nothing of an answer that came just before', async () => {
    await submit()
    upstreamSays(says(completed))
    const lines: string[] = []
    gateway.store.before = async (line) => {
      const isSettled = lines.some((before) => before.startsWith('put grants/'))
      if (!isSettled) lines.push(line)
      else if (line.startsWith('get grants/')) {
        gateway.store.before = () => {}
        await deleteJob(gateway.another(), callOf('demo'), 'job-1')
      }
    }
    const call = { ...callOf('demo'), method: 'GET' }
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    await gateway.idle()
    expect(results()).toEqual([])
    expect((await gateway.another().grants.find('demo', 'job-1'))?.deleted).toBe(true)
  })
})

describe('a webhook that nobody waits for', () => {
  test('of another job, or without an id, leaves what is kept as it is', async () => {
    const { token } = await submit()
    await webhook(token, completed)
    await expect(webhook(token, { ...completed, id: 'job-2' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    const { id: _, ...nameless } = completed
    await expect(webhook(token, nameless)).rejects.toMatchObject({ code: 'invalid_request' })
    const large = { ...completed, id: 'job-2', output: 'x'.repeat(7 * 1024 * 1024) }
    await expect(webhook(token, large)).rejects.toMatchObject({ code: 'forbidden' })
    expect(results()).toHaveLength(1)
    expect(gateway.store.open.size).toBe(0)
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual(completed)
  })

  test('is kept though its grant cannot be ended, and the platform comes again', async () => {
    const { token } = await submit()
    gateway.store.before = (line) => {
      if (line.startsWith('put due/')) throw unavailable()
    }
    await expect(webhook(token, completed)).rejects.toMatchObject({ code: 'store_unavailable' })
    upstreamSays(forgotten)
    gateway.store.before = () => {}
    expect(JSON.parse((await ask()).text)).toEqual(completed)
  })

  test('is bound and kept when no answer has bound the job', async () => {
    gateway.upstream = ({ url }) => {
      if (url.endsWith('/health')) return answer(200, '{}')
      throw new Error('reset while waiting')
    }
    await expect(submit()).rejects.toMatchObject({ code: 'upstream_unreachable' })
    const run = gateway.sent.find(({ url }) => url.endsWith('/run'))
    const { webhook: url } = JSON.parse(Buffer.from(run?.body ?? []).toString())
    gateway.clock.now += 10_000
    await webhook(String(url).split('/').at(-1) ?? '', completed)
    upstreamSays(forgotten)
    expect(JSON.parse((await ask()).text)).toEqual(completed)
    expect([...gateway.store.objects.keys()].filter((key) => key.includes('/webhook/'))).toEqual([])
  })
})
