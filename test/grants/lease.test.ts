import { beforeEach, describe, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { createLeases, type Leases, type LeaseWish } from '../../src/grants/lease.ts'
import { MemoryStore } from '../intake/memory-store.ts'

const wish: LeaseWish = { key: 'leases/sessions/a', exclusive: true, storeId: 'main', keepMs: 1000 }
let store: MemoryStore
let grants: Map<string, Grant>
let now: number
let leases: Leases
/** Awaited before anything is read or written. */
let delay: () => Promise<void>

beforeEach(() => {
  store = new MemoryStore()
  grants = new Map()
  now = 1_000_000
  delay = async () => {}
  store.before = () => delay()
  const grantStore = {
    async read(grantId: string) {
      await delay()
      return grants.get(grantId)
    },
    async update(grantId: string, change: (grant: Grant) => Grant) {
      await delay()
      const grant = grants.get(grantId)
      if (grant !== undefined) grants.set(grantId, change(grant))
      return grants.get(grantId)
    },
  }
  leases = createLeases({
    store,
    grants: grantStore,
    platform: { now: () => now, wait: () => delay() },
  })
})

const claim = (grantId: string, until = now + 60_000) => ({
  ...{ grantId, until },
  writeExpiresAt: now + 3_600_000,
})
function written(grantId: string, more: Partial<Grant> = {}): void {
  const writeExpiresAt = now + 3_600_000
  grants.set(grantId, { grantId, state: 'active', writeExpiresAt, ...more } as Grant)
}
const isTaken = async (grantId: string, which: LeaseWish = wish) =>
  (await leases.take(which, claim(grantId))).taken

describe('a lease', () => {
  test('counts before its grant is written, and no longer than it says', async () => {
    expect(await isTaken('one')).toBe(true)
    now += 59_999
    expect(await isTaken('two')).toBe(false)
    now += 1
    expect(await isTaken('two')).toBe(true)
  })

  test('of a grant without a job ends with it: the grant can write no more', async () => {
    await isTaken('one')
    written('one')
    now += 60_000
    expect(await isTaken('two')).toBe(true)
    expect(grants.get('one')?.state).toBe('ended')
  })

  test('stays with a job that becomes known in the very moment', async () => {
    await isTaken('one')
    written('one')
    now += 60_000
    let steps = 0
    delay = async () => {
      // After the grant was read, before it is changed.
      if (++steps === 3) written('one', { jobId: 'job' })
    }
    expect(await isTaken('two')).toBe(false)
    expect(grants.get('one')?.state).toBe('active')
  })

  test('is had as long as the grant may write, and no moment longer', async () => {
    await isTaken('one')
    written('one', { jobId: 'job' })
    now += 3_600_000
    expect(await leases.take(wish, claim('two'))).toMatchObject({
      taken: false,
      by: { grantId: 'one' },
    })
    now += 1
    expect(await isTaken('two')).toBe(true)
  })

  test.each(['ended', 'suspended'] as const)('of a grant that is %s is free', async (state) => {
    await isTaken('one')
    written('one', { jobId: 'job', state })
    expect(await isTaken('two')).toBe(true)
  })

  test('that is given back is free, and giving back another’s does nothing', async () => {
    await isTaken('one')
    await leases.release(wish.key, 'two')
    expect(await isTaken('two')).toBe(false)
    await leases.release(wish.key, 'one')
    expect(await isTaken('two')).toBe(true)
    await leases.release('leases/sessions/none', 'one')
  })

  test('is its own holder’s again', async () => {
    await isTaken('one')
    expect(await isTaken('one')).toBe(true)
    expect((await leases.read(wish.key))?.lease.holders).toHaveLength(1)
  })

  test('is kept for the latest of its times', async () => {
    await leases.take(wish, { ...claim('one'), writeExpiresAt: now + 9000 })
    await leases.release(wish.key, 'one')
    await leases.take(wish, { ...claim('two'), writeExpiresAt: now + 5000 })
    expect((await leases.read(wish.key))?.lease.expiresAt).toBe(now + 10_000)
  })
})

describe('a shared lease', () => {
  const shared = { ...wish, exclusive: false }

  test('is had by many, and by none while one has it for itself', async () => {
    expect(await isTaken('one', shared)).toBe(true)
    expect(await isTaken('two', shared)).toBe(true)
    expect(await isTaken('alone')).toBe(false)
    await leases.release(wish.key, 'one')
    await leases.release(wish.key, 'two')
    expect(await isTaken('alone')).toBe(true)
    expect(await isTaken('one', shared)).toBe(false)
  })

  test('has a bound, and room again when jobs have ended', async () => {
    for (let n = 0; n < 200; n++) expect(await isTaken(`${n}`, shared)).toBe(true)
    expect(await isTaken('more', shared)).toBe(false)
    for (let n = 0; n < 200; n++)
      written(`${n}`, { jobId: 'job', state: n < 5 ? 'ended' : 'active' })
    expect(await isTaken('more', shared)).toBe(true)
    expect((await leases.read(wish.key))?.lease.holders).toHaveLength(196)
  })
})

/** Numbers that are the same in every run: `mulberry32`. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  'however requests meet, no two jobs may write at once (%i)',
  async (seed) => {
    const random = randomFrom(seed)
    delay = async () => {
      for (let left = Math.floor(random() * 6); left > 0; left--) await Promise.resolve()
    }
    let writers = 0
    let jobs = 0

    async function job(grantId: string): Promise<void> {
      const until = now + 60_000
      for (let tries = 0; tries < 200; tries++) {
        await delay()
        if ((await leases.take(wish, claim(grantId, until))).taken) break
        if (tries === 199) return
      }
      // Some die here, or are refused by the platform.
      const fate = random()
      if (fate < 0.1) return await leases.release(wish.key, grantId)
      if (now >= until) return
      written(grantId)
      await delay()
      const grant = grants.get(grantId)
      if (grant?.state !== 'active') return
      grants.set(grantId, { ...grant, jobId: grantId })
      expect(++writers).toBe(1)
      jobs++
      for (let steps = 0; steps < 5; steps++) await delay()
      writers--
      const ended = grants.get(grantId)
      if (ended !== undefined) grants.set(grantId, { ...ended, state: 'ended' })
    }

    await Promise.all(Array.from({ length: 8 }, (_, at) => job(`grant-${at}`)))
    expect(jobs).toBeGreaterThan(0)
  },
)
