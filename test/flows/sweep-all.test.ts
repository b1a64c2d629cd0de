import { beforeEach, describe, expect, test } from 'vitest'
import { type SweepAllOptions, sweepAll } from '../../src/flows/sweep-all.ts'
import { type FakeGateway, fakeGateway } from './fake-deps.ts'

const grantId = 'aeaqaaaaaaaaaaaaaaaaaaaaaa'
let gateway: FakeGateway
let asked: string[]

beforeEach(async () => {
  gateway = fakeGateway()
  for (let at = 0; at < 20; at++) {
    await gateway.store.put(`2020-01-01/${grantId}/out/${at}`, new Uint8Array(1))
  }
  asked = []
  gateway.store.before = (line) => void asked.push(line)
})

const sweep = (options: Partial<SweepAllOptions> = {}) =>
  sweepAll(gateway.deps, { limit: 1000, ...options })
const left = () => gateway.store.objects.size

describe('a sweep of everything', () => {
  test('asks for each day that is over once, and leaves foreign keys alone', async () => {
    const foreign = [
      '2020-01-01/readme.txt',
      `2020-13-01/${grantId}/out/a`,
      'persist/0/1/2',
      'other/2020-01-01/a',
    ]
    for (const key of foreign) await gateway.store.put(key, new Uint8Array(1))
    await gateway.store.createUpload('other/file', 'text/plain')
    await gateway.store.createUpload(`2020-01-01/${grantId}/in/file`, 'text/plain')
    asked = []
    expect(await sweep()).toMatchObject({ files: 20, aborted: 1, faults: 0, done: true })
    expect(asked.filter((line) => line === 'list 2020-01-01/')).toHaveLength(1)
    expect([...gateway.store.objects.keys()].sort()).toEqual([...foreign].sort())
    expect([...gateway.store.open.values()].map(({ key }) => key)).toEqual(['other/file'])
  })

  test('stops within its requests, and the next ones end what it began', async () => {
    const first = await sweep({ maxRequests: 24 })
    expect(first).toMatchObject({ done: false, faults: 0 })
    // What was begun is ended: requests that run at once, four of them.
    expect(asked.length).toBeLessThanOrEqual(24 + 4)
    expect(left()).toBeGreaterThan(0)
    let runs = 1
    while (left() > 0 && runs < 10) {
      await sweep({ maxRequests: 24 })
      runs++
    }
    expect(left()).toBe(0)
    expect(runs).toBe(2)
  })

  test('stops when it is told to', async () => {
    const told = new AbortController()
    const swept = await sweep({
      signal: told.signal,
      onProgress({ removals }) {
        if (removals >= 5) told.abort()
      },
    })
    expect(swept.done).toBe(false)
    expect(swept.files).toBeLessThan(10)
    expect(left()).toBe(20 - swept.files)
  })

  test('tells how far it is', async () => {
    let last = { requests: 0, removals: 0 }
    await sweep({
      onProgress(progress) {
        last = { ...progress }
      },
    })
    expect(last.removals).toBe(20)
    expect(last.requests).toBe(asked.length)
  })

  test('makes as many requests a second as it may', async () => {
    const waits: number[] = []
    const { platform } = gateway.deps
    const wait = async (ms: number) => void waits.push(ms)
    const deps = { ...gateway.deps, platform: { ...platform, wait } }
    await sweepAll(deps, { limit: 1000, perSecond: 100 })
    // The clock stands still: each turn is a hundredth of a second after the one before.
    expect(Math.max(...waits)).toBeCloseTo((asked.length - 1) * 10, 3)
  })
})
