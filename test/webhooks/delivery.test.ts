import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGrantId } from '../../src/grants/grant-id.ts'
import { deliveryDay, deliveryDueKey, deliveryKey } from '../../src/store/keys.ts'
import { afterAttempt, type Delivery } from '../../src/webhooks/delivery.ts'
import { createDeliveries } from '../../src/webhooks/stored-deliveries.ts'
import { ringOf } from '../config/rings.ts'
import { MemoryStore } from '../intake/memory-store.ts'

const day = '2026-11-23'
const startedAt = Date.parse('2026-11-21T12:00:00Z')
const hour = 3_600_000
const messageId = `msg_${'a'.repeat(26)}`

const delivery = (change: Partial<Delivery> = {}): Delivery => ({
  messageId,
  grantId: createGrantId(day),
  day,
  endpointId: 'demo',
  signer: 's:me',
  url: 'https://client.example/hook',
  storeId: 'main',
  bodyKey: `2026-11-26/${createGrantId('2026-11-26')}/webhook/body.json`,
  bytes: 10,
  state: 'pending',
  createdAt: startedAt,
  dueAt: startedAt,
  claimedUntil: startedAt + 60_000,
  attempts: 0,
  ...change,
})

describe('a delivery', () => {
  test('comes to an end within ten attempts and three days, whatever is answered', () => {
    const attempts = fc.array(
      fc.record({
        status: fc.option(fc.integer({ min: 300, max: 599 }), { nil: undefined }),
        retryAfterMs: fc.option(fc.integer({ min: 1, max: 1e12 }), { nil: undefined }),
        random: fc.double({ min: 0, max: 0.999, noNaN: true }),
        lateMs: fc.integer({ min: 0, max: 40 * hour }),
      }),
      { minLength: 10, maxLength: 10 },
    )
    fc.assert(
      fc.property(attempts, (answers) => {
        let current = delivery()
        for (const { status, retryAfterMs, random, lateMs } of answers) {
          if (current.state !== 'pending') break
          const now = current.dueAt + lateMs
          const said = { ...(status && { status }), ...(retryAfterMs && { retryAfterMs }) }
          const next = afterAttempt(current, said, now, random)
          expect(next.attempts).toBe(current.attempts + 1)
          expect(next.claimedUntil).toBe(0)
          if (next.state === 'pending') {
            expect(next.dueAt).toBeGreaterThan(now)
            expect(next.dueAt).toBeLessThanOrEqual(startedAt + 72 * hour)
          }
          current = next
        }
        expect(current.state).not.toBe('pending')
      }),
    )
  })

  test('remembers what was answered last, and that nobody answered', () => {
    const failed = afterAttempt(delivery(), { status: 503 }, startedAt, 0.5)
    expect(failed).toMatchObject({ state: 'pending', lastStatus: 503, dueAt: startedAt + 5000 })
    expect(afterAttempt(failed, {}, startedAt, 0.5)).not.toHaveProperty('lastStatus')
  })
})

describe('a note of what is due', () => {
  const store = () => {
    const memory = new MemoryStore()
    return { memory, deliveries: createDeliveries({ store: memory, keyring: ringOf('k1') }) }
  }
  const noteOf = ({ grantId }: Delivery, atMs: number) => ({
    key: deliveryDueKey(atMs, grantId, messageId),
    atMs,
    grantId,
    messageId,
  })
  const put = async (memory: MemoryStore, key: string) => {
    await memory.put(key, new Uint8Array(0))
    return () => memory.objects.has(key)
  }

  test('gives its delivery to one instance, until the time of that is over', async () => {
    const { deliveries } = store()
    const one = delivery({ claimedUntil: 0 })
    await deliveries.keep(one)
    const now = startedAt + 1000
    const [note] = await deliveries.due(now)
    if (note === undefined) throw new TypeError('Nothing is due')
    const claims = await Promise.all(
      Array.from({ length: 4 }, () => deliveries.claim(note, day, now, now + 60_000)),
    )
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1)
    expect(await deliveries.claim(note, day, now + 59_000, now + 99_000)).toBeUndefined()
    expect(await deliveries.claim(note, day, now + 61_000, now + 99_000)).toBeDefined()
  })

  test('is left where it is of an attempt whose end is not written, removed where it is old', async () => {
    const { memory, deliveries } = store()
    const one = delivery({ dueAt: startedAt + 10_000, claimedUntil: 0 })
    await deliveries.keep(one)
    const early = noteOf(one, startedAt)
    const late = noteOf(one, startedAt + 20_000)
    const [hasEarly, hasLate] = [await put(memory, early.key), await put(memory, late.key)]
    const now = startedAt + 30_000
    for (const note of [early, late]) {
      expect(await deliveries.claim(note, day, now, now + 60_000)).toBeUndefined()
    }
    expect([hasEarly(), hasLate()]).toEqual([false, true])
  })

  test('waits an hour for its delivery, which is written after it', async () => {
    const { memory, deliveries } = store()
    const note = noteOf(delivery(), startedAt)
    const isThere = await put(memory, note.key)
    expect(await deliveries.claim(note, day, startedAt + 59 * 60_000, 0)).toBeUndefined()
    expect(isThere()).toBe(true)
    expect(await deliveries.claim(note, day, startedAt + 61 * 60_000, 0)).toBeUndefined()
    expect(isThere()).toBe(false)
  })

  test('of a delivery that cannot be opened claims nothing', async () => {
    const { memory, deliveries } = store()
    const one = delivery({ claimedUntil: 0 })
    await deliveries.keep(one)
    const other = createDeliveries({ store: memory, keyring: ringOf('k2') })
    const note = noteOf(one, startedAt)
    expect(await other.claim(note, day, startedAt + 1000, startedAt + 2000)).toBeUndefined()
    // Copied to another job's key it does not open either.
    const grantId = createGrantId(day)
    const bytes = memory.objects.get(deliveryKey(one, messageId))?.bytes ?? new Uint8Array()
    await memory.put(deliveryKey({ day, grantId }, messageId), bytes)
    expect(await deliveries.read({ day, grantId }, messageId)).toBeUndefined()
    expect(deliveryDay(day)).toBe('2026-11-26')
  })

  test('keeps the body of a delivery whose write was answered by nobody', async () => {
    const { memory, deliveries } = store()
    const { put: write } = memory
    memory.put = async (key, ...rest) => {
      const etag = await write.call(memory, key, ...rest)
      return key.startsWith('webhooks/2') ? undefined : etag
    }
    const one = delivery()
    const { stored, isNew } = await deliveries.keep(one)
    expect(isNew).toBe(false)
    expect(stored?.delivery.bodyKey).toBe(one.bodyKey)
    expect(memory.objects.has(noteOf(one, startedAt).key)).toBe(true)
  })
})
