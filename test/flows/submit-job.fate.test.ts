import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Call } from '../../src/flows/deps.ts'
import { readJob } from '../../src/flows/read-job.ts'
import { submitJob } from '../../src/flows/submit-job.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { dueKey, readDueKey, readGrantKey } from '../../src/store/keys.ts'
import { answer, unavailable } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const upstream = 'https://upstream.example/v2'
const body = `{"input":{"file":"${'QUJD'.repeat(25_000)}"},"policy":{"ttl":3600000}}`
let gateway: FakeGateway

beforeEach(() => {
  const demo = { as: 'key', s3Config: 'always', stage: 'always' }
  gateway = fakeGateway({ endpoints: { '*': { upstream, store: 'main' }, plain: {}, demo } })
})

/** Answers `run`; the key of the caller is proven. */
function upstreamRuns(run: () => ReturnType<FakeGateway['upstream']>): void {
  gateway.upstream = ({ url }) => (url.endsWith('/run') ? run() : answer(200, '{}'))
}

const submit = (call: Call = callOf('demo', body)) => submitJob(gateway.deps, call, 'run')
const keys = () => [...gateway.store.objects.keys()]
const inputs = () => keys().filter((key) => key.includes('/in/'))

/** The one grant that there is. */
async function storedGrant() {
  const found = keys().flatMap((key) => readGrantKey(key)?.grantId ?? [])
  expect(found).toHaveLength(1)
  const grant = await gateway.another().grants.read(found[0] ?? '')
  if (grant === undefined) throw new Error('no grant')
  return grant
}

async function sweep(now: number) {
  const { grants, log } = gateway.another()
  gateway.clock.now = now
  const state = gateway.store
  return await sweepDue({ stores: new Map([['main', state]]), state, grants, now, log, limit: 100 })
}

describe('an answer to a submit that names no job', () => {
  test.each([
    ['{"status":"IN_QUEUE"}', 'application/json'],
    ['{"id":7,"status":"IN_QUEUE"}', 'application/json'],
    ['[]', 'application/json'],
    ['', 'application/json'],
    ['<html>Welcome</html>', 'text/html'],
  ])('is refused before a byte of it is answered, and the grant stays: %s', async (text, type) => {
    upstreamRuns(() => answer(200, text, { 'content-type': type }))
    await expect(submit()).rejects.toMatchObject({
      code: 'job_not_bound',
      facts: { retryAfterSeconds: 5 },
    })
    expect((await storedGrant()).state).toBe('active')
    expect(inputs()).toHaveLength(1)
    await sweep((await storedGrant()).writeExpiresAt + 60_001)
    expect(inputs()).toEqual([])
  })

  test.each([200, 502])('that breaks off (%i) is a 502, and its job may exist', async (status) => {
    upstreamRuns(async () => {
      const whole = await answer(status, '{"status":')
      let reads = 0
      const read = async () => {
        if (reads++ === 0) return await whole.body.read()
        throw new Error('socket hang up')
      }
      return { ...whole, body: { ...whole.body, read } }
    })
    await expect(submit()).rejects.toMatchObject({ code: 'upstream_unreachable' })
    expect(inputs()).toHaveLength(1)
    await sweep((await storedGrant()).writeExpiresAt + 60_001)
    expect(inputs()).toEqual([])
  })
})

describe('a job of which nobody knows whether it exists', () => {
  test.each([
    ['an error of upstream', () => answer(500, '{"error":"oops"}')],
    ['a bad gateway', () => answer(502, '<html>')],
    ['a redirect', () => answer(302)],
    ['a reset', () => Promise.reject(new Error('reset'))],
  ])('after %s keeps its inputs until no such job can run', async (_, run) => {
    upstreamRuns(run)
    await submit().catch(() => {})
    const { grantId, state, writeExpiresAt } = await storedGrant()
    expect(state).toBe('active')
    const marker = dueKey(writeExpiresAt, grantId)
    expect(keys().filter((key) => key.startsWith('due/'))).toEqual([marker])

    await sweep(writeExpiresAt - 1)
    expect(inputs()).toHaveLength(1)
    const dueAt = readDueKey(marker)?.atMs ?? 0
    expect(await sweep(Math.max(dueAt, writeExpiresAt) + 1)).toMatchObject({ dueInputs: 1 })
    expect(inputs()).toEqual([])
    expect((await storedGrant()).state).toBe('active')
  })

  test.each([400, 403, 404, 422])(
    'is none after a %i: no grant, no file and no marker stay',
    async (status) => {
      upstreamRuns(() => answer(status, '{"error":"no"}'))
      expect(await readReply(await submit())).toBe('{"error":"no"}')
      expect(keys()).toEqual([])
    },
  )
})

describe('a job that is over while the store is down', () => {
  const text = '{"id":"sync-1","status":"COMPLETED","output":{"n":1}}'

  beforeEach(() => {
    gateway.upstream = () => answer(200, text)
  })

  /** The store fails from the moment on in which the job is to be settled, or then alone. */
  function failAtEnd(once = false): void {
    let isDown = false
    gateway.store.before = (line) => {
      isDown ||= line.startsWith('put due/')
      if (!isDown) return
      if (once) gateway.store.before = () => {}
      throw unavailable()
    }
  }

  const runsync = async () => await submitJob(gateway.deps, callOf('demo', body), 'runsync')

  test('is answered: clients would send it, and pay for it, again', async () => {
    failAtEnd()
    const reply = await runsync()
    expect(reply.status).toBe(200)
    expect(await readReply(reply)).toBe(text)
    await gateway.idle()
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({ event: 'settle_failed', endpoint: 'demo' }),
    )
    expect(gateway.sent.filter(({ url }) => url.includes('/cancel/'))).toEqual([])
    gateway.store.before = () => {}
    expect((await gateway.another().grants.find('demo', 'sync-1'))?.state).toBe('active')
  })

  test('is settled by whoever sees it next', async () => {
    failAtEnd()
    await readReply(await runsync())
    gateway.store.before = () => {}
    await readReply(await readJob(gateway.deps, callOf('demo'), 'status', 'sync-1'))
    expect((await storedGrant()).state).toBe('ended')
  })

  test('keeps no input beyond the end of its keys, though nobody sees it', async () => {
    failAtEnd(true)
    await readReply(await runsync())
    await gateway.idle()
    const { state, writeExpiresAt } = await storedGrant()
    expect(state).toBe('active')
    await sweep(writeExpiresAt + 60_001)
    expect(inputs()).toEqual([])
  })

  test('is a 503 where its end cannot be recorded for a status: that may be asked again', async () => {
    gateway.upstream = () => answer(200, '{"id":"sync-1","status":"IN_PROGRESS"}')
    await readReply(await runsync())
    gateway.upstream = () => answer(200, text)
    failAtEnd()
    const asked = readJob(gateway.deps, callOf('demo'), 'status', 'sync-1')
    await expect(asked).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('a body that breaks off', () => {
  test.each([
    ['small', 'plain', 100],
    ['small and looked into', 'demo', 100],
    ['large', 'plain', 1_000_000],
    ['chunked', 'demo', undefined],
  ])('is a fault of the client when it is %s', async (_, endpointId, contentLength) => {
    const call = callOf(endpointId, '{"input":')
    const broken = { ...call.body, read: async () => Promise.reject(new Error('reset')) }
    for (const read of [broken.read, firstThen(call, broken.read)]) {
      const cut: Call = { ...call, contentLength, body: { ...bodyOf(call), read } }
      await expect(submit(cut)).rejects.toMatchObject({ code: 'client_gone' })
    }
    expect(gateway.sent.filter(({ url }) => url.endsWith('/run'))).toEqual([])
    expect(keys()).toEqual([])
  })

  function bodyOf(call: Call) {
    if (call.body === undefined) throw new Error('no body')
    return call.body
  }

  function firstThen(call: Call, fails: () => Promise<never>) {
    return async () => (await bodyOf(call).read()) ?? (await fails())
  }
})

describe('a submit without a body', () => {
  const key = `bw_${'a'.repeat(43)}`

  test('is no JSON, where the gateway answers for its callers', async () => {
    const sha256 = createHash('sha256').update(key).digest('hex')
    gateway = fakeGateway({
      endpoints: { '*': { upstream, store: 'main', upstreamKey: { env: 'ANY' } } },
      auth: { mode: 'keys', keys: [{ name: 'one', sha256, endpoints: ['*'] }] },
    })
    for (const text of [undefined, '']) {
      const call = callOf('any', text, { authorization: `Bearer ${key}` })
      await expect(submit(call)).rejects.toMatchObject({ code: 'invalid_json' })
    }
    expect(gateway.sent).toEqual([])
    expect(keys()).toEqual([])
  })

  test('is for upstream to refuse, where the caller is its own', async () => {
    gateway.upstream = () => answer(400, 'no body')
    expect(await readReply(await submit(callOf('plain')))).toBe('no body')
  })
})
