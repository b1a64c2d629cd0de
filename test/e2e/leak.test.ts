import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { json, observed } from './call.ts'
import { useStack } from './harness.ts'
import { base64Of } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({ worker: 'sample' })

let client: Server
let hook: string
let received: { body: string; headers: string }[]
let answers: number[]

beforeAll(async () => {
  client = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({
      body: Buffer.concat(chunks).toString(),
      headers: JSON.stringify(request.headers),
    })
    response.statusCode = answers.shift() ?? 200
    response.end('thanks')
  })
  client.listen(0, '127.0.0.1')
  await once(client, 'listening')
  const address = client.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')
  hook = `http://127.0.0.1:${address.port}/hook?token=of-the-client`
})

beforeEach(() => {
  received = []
  answers = []
})

afterAll(() => {
  client.closeAllConnections()
  client.close()
})

async function expectClean(jobId: string, text: string): Promise<void> {
  expect(secretsIn(text, secretsOf(await stack.platform.job(jobId)))).toEqual([])
}

describe('A worker that leaks', () => {
  test('every secret in every form: none comes back at status', async () => {
    const id = await stack.submitted('demo', { input: { task: 'leak' } })
    const done = await stack.settled('demo', id)

    expect(json(done)['status']).toBe('COMPLETED')
    expect(done.text).toContain('****')
    await expectClean(id, done.text)
    await expectClean(id, (await stack.call('POST', `/v2/demo/status/${id}`)).text)
  })

  test('at runsync, none comes back either', async () => {
    const body = JSON.stringify({ input: { task: 'leak' } })
    const done = await stack.call('POST', '/v2/demo/runsync?wait=30000', { body })

    expect(json(done)['status']).toBe('COMPLETED')
    await expectClean(`${json(done)['id']}`, done.text)
  })

  test('in the error of a handler that fails: none comes back, and the job stays FAILED', async () => {
    const id = await stack.submitted('demo', { input: { task: 'leak', fail: true } })
    const done = await stack.settled('demo', id)

    expect(json(done)).toMatchObject({ status: 'FAILED', error: expect.any(String) })
    await expectClean(id, done.text)
  })

  test('in a chunk of a stream: none comes back, each chunk comes once', async () => {
    const id = await stack.submitted('demo', { input: { task: 'stream' } })
    const texts: string[] = []
    for await (const chunk of stack.sdk('demo').stream(id)) texts.push(JSON.stringify(chunk))

    expect(texts.length).toBeGreaterThan(1)
    expect(new Set(texts).size).toBe(texts.length)
    await expectClean(id, texts.join('\n'))
  })

  test('its whole job dict: the s3Config is gone, the rest is there', async () => {
    const input = { task: 'echo', word: 'größer', n: [1, 2, { s: 'x' }] }
    const id = await stack.submitted('demo', { input })
    const done = await stack.settled('demo', id)

    expect(done.text).toContain('größer')
    expect(done.text).not.toContain('s3Config')
    await expectClean(id, done.text)
  })
})

describe('A webhook', () => {
  test('is relayed with webhook and input, without a secret, and the client is asked once', async () => {
    const id = await stack.submitted('demo', {
      input: { task: 'leak', word: 'kept' },
      webhook: hook,
    })
    await expect.poll(() => received.length, { timeout: 30_000 }).toBe(1)
    const [first] = received
    const body: unknown = JSON.parse(first?.body ?? '')

    expect(body).toMatchObject({ id, status: 'COMPLETED', webhook: hook })
    expect(body).toMatchObject({ input: { task: 'leak', word: 'kept' } })
    await expectClean(id, `${first?.body}${first?.headers}`)
  })

  test('that the client refuses comes again, as the platform does', async () => {
    answers = [500, 200]
    const id = await stack.submitted('demo', { input: { task: 'echo' }, webhook: hook })
    await expect.poll(() => received.length, { timeout: 60_000 }).toBe(2)

    expect(received[1]?.body).toContain(id)
    await expectClean(id, `${received[0]?.body}${received[1]?.body}`)
  })

  test('of another job, sent to a sealed address, is refused', async () => {
    const id = await stack.submitted('hand', { input: { a: 1 }, webhook: hook })
    const { webhook } = await stack.platform.job(id)
    const { pathname } = new URL(`${webhook}`)
    const body = JSON.stringify({ id: 'another-u1', status: 'COMPLETED', output: 1 })
    const answer = await stack.call('POST', pathname, { key: '', body })

    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(received).toEqual([])
  })

  test('sent to an address that was not sealed leads nowhere', async () => {
    const answer = await stack.call('POST', '/webhooks/AAAAAAAAAAAAAAAA', { key: '', body: '{}' })

    expect(answer.status).toBe(404)
  })
})

describe("A caller's own s3Config", () => {
  const own = {
    accessId: 'AKIAOWNOWNOWNOWN0001',
    accessSecret: 'own/secret+of/the+caller/0123456789abcdef',
    bucketName: 'own-bucket',
    endpointUrl: 'https://s3.example.com',
  }

  test('reaches the worker untouched, and its secrets do not come back', async () => {
    const id = await stack.submitted('demo', { input: { task: 'echo' }, s3Config: own })
    expect((await stack.platform.job(id)).s3Config).toEqual(own)
    const done = await stack.settled('demo', id)

    expect(
      secretsIn(done.text, { accessId: own.accessId, accessSecret: own.accessSecret }),
    ).toEqual([])
  })

  test('goes on byte for byte beside a staged payload', async () => {
    const text = `{"s3Config" : ${JSON.stringify(own)} ,"input":{"file":"${base64Of(200_000)}"}}`
    const id = await stack.submitted('always', text)
    const job = await stack.platform.job(id)

    expect(job.s3Config).toEqual(own)
  })
})

test('No answer held a secret of any job', async () => {
  const ids = new Set(observed.flatMap(({ text }) => text.match(/[0-9a-f-]{36}-[a-z]\d/g) ?? []))
  for (const id of ids) {
    if ((await stack.platform.job(id).catch(() => undefined)) === undefined) continue
    for (const { path, headers, text } of observed) {
      const where = `in the answer to ${path}`
      const secrets = secretsOf(await stack.platform.job(id))
      expect(secretsIn(`${JSON.stringify(headers)}${text}`, secrets), where).toEqual([])
    }
  }
})
