import { describe, expect, it } from 'vitest'
import { partLength, planParts } from '../../src/uploads/part-plan.ts'

const mebibyte = 1024 * 1024
const partBytes = 16 * mebibyte

describe('planParts', () => {
  it('takes parts of the configured size while 10,000 of them reach', () => {
    for (const [size, partCount] of [
      [1, 1],
      [partBytes, 1],
      [partBytes + 1, 2],
      [partBytes * 10_000, 10_000],
    ] as const) {
      expect(planParts(size, partBytes)).toEqual({ size, partSize: partBytes, partCount })
    }
  })

  it('takes larger ones, of whole MiB, where they do not', () => {
    expect(planParts(partBytes * 10_000 + 1, partBytes)).toMatchObject({
      partSize: 17 * mebibyte,
      partCount: 9412,
    })
    const largest = 5 * 1024 ** 4
    const plan = planParts(largest, partBytes)
    expect(plan.partSize % mebibyte).toBe(0)
    expect(plan.partSize * plan.partCount).toBeGreaterThanOrEqual(largest)
    expect(plan.partCount).toBeLessThanOrEqual(10_000)
  })

  it('never has more than 10,000 parts, nor an empty one', () => {
    for (let size = 1; size < 50 * 1024 ** 4; size = size * 7 + 3) {
      const plan = planParts(size, 5 * mebibyte)
      expect(plan.partCount).toBeLessThanOrEqual(10_000)
      const last = partLength(plan, plan.partCount) ?? 0
      expect(last).toBeGreaterThan(0)
      expect(plan.partSize * (plan.partCount - 1) + last).toBe(size)
    }
  })

  it('has one empty part for an empty file', () => {
    const plan = planParts(0, partBytes)
    expect(plan.partCount).toBe(1)
    expect(partLength(plan, 1)).toBe(0)
  })
})

describe('partLength', () => {
  it('knows no other parts', () => {
    const plan = planParts(partBytes + 1, partBytes)
    expect([0, 1, 2, 3, 1.5, Number.NaN, -1].map((number) => partLength(plan, number))).toEqual([
      undefined,
      partBytes,
      1,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
