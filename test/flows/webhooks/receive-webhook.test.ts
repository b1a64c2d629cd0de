import { beforeEach, describe, expect, test } from 'vitest'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../../src/flows/webhooks/receive-webhook.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

/** Submits a job with a webhook; gives what the worker and the platform were told. */
async function submit() {
  const body = '{"input":{},"webhook":"https://client.example/hook"}'
  await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return { s3: sent.s3Config, token: String(sent.webhook).split('/').at(-1) ?? '' }
}

const grant = () => gateway.another().grants.find('demo', 'job-1')
const webhook = (token: string, body: unknown) =>
  receiveWebhook(gateway.deps, token, answer(200, JSON.stringify(body)).body)

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
