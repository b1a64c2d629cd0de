import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMeter, type Progress } from '../../src/client/progress.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const told: Progress[] = []
function meterOf(total: number, there = 0) {
  told.length = 0
  return createMeter('uploading', total, there, (progress) => told.push(progress))
}
const last = () => told.at(-1)

test('tells the rate of this session and the time that is left at it', () => {
  const meter = meterOf(10_000, 4_000)
  vi.advanceTimersByTime(1_000)
  meter.set(1, 1_000)
  expect(last()).toEqual({
    ...{ phase: 'uploading', bytes: 5_000, total: 10_000 },
    ...{ bytesPerSecond: 1_000, secondsLeft: 5 },
  })
})

test('knows no rate at first, and no time left while nothing moves', () => {
  const meter = meterOf(10_000)
  meter.set(1, 100)
  expect(last()).toEqual({ phase: 'uploading', bytes: 100, total: 10_000 })
  vi.advanceTimersByTime(2_000)
  meter.set(1, 0)
  expect(last()).toEqual({ phase: 'uploading', bytes: 0, total: 10_000, bytesPerSecond: 0 })
})

test('forgets how fast it was more than ten seconds ago', () => {
  const meter = meterOf(1_000_000)
  for (let second = 1; second <= 40; second++) {
    vi.advanceTimersByTime(1_000)
    meter.set(second, second <= 20 ? 10_000 : 100)
  }
  expect(last()?.bytesPerSecond).toBeCloseTo(100)
})

test('goes back by what a part that failed had sent', () => {
  const meter = meterOf(10_000)
  meter.set(1, 3_000)
  meter.set(2, 500)
  meter.set(1, 0)
  meter.end()
  expect(last()?.bytes).toBe(500)
})

test('tells no more than ten times a second, and the end in any case', () => {
  const meter = meterOf(1_000)
  for (let bytes = 1; bytes <= 1_000; bytes++) {
    vi.advanceTimersByTime(1)
    meter.set(1, bytes)
  }
  meter.end()
  expect(told.length).toBeLessThan(13)
  expect(last()?.bytes).toBe(1_000)
})
