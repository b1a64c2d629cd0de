import { beforeEach, describe, expect, test } from 'vitest'
import { submitJob } from '../../src/flows/submit-job.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { answer } from '../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from './fake-deps.ts'
import { readReply } from './read-reply.ts'

const hourMs = 3_600_000
const payload = JSON.stringify({ input: { image: btoa('x'.repeat(3000)) } })
const persistent = { 'bulkway-retention': 'persistent' }
let gateway: FakeGateway

beforeEach(() => {
  const retention = { minSeconds: 60, maxSeconds: 86_400, persistent: true }
  const demo = { as: 'key', s3Config: 'always', stage: 'always', stageMinBytes: 1000, retention }
  const all = { upstream: 'https://upstream.example/v2', store: 'main' }
  gateway = fakeGateway({ endpoints: { '*': all, demo } })
})

async function sweepAfter(ms: number) {
  const { store, deps, clock } = gateway
  const stores = new Map([['main', store]])
  const { grants } = gateway.another()
  const now = clock.now + ms
  const log = { write: () => {} }
  return await sweepDue({ stores, state: deps.stateStore, grants, now, log, limit: 1000 })
}
const keys = () => [...gateway.store.objects.keys()]
const submit = async () =>
  await readReply(await submitJob(gateway.deps, callOf('demo', payload, persistent), 'run'))

/** From the first line on that matches, the gateway is dead: nothing of it reaches the store any more. */
function dieAt(pattern: RegExp, passes = 0): void {
  let isDead = false
  let left = passes
  gateway.store.before = (line) => {
    if (pattern.test(line)) isDead ||= left-- <= 0
    if (isDead) throw new Error('dead')
  }
}

describe('a gateway that dies over a job which is to be kept until it is deleted', () => {
  test.each([
    ['before its payload is whole', /^(put|completeUpload|uploadPart) 2149-/],
    ['before its grant is written', /^put grants\//],
    ['after its grant is written', /^put requests\/|^delete due\//],
  ])('leaves nothing for good: %s', async (_, pattern) => {
    dieAt(pattern)
    await expect(submit()).rejects.toThrow()
    gateway.store.before = () => {}
    await sweepAfter(2 * hourMs)
    await sweepAfter(27 * hourMs)
    await sweepAfter(90 * hourMs)
    expect(keys()).toEqual([])
    expect(gateway.store.open.size).toBe(0)
  })

  test('leaves nothing where it dies while it submits', async () => {
    gateway.upstream = ({ url }) => {
      if (url.endsWith('/health')) return answer(200, '{}')
      dieAt(/./)
      throw new Error('dead')
    }
    await expect(submit()).rejects.toThrow()
    gateway.store.before = () => {}
    await sweepAfter(27 * hourMs)
    await sweepAfter(90 * hourMs)
    expect(keys()).toEqual([])
  })

  test('leaves nothing of an upload that was never completed', async () => {
    gateway.store.before = async (line) => {
      if (!line.startsWith('put 2149-')) return
      const key = line.slice(4).replace(/[^/]*$/, 'half')
      gateway.store.before = () => {}
      await gateway.store.createUpload(key, 'text/plain')
      dieAt(/./)
      throw new Error('dead')
    }
    await expect(submit()).rejects.toThrow()
    gateway.store.before = () => {}
    expect(gateway.store.open.size).toBe(1)
    await sweepAfter(27 * hourMs)
    expect(gateway.store.open.size).toBe(0)
  })
})

test('a job that is kept stays, however often it is swept', async () => {
  await submit()
  for (const hours of [1, 30, 90, 900]) await sweepAfter(hours * hourMs)
  expect(keys().filter((key) => key.includes('/in/'))).toHaveLength(1)
  expect(keys().filter((key) => key.startsWith('grants/'))).toHaveLength(1)
  expect(keys().filter((key) => key.startsWith('due/'))).toEqual([])
})
