import { beforeEach, describe, expect, test } from 'vitest'
import { addItems } from '../../../src/flows/batch/add-items.ts'
import type { Deps } from '../../../src/flows/deps.ts'
import { submitOpenai } from '../../../src/flows/openai/submit-openai.ts'
import { readJob } from '../../../src/flows/read-job.ts'
import { submitJob } from '../../../src/flows/submit-job.ts'
import { sweepAll } from '../../../src/flows/sweep-all.ts'
import { answer } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

const secret = { env: 'ANY' }
const keys = { accessKeyId: secret, secretAccessKey: secret }
const volume = { kind: 'runpod-volume', bucket: 'vol1', dataCenterId: 'EU-RO-1', ...keys }
const documents = {
  stores: {
    main: { kind: 's3', endpoint: 'https://s.example', region: 'auto', bucket: 'bucket', ...keys },
    turns: { ...volume, exclusive: true },
    free: { ...volume, bucket: 'vol2' },
    both: {
      ...{ ...volume, bucket: 'vol3', exclusive: true },
      replicas: [{ bucket: 'vol1', dataCenterId: 'US-KS-2' }],
    },
  },
  endpoints: {
    '*': { upstream: 'https://upstream.example/v2' },
    writer: { store: 'turns', access: 'volume', as: 'path', sessions: { waitSeconds: 0 } },
    other: { store: 'turns', access: 'volume', as: 'path', sessions: { waitSeconds: 0 } },
    reader: { store: 'turns', access: 'volume', as: 'path', volumeWrites: false },
    both: { store: 'both', access: 'volume', as: 'path', sessions: { waitSeconds: 0 } },
    free: { store: 'free', access: 'volume', as: 'path', sessions: {} },
  },
}
const json = { 'content-type': 'application/json' }
let gateway: FakeGateway
let jobs: number

beforeEach(() => {
  gateway = fakeGateway(documents)
  jobs = 0
  gateway.upstream = ({ url }) =>
    /\/run(sync)?$/.test(url)
      ? answer(200, `{"id":"job-${++jobs}","status":"IN_QUEUE"}`, json)
      : answer(200, '{"id":"job-1","status":"COMPLETED"}', json)
})

async function submit(
  endpointId: string,
  input: unknown = {},
  headers: Record<string, string> = {},
  deps: Deps = gateway.deps,
) {
  const call = callOf(endpointId, JSON.stringify({ input }), headers)
  return await readReply(await submitJob(deps, call, 'run'))
}
const taken = () => {
  const last = gateway.sent.findLast(({ url }) => url.endsWith('/run'))
  return JSON.parse(new TextDecoder().decode(last?.body))
}

describe('an exclusive volume', () => {
  test('is one in every store that has it', async () => {
    await submit('writer')
    await expect(submit('both')).rejects.toMatchObject({ code: 'volume_busy' })
    const held = [...gateway.store.objects.keys()].filter((key) => key.startsWith('leases/'))
    expect(held).toEqual(['leases/volumes/vol1'])
  })

  test('is written to by one job at a time, of whichever endpoint and caller', async () => {
    await submit('writer')
    const others = { authorization: 'Bearer another-key' }
    for (const [endpointId, headers] of [
      ['writer', {}],
      ['other', {}],
      ['other', others],
    ] as const) {
      await expect(submit(endpointId, {}, headers)).rejects.toMatchObject({
        code: 'volume_busy',
        detail: expect.stringContaining('may write to the volume'),
        facts: { retryAfterSeconds: 10 },
      })
    }
    expect(jobs).toBe(1)
  })

  test('is read meanwhile by those who only read', async () => {
    await submit('writer')
    await submit('reader')
    await submit('reader')
    expect(jobs).toBe(3)
    await expect(submit('writer')).rejects.toMatchObject({ code: 'volume_busy' })
  })

  test('is the next job’s when the one before is over', async () => {
    await submit('writer')
    await readReply(
      await readJob(gateway.deps, { ...callOf('writer'), method: 'GET' }, 'status', 'job-1'),
    )
    await submit('other')
    expect(jobs).toBe(2)
  })

  test('is nobody’s whose session is not free: that is given back', async () => {
    const session = { 'bulkway-session': 'run-42' }
    await submit('other')
    await expect(submit('writer', {}, session)).rejects.toMatchObject({ code: 'volume_busy' })
    await readReply(
      await readJob(gateway.deps, { ...callOf('other'), method: 'GET' }, 'status', 'job-1'),
    )
    await submit('writer', {}, session)
    expect(jobs).toBe(2)
  })

  test('is not asked about with the key of a stranger, who would hear that there is no such job', async () => {
    let now = gateway.clock.now
    const deps: Deps = {
      ...gateway.deps,
      platform: {
        ...gateway.deps.platform,
        now: () => now,
        async wait(ms) {
          now += ms
        },
      },
    }
    await submit('writer')
    const waiting = fakeGateway({
      ...documents,
      endpoints: { ...documents.endpoints, other: { ...documents.endpoints.other, sessions: {} } },
    })
    const patient = { ...deps, config: waiting.deps.config }
    const others = { authorization: 'Bearer another-key' }
    await expect(submit('other', {}, others, patient)).rejects.toMatchObject({
      code: 'volume_busy',
    })
    expect(gateway.sent.filter(({ url }) => url.includes('/status/'))).toEqual([])
    // The same caller may: it hears that the job is over.
    await submit('other', {}, {}, patient)
    expect(gateway.sent.filter(({ url }) => url.includes('/status/'))).toHaveLength(1)
  })

  test('cannot be written to by what has no end that is heard of', async () => {
    const refused = { code: 'invalid_request', detail: expect.stringContaining('volumeWrites') }
    const call = (text: string) => callOf('writer', text, json)
    await expect(addItems(gateway.deps, call('[{"input":{}}]'), 'batch')).rejects.toMatchObject(
      refused,
    )
    await expect(
      submitOpenai(gateway.deps, call('{}'), 'openai/v1/chat/completions'),
    ).rejects.toMatchObject(refused)
    expect(jobs).toBe(0)
  })
})

describe('a volume', () => {
  test('that is not exclusive has as many writers as it likes', async () => {
    await submit('free')
    await submit('free')
    expect(jobs).toBe(2)
  })

  test('shows a session and the outputs as paths, without a slash at their end', async () => {
    const input = {
      a: 'bulkway:session',
      b: 'bulkway:session/x',
      c: 'bulkway:output',
      d: 'bulkway:output/y',
    }
    await submit('free', input, { 'bulkway-session': 'run-42' })
    const grant = await gateway.deps.grants.find('free', 'job-1')
    const session = grant?.mounts.find(({ path }) => path === 'session/')?.key.slice(0, -1)
    const output = `${grant?.day}/${grant?.grantId}/out`
    const root = '/runpod-volume/bulkway/'
    expect(session).toMatch(/^sessions\/[0-9a-f]{32}\/free\/run-42$/)
    expect(taken()).toEqual({
      input: {
        a: `${root}${session}`,
        b: `${root}${session}/x`,
        c: `${root}${output}`,
        d: `${root}${output}/y`,
      },
      webhook: expect.any(String),
    })
  })
})

test('the sweep of everything removes sessions, too', async () => {
  await submit('free', {}, { 'bulkway-session': 'run-42' })
  const grant = await gateway.deps.grants.find('free', 'job-1')
  const prefix = grant?.mounts.find(({ path }) => path === 'session/')?.key ?? ''
  await gateway.store.put(`${prefix}ckpt`, new Uint8Array(1))
  const files = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('sessions/'))
  const days = 86_400_000
  gateway.clock.now += 30 * days
  await sweepAll(gateway.deps, { limit: 1000 })
  expect(files()).toHaveLength(1)
  gateway.clock.now += 2 * days
  expect(await sweepAll(gateway.deps, { limit: 1000 })).toMatchObject({ faults: 0, done: true })
  expect([...gateway.store.objects.keys()]).toEqual([])
})
