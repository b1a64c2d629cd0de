import { describe, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import type { Stored } from '../../src/job-bucket/job-usage.ts'
import { createQuotas, type OutputsInStore, type Quotas } from '../../src/job-bucket/quota.ts'
import { S3Error } from '../../src/job-bucket/s3-error.ts'

/** A store whose listings and writes take turns as a seeded coin says. */
class Outputs implements OutputsInStore {
  readonly objects = new Map<string, number>()
  #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  async pause(): Promise<void> {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647
    for (let left = this.#seed % 7; left > 0; left--) await Promise.resolve()
  }

  async count(keys: ReadonlySet<string>): Promise<Stored> {
    await this.pause()
    const sizes = new Map([...this.objects].filter(([key]) => keys.has(key)))
    const all = { bytes: this.bytes(), objects: this.objects.size }
    await this.pause()
    return { all, sizes }
  }

  async sizeOf(key: string): Promise<number | undefined> {
    await this.pause()
    return this.objects.get(key)
  }

  async openUploads(): Promise<ReadonlySet<string>> {
    return new Set()
  }

  bytes(): number {
    return [...this.objects.values()].reduce((sum, size) => sum + size, 0)
  }
}

const grant = { grantId: 'g', quota: { bytes: 1000, objects: 1000 } } as Grant

/** A write as the job bucket makes it; whether it stayed. */
async function write(quotas: Quotas, store: Outputs, key: string, bytes: number): Promise<boolean> {
  try {
    const reservation = await quotas.reserve(grant, { key, bytes }, store)
    await store.pause()
    store.objects.set(key, bytes)
    await reservation.settle(bytes)
    return true
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    // What was not written is not there; what was written and is too much goes.
    if (store.objects.get(key) === bytes) store.objects.delete(key)
    return false
  }
}

describe('many writes of one job at a time', () => {
  test.each(Array.from({ length: 40 }, (_, at) => at + 1))(
    'hold to the quota, order %i',
    async (seed) => {
      const store = new Outputs(seed)
      const quotas = createQuotas()
      const small = Array.from({ length: 8 }, (_, at) => write(quotas, store, `s${at}`, 5))
      expect(await Promise.all(small)).not.toContain(false)
      for (let at = 0; at < 20; at++) await write(quotas, store, `l${at}`, 200)
      expect(store.bytes()).toBe(840)
      const burst = Array.from({ length: 100 }, (_, at) => write(quotas, store, `b${at}`, 5))
      await Promise.all(burst)
      for (let at = 0; at < 20; at++) await write(quotas, store, `m${at}`, 200)
      expect(store.bytes()).toBeLessThanOrEqual(1000)
    },
  )

  test.each(Array.from({ length: 20 }, (_, at) => at + 1))(
    'keep what fits, order %i',
    async (seed) => {
      const store = new Outputs(seed)
      const quotas = createQuotas()
      const fits = Array.from({ length: 10 }, (_, at) => write(quotas, store, `k${at}`, 100))
      expect(await Promise.all(fits)).not.toContain(false)
      expect(store.bytes()).toBe(1000)
    },
  )
})

describe('writes that replace outputs of one job, many at a time', () => {
  test.each(Array.from({ length: 60 }, (_, at) => at + 1))(
    'never go over the quota nor lose one, order %i',
    async (seed) => {
      const store = new Outputs(seed)
      const quotas = createQuotas()
      const acknowledged = new Set<string>()
      const replace = async (key: string, bytes: number) => {
        const reservation = await quotas
          .reserve(grant, { key, bytes }, store)
          .catch(() => undefined)
        if (reservation === undefined) return
        await store.pause()
        store.objects.set(key, bytes)
        expect(store.bytes()).toBeLessThanOrEqual(1000)
        await store.pause()
        await reservation.settle(bytes)
        acknowledged.add(key)
      }
      for (let round = 0; round < 20; round++) {
        const sizes = Array.from({ length: 8 }, (_, at) => ((seed + round * 7 + at * 13) % 9) * 50)
        await Promise.all(sizes.map((bytes, at) => replace(`k${(round + at * 3) % 5}`, bytes)))
        expect(new Set(store.objects.keys())).toEqual(acknowledged)
      }
      expect(acknowledged.size).toBe(5)
    },
  )
})

test('instances one after another count what the ones before them wrote', async () => {
  const store = new Outputs()
  for (let at = 0; at < 40; at++) await write(createQuotas(), store, `k${at}`, 100)
  expect(store.bytes()).toBe(1000)
})

test('ten instances at a time hold to the quota', async () => {
  const store = new Outputs()
  const all = Array.from({ length: 10 }, () => createQuotas())
  for (let round = 0; round < 30; round++) {
    await Promise.all(all.map((quotas, at) => write(quotas, store, `${round}-${at}`, 10)))
  }
  expect(store.bytes()).toBeLessThanOrEqual(1000)
})

test('an object that fits stays while another is being replaced', async () => {
  const store = new Outputs()
  const quotas = createQuotas()
  expect(await write(quotas, store, 'b', 700)).toBe(true)
  const replacing = await quotas.reserve(grant, { key: 'b', bytes: 700 }, store)
  const writing = await quotas
    .reserve(grant, { key: 'a', bytes: 200 }, store)
    .catch(() => undefined)
  store.objects.set('b', 700)
  await replacing.settle(700)
  writing?.release()
  expect(await write(quotas, store, 'a', 200)).toBe(true)
  expect(store.bytes()).toBe(900)
})

test('a write does not take away what another one to the same key was acknowledged for', async () => {
  const store = new Outputs()
  const quotas = createQuotas()
  const first = await quotas.reserve(grant, { key: 'a', bytes: 400 }, store)
  const second = await quotas.reserve(grant, { key: 'a', bytes: 400 }, store)
  store.objects.set('a', 400)
  await second.settle(400)
  store.objects.set('elsewhere', 900)
  await expect(first.settle(400)).resolves.toBeUndefined()
})
