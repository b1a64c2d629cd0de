import { beforeEach, describe, expect, test } from 'vitest'
import { readFile } from '../../src/flows/outputs/read-file.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { receiveWebhook } from '../../src/flows/webhooks/receive-webhook.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const content = Buffer.alloc(75_000, 'payload bytes')
const file = content.toString('base64')
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      demo: { as: 'key', s3Config: 'staged', stage: 'always' },
    },
  })
})

/** Submits a body; gives the text that went upstream. */
async function submit(body: string): Promise<string> {
  await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
  return Buffer.from(gateway.sent.at(-1)?.body ?? []).toString()
}

describe("a caller's own s3Config", () => {
  const own =
    '{ "accessId" :"AKIAEXAMPLE","accessSecret":"caller\\u002dsecret-1","n":-0,"n":1e400 }'

  test('goes on untouched, and the payload beside it is a link', async () => {
    const sent = await submit(`{"input":{"file":"${file}"},"s3Config":${own}}`)
    expect(sent).toContain(`"s3Config":${own}`)
    expect(sent.match(/s3Config/g)).toHaveLength(1)
    const link = String(JSON.parse(sent).input.file)
    expect(link).toMatch(/^https:\/\/gateway\.example\/files\/[\w-]+\/[\w.-]+$/)
    const sealed = link.split('/').at(-2) ?? ''
    const served = await readFile(gateway.deps, 'GET', sealed, new Headers())
    expect(await readReply(served)).toBe(content.toString())
  })

  test.each(['null', ' null '])('is none when it is %j: the job gets its own', async (nothing) => {
    const sent = await submit(`{"s3Config":${nothing},"input":{"file":"${file}"}}`)
    expect(sent.match(/s3Config/g)).toHaveLength(1)
    const { input, s3Config } = JSON.parse(sent)
    expect(input.file).toMatch(/^in\/0-file\.[a-z0-9]+$/)
    expect(s3Config).toMatchObject({
      accessId: expect.stringMatching(/^BW1/),
      endpointUrl: 'https://gateway.example/s3',
    })
  })
})

describe('a webhook with characters that JSON escapes', () => {
  const given = 'https://client.example/hook?a="b"&c=\\d\\u0041'
  const expected = 'https://client.example/hook?a=%22b%22&c=%5Cd%5Cu0041'

  test('comes back in valid JSON, in the status and in the webhook itself', async () => {
    const sent = JSON.parse(await submit(JSON.stringify({ input: {}, webhook: given })))
    const job = { id: 'job-1', status: 'IN_PROGRESS', webhook: sent.webhook }
    gateway.upstream = () =>
      answer(200, JSON.stringify(job), { 'content-type': 'application/json' })
    const call = { ...callOf('demo'), method: 'GET' }
    const status = await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    expect(JSON.parse(status)).toEqual({ ...job, webhook: expected })

    const token = sent.webhook.split('/').at(-1)
    const done = JSON.stringify({ ...job, status: 'COMPLETED', echo: JSON.stringify(job) })
    await receiveWebhook(gateway.deps, token, answer(200, done).body)
    expect(gateway.sent.at(-1)?.url).toBe(expected)
    const relayed = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
    expect(relayed.webhook).toBe(expected)
    expect(JSON.parse(relayed.echo).webhook).toBe(expected)
  })
})
