import { describe, expect, test } from 'vitest'
import { lifetimesOf } from '../../src/grants/ttl.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const of = (ttl: unknown) => lifetimesOf({ ttl, now, marginSeconds: 60, linkSeconds: 3600 })

describe('the lifetimes of a grant', () => {
  test.for([
    [undefined, 86_400_000],
    ['600000', 86_400_000],
    [Number.NaN, 86_400_000],
    [600_000, 600_000],
    [1, 10_000],
    [-5, 10_000],
    [1e15, 7 * 86_400_000],
    [Number.POSITIVE_INFINITY, 7 * 86_400_000],
    [10_000.5, 10_001],
  ] as const)('with a ttl of %s last %s ms and the margin', ([ttl, ms]) => {
    expect(of(ttl).writeExpiresAt).toBe(now + ms + 60_000)
    expect(of(ttl).readExpiresAt).toBe(now + ms + 60_000 + 3_600_000)
  })

  test('end on the day of the last read', () => {
    expect(of(undefined).day).toBe('2026-11-22')
    expect(of(11 * 3_600_000).day).toBe('2026-11-22')
    expect(of(10 * 3_600_000).day).toBe('2026-11-21')
  })
})
