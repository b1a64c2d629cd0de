import { beforeEach, describe, expect, test } from 'vitest'
import { submitJob } from '../../src/flows/submit-job.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'

const mib = 1024 * 1024
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

const submitted = () => gateway.sent.filter(({ url }) => url.endsWith('/run'))
const run = (endpointId: string, body: string) =>
  submitJob(gateway.deps, callOf(endpointId, body), 'run')
/** Sent in chunks: nobody knows its length beforehand. */
const runChunked = (endpointId: string, body: string) =>
  submitJob(gateway.deps, { ...callOf(endpointId, body), contentLength: undefined }, 'run')

describe('members that the gateway looks at', () => {
  test.each(['plain', 'demo'])(
    'mean nothing below the input of %s, however many there are',
    async (endpointId) => {
      const item = { input: 1, output: 2, policy: { ttl: 1 }, webhook: 'https://10.0.0.1/' }
      const input = { items: Array.from({ length: 1200 }, () => item) }
      const body = JSON.stringify({ input, webhook: 'https://client.example/hook' })
      expect((await run(endpointId, body)).status).toBe(200)
      const sent = JSON.parse(Buffer.from(submitted()[0]?.body ?? []).toString())
      expect(sent.input).toEqual(input)
      expect(sent.webhook).toMatch(/^https:\/\/gateway\.example\/webhooks\//)
    },
  )

  test('are refused when more than a thousand of them are credentials', async () => {
    const bodyOf = (length: number) =>
      JSON.stringify({ input: Array.from({ length }, () => ({ s3Config: 1 })) }).replace(
        /^{"input":(.*)}$/s,
        '{"input":{"items":$1}}',
      )
    expect((await run('plain', bodyOf(900))).status).toBe(200)
    await expect(run('plain', bodyOf(1001))).rejects.toMatchObject({
      code: 'invalid_request',
      facts: { limit: 1000 },
    })
    expect(submitted()).toHaveLength(1)
  })
})

describe('a body of unknown length that is too large', () => {
  const encoded = 'QUJD'.repeat((11 * mib) / 4)

  test('is a 413 that says how to declare, where the endpoint declares nothing', async () => {
    const attempt = runChunked('plain', `{"input":{"file":"${encoded}"}}`)
    await expect(attempt).rejects.toMatchObject({
      code: 'body_too_large',
      detail: expect.stringContaining('{"plain": {"as": "key"}}'),
      facts: { limitName: 'runMaxBytes', limit: 10 * mib },
    })
    expect(submitted()).toEqual([])
  })

  test('is a 413 that speaks of rules, where too much is left beside its payloads', async () => {
    const text = 'plain words, no payload. '.repeat((11 * mib) / 25)
    const attempt = runChunked('demo', `{"input":{"file":"${encoded}","text":"${text}"}}`)
    await expect(attempt).rejects.toMatchObject({
      code: 'body_too_large',
      detail: expect.stringContaining('"rules"'),
      facts: { limitName: 'runMaxBytes', limit: 10 * mib },
    })
    expect(gateway.store.objects.size).toBe(0)
  })
})
