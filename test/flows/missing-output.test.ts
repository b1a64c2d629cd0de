import { beforeEach, describe, expect, test } from 'vitest'
import { type JobOperation, readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

let gateway: FakeGateway
const json = { 'content-type': 'application/json' }

beforeEach(() => {
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      plain: { as: 'key', s3Config: 'always' },
      demo: { as: 'key', outputs: 'link' },
    },
  })
})

const missing = () => gateway.logged.filter(({ event }) => event === 'output_missing')

async function submitted(endpointId: string): Promise<void> {
  await readReply(await submitJob(gateway.deps, callOf(endpointId, '{"input":{}}'), 'run'))
}

async function read(endpointId: string, operation: JobOperation, body: string): Promise<string> {
  gateway.upstream = () => answer(200, body, json)
  const call = { ...callOf(endpointId), method: 'GET' }
  return await readReply(await readJob(gateway.deps, call, operation, 'job-1'))
}

describe('COMPLETED without an output', () => {
  const body = '{"delayTime":1,"id":"job-1","status":"COMPLETED"}'

  test.each(['status', 'status-sync'] as const)(
    'gets an error that says why, by %s',
    async (how) => {
      await submitted('demo')
      const text = await read('demo', how, body)
      expect(text).toMatch(
        /^\{"delayTime":1,"id":"job-1","status":"COMPLETED","error":"The job completed without an output: [^"]+"\}$/,
      )
      expect(missing()).toEqual([{ event: 'output_missing', endpoint: 'demo' }])
    },
  )

  test('gets it by runsync', async () => {
    gateway.upstream = () => answer(200, body, json)
    const reply = await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'runsync')
    expect(JSON.parse(await readReply(reply)).error).toMatch(/^The job completed without/)
  })

  test.each([
    '{"id":"job-1","status":"COMPLETED","output":[]}',
    '{"id":"job-1","status":"COMPLETED","error":"already"}',
    '{"id":"job-1","status":"IN_PROGRESS"}',
    '{"id":"job-1","status":"FAILED"}',
    '{"error":"job not found"}',
  ])('is told of nothing else: %s', async (other) => {
    await submitted('demo')
    expect(await read('demo', 'status', other)).toBe(other)
    expect(missing()).toEqual([])
  })

  test('is as it is where no outputs are declared, and in a stream', async () => {
    await submitted('plain')
    expect(await read('plain', 'status', body)).toBe(body)
    gateway.upstream = () => answer(200, '{"id":"job-1","status":"IN_QUEUE"}', json)
    await submitted('demo')
    const stream = '{"status":"COMPLETED","stream":[]}'
    expect(await read('demo', 'stream', stream)).toBe(stream)
  })
})
