import { beforeEach, describe, expect, test } from 'vitest'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

let gateway: FakeGateway

beforeEach(() => {
  gateway = fakeGateway()
})

const removals = () =>
  gateway.logged
    .filter(({ event }) => event === 'secret_removed')
    .map((event) => `${event['kind']} ${event['form']} ${event['endpoint']}`)

describe('a removed secret', () => {
  test('is logged once an answer for each kind and form, however often it was there', async () => {
    await readReply(await submitJob(gateway.deps, callOf('demo', '{"input":{}}'), 'run'))
    const { s3Config } = JSON.parse(Buffer.from(gateway.sent.at(-1)?.body ?? []).toString())
    const hex = Buffer.from(s3Config.accessSecret).toString('hex')
    const output = Array.from({ length: 500 }, () => [s3Config.accessSecret, hex])
    const body = JSON.stringify({ id: 'job-1', status: 'IN_PROGRESS', output })
    gateway.upstream = () => answer(200, body, { 'content-type': 'application/json' })
    const call = { ...callOf('demo'), method: 'GET' }

    const expected = ['access secret hex demo', 'access secret raw demo']
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    expect(removals().sort()).toEqual(expected)
    await readReply(await readJob(gateway.deps, call, 'status', 'job-1'))
    expect(removals().sort()).toEqual([...expected, ...expected].sort())
    expect(JSON.stringify(gateway.logged)).not.toContain(s3Config.accessSecret)
  })
})
