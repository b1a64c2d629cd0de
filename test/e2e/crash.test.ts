import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useStack } from './harness.ts'
import { base64Of } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({ worker: 'none', webhookDelayMs: 4_000 })

let client: Server
let hook: string
const received: string[] = []

beforeAll(async () => {
  client = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push(Buffer.concat(chunks).toString())
    response.end('thanks')
  })
  client.listen(0, '127.0.0.1')
  await once(client, 'listening')
  const address = client.address()
  if (address === null || typeof address === 'string') throw new TypeError('No port')
  hook = `http://127.0.0.1:${address.port}/hook?token=of-the-client`
})

afterAll(() => {
  client.closeAllConnections()
  client.close()
})

test('A crash between submit and binding: the webhook binds the job, its status is scrubbed', async () => {
  const held = stack.upstream.fault({ path: /\/run$/, fault: { kind: 'hold' } })
  const call = stack.open('POST', '/v2/always/run', {
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  await call.write(JSON.stringify({ input: { file: base64Of(200_000) }, webhook: hook }))
  const lost = call.end()
  lost.catch(() => {})
  await held.struck
  await stack.killGateway()
  held.release()
  await expect(lost).rejects.toThrow()

  const job = await stack.platform.take('always')
  const secrets = secretsOf(job)
  expect(Object.keys(secrets)).toEqual(['accessId', 'accessSecret', 'webhook'])
  await stack.startGateway()
  await stack.platform.finish('always', job.id, { output: { job, at: 'kept' } })
  await expect.poll(() => received.length, { timeout: 60_000 }).toBe(1)
  const done = await stack.call('GET', `/v2/always/status/${job.id}`)

  expect(done.text).toContain('kept')
  expect(secretsIn(done.text, secrets)).toEqual([])
  expect(secretsIn(received[0] ?? '', secrets)).toEqual([])
  expect(received[0]).toContain(job.id)
})

test('A crash in the middle of a payload leaves nothing that the sweep does not remove', async () => {
  const call = stack.open('POST', '/v2/always/run', {
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  await call.write(`{"input":{"a":"${base64Of(200_000)}","b":"`)
  await expect.poll(() => stack.bucket.fileKeys()).not.toHaveLength(0)
  await stack.killGateway()
  await expect(call.answer).rejects.toThrow()
  await stack.startGateway()

  await stack.expectNothingLeft()
})
