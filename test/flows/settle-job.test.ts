import { beforeEach, describe, expect, test } from 'vitest'
import type { Deps } from '../../src/flows/deps.ts'
import { retryJob } from '../../src/flows/retry-job.ts'
import { dropJob, settleJob } from '../../src/flows/settle-job.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { NotSent } from '../../src/platform.ts'
import { dueKey, grantKey, inputPrefix, jobKey, outputPrefix } from '../../src/store/keys.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'

const hourMs = 3_600_000
let gateway: FakeGateway
let deps: Deps
let grant: Grant

beforeEach(async () => {
  gateway = fakeGateway()
  deps = gateway.deps
  const now = gateway.clock.now
  const day = '2026-11-30'
  const grantId = deps.grants.newId(day)
  grant = {
    grantId,
    kid: 'k1',
    day,
    endpointId: 'demo',
    storeId: 'main',
    owner: 'k:1',
    state: 'active',
    createdAt: now,
    writeExpiresAt: now + hourMs,
    readExpiresAt: now + 2 * hourMs,
    mounts: [
      { path: 'in/', key: inputPrefix({ day, grantId }), mode: 'read' },
      { path: '', key: outputPrefix({ day, grantId }), mode: 'read-write' },
    ],
    secrets: [],
  }
  await deps.grants.seal(grant)
  await deps.grants.bind('demo', 'job-1', grantId)
  await gateway.store.put(`${inputPrefix(grant)}0-a.bin`, new Uint8Array(3))
  gateway.clock.now += 60_000
})

async function settle(status: string, from: Deps = deps): Promise<void> {
  const seen = await from.grants.find('demo', 'job-1')
  if (seen === undefined) throw new Error('no grant')
  await settleJob(from, seen, status)
}

const stored = async () => await gateway.another().grants.read(grant.grantId)
const retry = (from: Deps = deps) => retryJob(from, callOf('demo', '{}'), 'job-1')
const markers = () => [...gateway.store.objects.keys()].filter((key) => key.startsWith('due/'))

describe('settling a job', () => {
  test.each([
    ['COMPLETED', 'ended'],
    ['CANCELLED', 'ended'],
    ['FAILED', 'suspended'],
    ['TIMED_OUT', 'suspended'],
    ['IN_QUEUE', 'active'],
    ['IN_PROGRESS', 'active'],
    ['constructor', 'active'],
  ])('leaves the grant of a %s job %s', async (status, state) => {
    await settle(status)
    expect((await stored())?.state).toBe(state)
    expect(markers()).toHaveLength(state === 'active' ? 0 : 1)
  })

  test('marks the inputs as due after the grace, and after the time for a retry too if it failed', async () => {
    const graceMs = (deps.config.endpoint('demo')?.graceSeconds ?? 0) * 1000
    await settle('FAILED')
    const failed = dueKey(gateway.clock.now + graceMs + 30 * 60_000, grant.grantId)
    expect(markers()).toEqual([failed])
    await settle('COMPLETED')
    const completed = dueKey(gateway.clock.now + graceMs, grant.grantId)
    expect(markers().sort()).toEqual([...new Set([completed, failed])].sort())
    const text = gateway.store.objects.get(completed)?.bytes
    expect(new TextDecoder().decode(text)).toBe(String(grant.writeExpiresAt))
  })

  test('writes once, however often the end is seen', async () => {
    await settle('COMPLETED')
    const writes: string[] = []
    gateway.store.before = (line) => void (line.startsWith('put') && writes.push(line))
    await settle('COMPLETED')
    await settle('FAILED')
    expect(writes).toEqual([])
  })

  test('never takes back that a grant has ended', async () => {
    const other = gateway.another()
    await other.grants.find('demo', 'job-1')
    await settle('COMPLETED')
    await settle('FAILED', other)
    expect((await stored())?.state).toBe('ended')
  })

  test('fails when the state store is gone: the answer waits for the grant to end', async () => {
    gateway.store.before = () => {
      throw new Error('gone')
    }
    await expect(settle('COMPLETED')).rejects.toThrow()
  })

  test('ends the grant of a completed job also where the copy at hand is of the run before', async () => {
    const other = gateway.another()
    await other.grants.find('demo', 'job-1')
    await settle('FAILED')
    await retry()
    await settle('COMPLETED', other)
    expect((await stored())?.state).toBe('ended')
  })

  test('suspends the grant again when the retried job fails, though the copy at hand says it is', async () => {
    const other = gateway.another()
    await settle('FAILED')
    await other.grants.find('demo', 'job-1')
    await retry()
    gateway.clock.now += 5_000
    await settle('FAILED', other)
    gateway.clock.now += 10_000
    await settle('FAILED', other)
    expect((await stored())?.state).toBe('suspended')
  })
})

describe('a job that never came to be', () => {
  test('leaves no file, no grant and no record', async () => {
    await gateway.store.put(`${outputPrefix(grant)}out.bin`, new Uint8Array(3))
    await gateway.store.put('2026-11-30/other/in/0-a.bin', new Uint8Array(3))
    const bound = await deps.grants.find('demo', 'job-1')
    if (bound === undefined) throw new Error('no grant')
    await dropJob(deps, bound)
    expect([...gateway.store.objects.keys()]).toEqual(['2026-11-30/other/in/0-a.bin'])
  })
})

describe('retrying a job', () => {
  test('wakes a suspended grant, before upstream hears of it', async () => {
    await settle('FAILED')
    let state: string | undefined
    gateway.upstream = async () => {
      state = (await stored())?.state
      return answer(200, '{"id":"job-1","status":"IN_QUEUE"}')
    }
    const reply = await retry()
    expect(reply.status).toBe(200)
    expect(state).toBe('active')
    expect((await stored())?.writeExpiresAt).toBe(gateway.clock.now + hourMs)
    expect(gateway.sent.at(-1)?.url).toBe('https://upstream.example/v2/demo/retry/job-1')
  })

  test('gives every run the time of the first', async () => {
    for (let run = 0; run < 3; run++) {
      await settle('FAILED')
      gateway.clock.now += 600_000
      await retry()
      expect((await stored())?.writeExpiresAt).toBe(gateway.clock.now + hourMs)
      expect((await stored())?.readExpiresAt).toBe(gateway.clock.now + 2 * hourMs)
    }
  })

  test('promises nothing beyond the day of the grant', async () => {
    await settle('FAILED')
    gateway.clock.now = Date.parse('2026-11-30T23:30:00Z')
    await retry()
    expect((await stored())?.writeExpiresAt).toBe(Date.parse('2026-11-30T23:59:59.999Z'))
  })

  test('does not let a status of the run before suspend the new one', async () => {
    const seen = await deps.grants.find('demo', 'job-1')
    if (seen === undefined) throw new Error('no grant')
    await settle('FAILED')
    await retry()
    await settleJob(deps, seen, 'FAILED')
    expect((await stored())?.state).toBe('active')
  })

  test('does not let a status of the run before suspend the new one at the end of the day', async () => {
    await settle('FAILED')
    gateway.clock.now = Date.parse('2026-11-30T23:30:00Z')
    await retry()
    const seen = await deps.grants.find('demo', 'job-1')
    if (seen === undefined) throw new Error('no grant')
    await settle('FAILED')
    gateway.clock.now += 60_000
    await retry()
    await settleJob(deps, seen, 'FAILED')
    expect((await stored())?.state).toBe('active')
  })

  test('is refused when the job has ended, and upstream is not asked', async () => {
    await settle('COMPLETED')
    await expect(retry()).rejects.toMatchObject({ code: 'retry_impossible' })
    expect(gateway.sent).toEqual([])
  })

  test('is refused when another instance has ended the job a moment ago', async () => {
    const other = gateway.another()
    await settle('FAILED')
    await other.grants.find('demo', 'job-1')
    await settle('CANCELLED')
    await expect(retry(other)).rejects.toMatchObject({ code: 'retry_impossible' })
    expect((await stored())?.state).toBe('ended')
  })

  test('wakes what another instance has suspended a moment ago', async () => {
    const other = gateway.another()
    await other.grants.find('demo', 'job-1')
    await settle('FAILED')
    await retry(other)
    expect((await stored())?.state).toBe('active')
  })

  test('is refused when the inputs are gone', async () => {
    await settle('FAILED')
    await gateway.store.delete(`${inputPrefix(grant)}0-a.bin`)
    await expect(retry()).rejects.toMatchObject({ code: 'retry_impossible' })
    expect((await stored())?.state).toBe('suspended')
  })

  test('suspends the grant again when upstream refuses', async () => {
    await settle('FAILED')
    gateway.upstream = () => answer(400, '{"error":"cannot retry"}')
    expect((await retry()).status).toBe(400)
    expect((await stored())?.state).toBe('suspended')
  })

  test('suspends the grant again when upstream could not be reached', async () => {
    await settle('FAILED')
    gateway.upstream = () => Promise.reject(new NotSent('refused'))
    await expect(retry()).rejects.toMatchObject({ code: 'upstream_unreachable' })
    expect((await stored())?.state).toBe('suspended')
  })

  test('leaves the grant awake when nobody knows whether upstream took the retry', async () => {
    await settle('FAILED')
    gateway.upstream = () => Promise.reject(new Error('reset'))
    await expect(retry()).rejects.toMatchObject({ code: 'upstream_unreachable' })
    expect((await stored())?.state).toBe('active')
    gateway.clock.now += 10_000
    await settle('FAILED')
    expect((await stored())?.state).toBe('suspended')
  })

  test('never takes back that a grant has ended while upstream was asked', async () => {
    await settle('FAILED')
    gateway.upstream = async () => {
      await settle('CANCELLED', gateway.another())
      return answer(400, '{"error":"cancelled"}')
    }
    await retry()
    expect((await stored())?.state).toBe('ended')
  })

  test('of a job that has no grant passes as it is', async () => {
    await retryJob(deps, callOf('demo', '{}'), 'job-2')
    expect(gateway.sent.map(({ url }) => url)).toEqual([
      'https://upstream.example/v2/demo/retry/job-2',
    ])
    expect(gateway.store.objects.has(jobKey('demo', 'job-2'))).toBe(false)
    expect(gateway.store.objects.has(grantKey(grant))).toBe(true)
  })
})
