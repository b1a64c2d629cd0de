import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import { json } from './call.ts'
import { useStack } from './harness.ts'

const key = generateKeyPairSync('ed25519').privateKey
const stack = useStack({
  worker: 'sample',
  config: (document) => ({
    ...document,
    webhooks: { durable: true, pollSeconds: 1, signingKeys: { env: 'WEBHOOK_KEYS' } },
  }),
  env: {
    WEBHOOK_KEYS: `${key.export({ type: 'pkcs8', format: 'pem' })}`.replaceAll('\n', '\\n'),
  },
})

interface Received {
  readonly path: string
  readonly body: string
  readonly headers: IncomingHttpHeaders
}

let receiver: Server
let base: string
let received: Received[]
let answers: number[]

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { headers, url: path = '' } = request
    received.push({ path, body: Buffer.concat(chunks).toString(), headers })
    const status = answers.shift() ?? 200
    if (status === 0) return
    if (status === 302) response.setHeader('location', `${base}/inner`)
    response.statusCode = status
    response.end(status === 201 ? Buffer.alloc(10_000_000) : 'thanks')
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const address = receiver.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')
  base = `http://127.0.0.1:${address.port}`
})
beforeEach(() => {
  received = []
  answers = []
})
afterAll(() => {
  receiver.closeAllConnections()
  receiver.close()
})

/** On Workers a cron trigger looks for what is due: here the test is the clock. */
async function look(): Promise<void> {
  if (stack.runtime === 'workers') await fetch(`${stack.url}/cdn-cgi/handler/scheduled`)
}

async function expectReceived(count: number): Promise<void> {
  const arrived = async () => {
    await look()
    return received.length
  }
  await expect.poll(arrived, { timeout: 40_000, interval: 500 }).toBe(count)
}

const submit = (input: unknown = { task: 'echo', word: 'größer' }) =>
  stack.submitted('demo', { input, webhook: `${base}/hook` })

async function told(): Promise<{ secrets: string[]; publicKeys: string[] }> {
  const answer = await stack.call('GET', '/v2/demo/webhook-secrets')
  expect(answer.status, answer.text).toBe(200)
  return JSON.parse(answer.text)
}

function verified({ body, headers }: Received, secret: string | undefined): unknown {
  const plain = Object.entries(headers).map(([name, value]) => [name, `${value}`])
  return new Webhook(secret ?? '').verify(body, Object.fromEntries(plain))
}

describe('A kept webhook', () => {
  test('is verified by both kinds of signatures', async () => {
    const id = await submit()
    await expectReceived(1)
    const [first] = received
    if (first === undefined) throw new TypeError('Nothing came')
    const { secrets, publicKeys } = await told()
    expect(verified(first, secrets[0])).toMatchObject({ id, status: 'COMPLETED' })

    const { headers, body } = first
    const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
    const signature = / v1a,(\S+)$/.exec(`${headers['webhook-signature']}`)?.[1] ?? ''
    const x = Buffer.from(publicKeys[0]?.slice(5) ?? '', 'base64').toString('base64url')
    const half = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
    expect(half.equals(createPublicKey(key))).toBe(true)
    expect(verify(null, signed, half, Buffer.from(signature, 'base64'))).toBe(true)
  })

  test('of a large result is verified too', async () => {
    await submit({ task: 'echo', word: 'x'.repeat(600_000) })
    await expectReceived(1)
    const { secrets } = await told()
    expect(received[0]?.body.length).toBeGreaterThan(600_000)
    expect(received[0]?.headers['webhook-signature']).not.toContain('v1a,')
    expect(() => received[0] && verified(received[0], secrets[0])).not.toThrow()
  })

  test.each([500, 302, 429])('comes again after a %i, under the same id', async (status) => {
    answers = [status]
    await submit()
    await expectReceived(2)
    expect(received.map(({ path }) => path)).toEqual(['/hook', '/hook'])
    const ids = received.map(({ headers }) => headers['webhook-id'])
    expect(ids[1]).toBe(ids[0])
    const { secrets } = await told()
    for (const one of received) expect(() => verified(one, secrets[0])).not.toThrow()
  })

  test('comes again after a receiver that hangs', async () => {
    answers = [0]
    await submit()
    await expectReceived(2)
  })

  test('that a receiver answers with 10 MB is taken', async () => {
    answers = [201]
    await submit()
    await expectReceived(1)
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    await expectReceived(1)
  })

  test('comes again after the gateway was killed', async () => {
    answers = [500]
    await submit()
    await expectReceived(1)
    await stack.killGateway()
    await stack.startGateway()
    await expectReceived(2)
  })

  test('is sent by one of several instances', async () => {
    const other = await stack.startAnother(await freePorts(1))
    try {
      answers = [500, 500, 500, 500, 500, 500]
      await Promise.all(Array.from({ length: 6 }, () => submit()))
      await expectReceived(12)
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      await look()
      const ids = received.map(({ headers }) => headers['webhook-id'])
      expect(ids).toHaveLength(12)
      expect(new Set(ids).size).toBe(6)
    } finally {
      await other.stop()
    }
  })

  test('is given up after a 410, and sent when its owner asks', async () => {
    answers = [410]
    const id = await submit()
    await expectReceived(1)
    await new Promise((resolve) => setTimeout(resolve, 7_000))
    await expectReceived(1)

    const path = `/v2/demo/jobs/${id}/webhook/redeliver`
    const other = await stack.call('POST', path, { key: 'rpa_of-another' })
    expect(other.status).toBe(404)
    const answer = await stack.call('POST', path)
    expect(answer.status, answer.text).toBe(200)
    expect(json(answer)).toEqual({
      id: received[0]?.headers['webhook-id'],
      delivered: true,
      status: 200,
    })
    expect(received).toHaveLength(2)
    expect(received[1]?.body).toBe(received[0]?.body)
  })
})

test('A webhook to an inner address is refused, in every spelling', async () => {
  for (const webhook of [
    'https://169.254.169.254/latest/meta-data',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://0x0a.1/',
    'http://client.example/',
  ]) {
    const answer = await stack.submit('demo', { input: { a: 1 }, webhook })
    expect([answer.status, json(answer)['code']]).toEqual([400, 'webhook_refused'])
  }
  expect(received).toEqual([])
})

test('Nothing of it is left when its days are over', async () => {
  await stack.expectNothingLeft()
})
