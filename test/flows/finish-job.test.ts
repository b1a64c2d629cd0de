import { beforeEach, describe, expect, test } from 'vitest'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../src/flows/webhooks/receive-webhook.ts'
import type { Reply } from '../../src/platform.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'

const json = { 'content-type': 'application/json' }
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

async function readReply({ body }: Reply): Promise<string> {
  if (body === undefined || body instanceof Uint8Array) return Buffer.from(body ?? []).toString()
  let text = ''
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    text += Buffer.from(chunk).toString()
  }
  return text
}

/** Submits a job with a webhook; gives what the worker and the platform were told. */
async function submit() {
  const body = '{"input":{},"webhook":"https://client.example/hook"}'
  await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return { s3: sent.s3Config, token: String(sent.webhook).split('/').at(-1) ?? '' }
}

const grant = () => gateway.another().grants.find('demo', 'job-1')
const status = () => readJob(gateway.deps, { ...callOf('demo'), method: 'GET' }, 'status', 'job-1')
const webhook = (token: string, body: unknown) =>
  receiveWebhook(gateway.deps, token, answer(200, JSON.stringify(body)).body)

describe('the status of a job', () => {
  test('comes without its secrets, and the grant has ended before its last byte', async () => {
    const { s3 } = await submit()
    const result = { id: 'job-1', output: { echo: s3.accessSecret }, status: 'COMPLETED' }
    gateway.upstream = () => answer(200, JSON.stringify(result), json)
    const reply = await status()
    const text = await readReply(reply)
    expect((await grant())?.state).toBe('ended')
    expect(text).not.toContain(s3.accessSecret)
    expect(JSON.parse(text)).toMatchObject({ id: 'job-1', status: 'COMPLETED' })
  })

  test('is not delivered whole when the grant cannot be ended', async () => {
    await submit()
    gateway.upstream = () => answer(200, '{"id":"job-1","status":"COMPLETED"}', json)
    gateway.store.before = (line) => {
      if (line.startsWith('put ')) throw unavailable()
    }
    await expect(status().then(readReply)).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  test('of an error answer changes nothing', async () => {
    await submit()
    gateway.upstream = () => answer(500, '{"id":"job-1","status":"COMPLETED"}', json)
    await readReply(await status())
    expect((await grant())?.state).toBe('active')
  })

  test('of a job without a grant passes byte for byte', async () => {
    const body = ' {"id":"job-1" , "status":"COMPLETED","n":-0}'
    gateway.upstream = () => answer(200, body, json)
    expect(await readReply(await status())).toBe(body)
  })
})

describe('the webhook of a job', () => {
  const completed = { id: 'job-1', status: 'COMPLETED', output: 1 }

  test('is relayed clean, and the grant has ended before', async () => {
    const { s3, token } = await submit()
    let state: string | undefined
    gateway.upstream = async () => {
      state = (await grant())?.state
      return answer(201)
    }
    const reply = await webhook(token, { ...completed, input: { s3Config: s3 } })
    expect(reply.status).toBe(201)
    expect(state).toBe('ended')
    const relayed = gateway.sent.at(-1)
    expect(relayed?.url).toBe('https://client.example/hook')
    expect(Buffer.from(relayed?.body ?? []).toString()).not.toContain(s3.accessSecret)
    const files = [...gateway.store.objects.keys()].filter((key) => key.includes('.webhook'))
    expect(files).toEqual([])
  })

  test('of another job is refused, and changes nothing', async () => {
    const { token } = await submit()
    await expect(webhook(token, { ...completed, id: 'job-2' })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect((await grant())?.state).toBe('active')
    expect(gateway.sent.at(-1)?.url).not.toContain('client.example')
  })

  test('without a job id is refused', async () => {
    const { token } = await submit()
    await expect(webhook(token, { status: 'COMPLETED' })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  test('comes again while no job is bound, and binds one when nobody else does', async () => {
    const { token } = await submit()
    const known = await grant()
    const key = [...gateway.store.objects.keys()].find((name) => name.startsWith('jobs/')) ?? ''
    await gateway.store.delete(key)
    await gateway.deps.grants.update(known?.grantId ?? '', ({ jobId: _, ...rest }) => rest)
    await expect(webhook(token, completed)).rejects.toMatchObject({
      code: 'job_not_bound',
      facts: { retryAfterSeconds: 10 },
    })
    gateway.clock.now += 5_000
    gateway.upstream = () => answer(200)
    expect((await webhook(token, completed)).status).toBe(200)
    expect(await grant()).toMatchObject({ jobId: 'job-1', state: 'ended' })
  })

  test("that is not sealed is nobody else's business", async () => {
    await expect(webhook('forged', completed)).rejects.toMatchObject({ code: 'not_found' })
    expect(gateway.store.objects.size).toBe(0)
  })

  test('that breaks off is not relayed, ends nothing and leaves nothing', async () => {
    const { token } = await submit()
    const { body } = answer(200, '{"id":"job-1","status":"COMPLETED","output":"')
    const broken = {
      ...body,
      async read() {
        const chunk = await body.read()
        if (chunk === undefined) throw new Error('reset')
        return chunk
      },
    }
    const before = [...gateway.store.objects.keys()]
    await expect(receiveWebhook(gateway.deps, token, broken)).rejects.toThrow()
    expect(gateway.sent.at(-1)?.url).not.toContain('client.example')
    expect((await grant())?.state).toBe('active')
    expect([...gateway.store.objects.keys()]).toEqual(before)
  })
})
