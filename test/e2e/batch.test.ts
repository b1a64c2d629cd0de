import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { type Answer, json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'
import { secretsOf } from './platform-view.ts'
import { secretsIn } from './secret-forms.ts'

const stack = useStack({ worker: 'sample' })

const received: string[] = []
const client = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request) text += chunk
  received.push(text)
  response.end()
})
client.listen(0, '127.0.0.1')
await once(client, 'listening')
const hook = `http://127.0.0.1:${(client.address() as AddressInfo).port}/hook?token=of-the-client`

afterAll(() => {
  client.closeAllConnections()
  client.close()
})

async function good(method: string, path: string, body?: unknown): Promise<Answer> {
  const text = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await stack.call(method, `/v2/demo/batch${path}`, text)
  expect(answer.status, answer.text).toBe(200)
  return answer
}

/** Waits until every request of a batch is over; gives the summary. */
async function settled(batchId: string): Promise<Record<string, unknown>> {
  const left = async () => {
    const batch = json(await good('GET', `/${batchId}`))
    const over = Number(batch['requestCompleted']) + Number(batch['requestFailed'])
    return Number(batch['requestTotal']) - over
  }
  await expect.poll(left, { timeout: 60_000 }).toBe(0)
  return json(await good('GET', `/${batchId}`))
}

interface Listed {
  readonly id: string
  readonly status: string
  readonly output?: Readonly<Record<string, unknown>>
}

async function listed(batchId: string): Promise<{ text: string; requests: Listed[] }> {
  const { text } = await good('GET', `/${batchId}/requests?offset=0&limit=100`)
  return { text, requests: JSON.parse(text).requests }
}

describe('A batch', () => {
  test('of requests with files of any size runs as jobs do, and no answer about it has a secret', async () => {
    const file = bytesOf(12_000_000)
    const image = file.toString('base64')
    const created = json(
      await good('POST', '', [
        { input: { task: 'leak' } },
        { input: { task: 'leak', fail: true } },
        { input: { task: 'digest', image } },
      ]),
    )
    const { id } = created
    expect(created).toEqual({ id: expect.stringMatching(/^batch_/), status: 'DRAFT' })
    const added = { requests: [{ input: { task: 'digest', image } }, { input: { task: 'leak' } }] }
    await good('POST', `/${id}/requests`, added)
    expect(json(await good('PUT', `/${id}`, { name: 'nightly' }))).toMatchObject({
      name: 'nightly',
    })
    expect((await good('GET', '')).text).toContain('"name":"nightly"')
    await good('POST', `/${id}/finalize`)
    expect(await settled(`${id}`)).toMatchObject({ requestCompleted: 4, requestFailed: 1 })

    const { text, requests } = await listed(`${id}`)
    expect(requests).toHaveLength(5)
    expect(text).toContain('****')
    const accessIds = new Set<string>()
    for (const request of requests) {
      const job = await stack.platform.job(request.id)
      expect(secretsIn(text, secretsOf(job)), request.id).toEqual([])
      accessIds.add(job.s3Config?.accessId ?? '')
      const status = await stack.call('GET', `/v2/demo/status/${request.id}`)
      expect(status.status).toBe(200)
      expect(secretsIn(status.text, secretsOf(job)), request.id).toEqual([])
    }
    // Each has keys of its own.
    expect(accessIds.size).toBe(5)
    const sha256 = createHash('sha256').update(file).digest('hex')
    const digests = requests.filter(({ output }) => JSON.stringify(output)?.includes(sha256))
    expect(digests).toHaveLength(2)
  })

  test("tells a client's own webhook, scrubbed, and not where it is", async () => {
    const item = { input: { task: 'leak' }, webhook: hook }
    const { id } = json(await good('POST', '', [item]))
    // So soon after its request nobody could say whose a webhook is.
    await new Promise((resolve) => setTimeout(resolve, 5500))
    await good('POST', `/${id}/finalize`)
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1)
    const { text, requests } = await listed(`${id}`)
    const job = await stack.platform.job(requests[0]?.id ?? '')
    expect(secretsIn(`${received[0]}${text}`, secretsOf(job))).toEqual([])
    expect(JSON.parse(received[0] ?? '')).toMatchObject({ id: job.id, status: 'COMPLETED' })
    // Bound by its webhook: its status is cleaned as every job's.
    const status = await stack.call('GET', `/v2/demo/status/${job.id}`)
    expect(secretsIn(status.text, secretsOf(job))).toEqual([])
  })

  test('can be changed while it is a draft, and cancelled', async () => {
    const { id } = json(await good('POST', '', []))
    await good('POST', `/${id}/requests`, {
      requests: [{ input: { task: 'leak' } }, { input: { task: 'leak' } }],
    })
    const { requests } = await listed(`${id}`)
    await good('DELETE', `/${id}/requests/${requests[0]?.id}`)
    expect((await listed(`${id}`)).requests).toHaveLength(1)
    expect(json(await good('POST', `/${id}/cancel`))).toMatchObject({ status: 'CANCELLED' })
    const refused = await stack.call('POST', `/v2/demo/batch/${id}/finalize`)
    expect({ status: refused.status, body: json(refused) }).toEqual({
      status: 400,
      body: { error: 'batch is not a draft' },
    })
    expect((await stack.call('GET', '/v2/demo/batch/batch_none')).status).toBe(404)
  })

  test('leaves nothing behind once its day is over', async () => {
    await stack.expectNothingLeft()
  })
})
