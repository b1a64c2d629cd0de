import { beforeEach, describe, expect, test } from 'vitest'
import { listRequests } from '../../src/flows/list-requests.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const json = { 'content-type': 'application/json' }
let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

/** Submits a job with a webhook of its own; gives what its worker and the platform were told. */
async function submit(jobId: string) {
  gateway.upstream = () => answer(200, `{"id":"${jobId}","status":"IN_QUEUE"}`, json)
  const body = `{"input":{},"webhook":"https://client.example/${jobId}?a=1"}`
  await readReply(await submitJob(gateway.deps, callOf('demo', body), 'run'))
  const sent = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
  return { s3Config: sent.s3Config, webhook: String(sent.webhook) }
}

function list(listing: unknown) {
  const text = typeof listing === 'string' ? listing : JSON.stringify(listing)
  gateway.upstream = () => answer(200, text, { ...json, 'content-length': String(text.length) })
  return listRequests(gateway.deps, { ...callOf('demo'), method: 'GET' })
}

const state = async (jobId: string) => (await gateway.another().grants.find('demo', jobId))?.state

describe('the listing of jobs', () => {
  test('comes without the secrets of every job in it, each with its own webhook', async () => {
    const [one, two] = [await submit('job-1'), await submit('job-2')]
    const foreign = { id: 'job-3', status: 'COMPLETED', output: { n: 1 } }
    const reply = await list({
      requests: [
        { id: 'job-1', status: 'COMPLETED', input: { s3Config: one.s3Config }, ...one },
        { id: 'job-2', status: 'IN_PROGRESS', ...two, output: [two.s3Config.accessSecret] },
        { ...foreign, crossed: [one.s3Config.accessId, one.webhook.split('/').at(-1)] },
      ],
    })
    const text = await readReply(reply)
    for (const { s3Config, webhook } of [one, two]) {
      expect(text).not.toContain(s3Config.accessSecret)
      expect(text).not.toContain(s3Config.accessId)
      expect(text).not.toContain(webhook.split('/').at(-1))
    }
    expect(text).not.toContain('s3Config')
    expect(JSON.parse(text).requests).toMatchObject([
      { id: 'job-1', input: {}, webhook: 'https://client.example/job-1?a=1' },
      { id: 'job-2', webhook: 'https://client.example/job-2?a=1' },
      foreign,
    ])
    expect(reply.headers.has('content-length')).toBe(false)
  })

  test('has ended the grants of the completed jobs before it is answered', async () => {
    for (const jobId of ['job-1', 'job-2', 'job-3']) await submit(jobId)
    await list({
      requests: [
        { id: 'job-1', status: 'COMPLETED' },
        { id: 'job-2', status: 'IN_PROGRESS' },
        { id: 'job-3', status: 'CANCELLED' },
      ],
    })
    expect(await state('job-1')).toBe('ended')
    expect(await state('job-2')).toBe('active')
    expect(await state('job-3')).toBe('ended')
  })

  test('is no answer when a grant cannot be ended', async () => {
    await submit('job-1')
    gateway.store.before = (line) => {
      if (line.startsWith('put ')) throw unavailable()
    }
    await expect(list([{ id: 'job-1', status: 'COMPLETED' }])).rejects.toMatchObject({
      code: 'store_unavailable',
    })
  })

  test('is a 502 when it is larger than what can be cleaned', async () => {
    const most = 16 * 1024 * 1024
    expect((await list(' '.repeat(most))).status).toBe(200)
    await expect(list(' '.repeat(most + 1))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
  })

  test('is a 502 when it is compressed', async () => {
    gateway.upstream = () => answer(200, 'zip', { ...json, 'content-encoding': 'gzip' })
    const call = { ...callOf('demo'), method: 'GET' }
    await expect(listRequests(gateway.deps, call)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    })
  })

  test.each([
    ' {"requests" : [ {"id":"job-9","status":"COMPLETED" ,"n":-0,"s3Config":{"a":1}}]}\n',
    '[{"id":"../job-9"},{"id":7},null]',
    '<html>no listing</html>',
    '',
  ])('without jobs of the gateway passes byte for byte: %j', async (text) => {
    await submit('job-1')
    const reply = await list(text)
    expect(await readReply(reply)).toBe(text)
    expect(reply.headers.get('content-length')).toBe(String(text.length))
  })
})
