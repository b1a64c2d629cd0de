import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BulkwayError } from '../../src/client/bulkway-error.ts'
import { pause, persist, type Retry } from '../../src/client/persist.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const lost = () => new BulkwayError('network_error', 0, 'Cannot reach the store')

/** The pauses before a call that fails `times` times succeeds. */
async function pausesOf(times: number, jitter: number, options = {}): Promise<number[]> {
  vi.spyOn(Math, 'random').mockReturnValue(jitter)
  const retries: Retry[] = []
  let left = times
  const attempt = async () => {
    if (left-- > 0) throw lost()
  }
  const done = persist(attempt, { ...options, onRetry: (retry) => void retries.push(retry) })
  await vi.runAllTimersAsync()
  await done
  expect(retries.map(({ tries }) => tries)).toEqual(retries.map((_, at) => at + 1))
  return retries.map(({ delayMs }) => delayMs)
}

test('waits twice as long each time, up to a cap', async () => {
  expect(await pausesOf(8, 1)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
  expect(await pausesOf(4, 1, { baseMs: 10, capMs: 25 })).toEqual([10, 20, 25, 25])
})

test('waits anything from nothing to all of it, so that not all come back at once', async () => {
  expect(await pausesOf(3, 0)).toEqual([0, 0, 0])
  expect(await pausesOf(3, 0.5)).toEqual([250, 500, 1_000])
})

test('gives up when its time is over, with the last error', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(1)
  let tries = 0
  const failing = persist(
    async () => {
      tries++
      throw lost()
    },
    { giveUpMs: 10_000 },
  ).catch((error) => error)
  await vi.runAllTimersAsync()
  expect(await failing).toMatchObject({ code: 'network_error' })
  // At 0, 0.5, 1.5, 3.5 and 7.5 s; the next one would be at 15.5 s.
  expect(tries).toBe(5)
})

test('tries at once when the page is online again', async () => {
  const page = new EventTarget()
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  const waiting = pause(1e6)
  page.dispatchEvent(new Event('online'))
  await waiting
  expect(vi.getTimerCount()).toBe(0)
})
