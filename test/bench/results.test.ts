import { describe, expect, it } from 'vitest'
import type { Contest, Turn } from '../../bench/contest.ts'
import { rate } from '../../bench/contest.ts'
import { mergeResults, resultOf, verdictOf } from '../../bench/report/results.ts'
import { percentile, summarize } from '../../bench/report/summary.ts'
import { circumstancesOfTest } from './fixtures.ts'

const contest: Contest = {
  id: 'copy',
  title: 'Copying',
  about: 'One copies, the other too.',
  open: () => Promise.reject(new Error('Not opened here')),
  goals: [
    {
      figure: 'rate × raw',
      unit: '×',
      target: { atLeast: 0.5 },
      of: ({ ours, raw }) => rate(ours) / rate(raw),
    },
  ],
}
const turn = (seconds: number): Turn => ({ seconds, bytes: 1e6 })

describe('summarize', () => {
  it('takes the middle one of an odd count and the mean of two middles of an even one', () => {
    expect(summarize([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
    expect(summarize([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 })
  })

  it('leaves out what is not a number, and says null where nothing is left', () => {
    expect(summarize([Number.NaN, 5, undefined])).toEqual({ median: 5, min: 5, max: 5 })
    expect(summarize([Number.NaN])).toEqual({ median: null, min: null, max: null })
  })
})

describe('percentile', () => {
  it('finds what the share lies below', () => {
    const values = Array.from({ length: 100 }, (_, at) => 100 - at)
    expect(percentile(values, 0.5)).toBe(51)
    expect(percentile(values, 0.99)).toBe(100)
    expect(percentile([], 0.5)).toBeNaN()
  })
})

describe('resultOf', () => {
  it('takes ratios within each round, then their median', () => {
    const rounds = [
      { ours: turn(2), raw: turn(1) },
      { ours: turn(20), raw: turn(10) },
      { ours: turn(1), raw: turn(1) },
    ]
    const result = resultOf(contest, rounds, circumstancesOfTest)
    expect(result.figures).toEqual([
      { figure: 'rate × raw', unit: '×', target: { atLeast: 0.5 }, median: 0.5, min: 0.5, max: 1 },
    ])
    expect(result.contestants['raw']?.rate).toEqual({ median: 1, min: 0.1, max: 1 })
    expect(result.rounds).toBe(3)
  })

  it('keeps a failure and leaves out what was not measured', () => {
    const failed = { seconds: Number.NaN, bytes: 0, failure: 'answered 500' }
    const result = resultOf(contest, [{ ours: failed, raw: turn(1) }], circumstancesOfTest)
    expect(result.contestants['ours']).toEqual({ failure: 'answered 500' })
    expect(result.figures[0]?.median).toBeNull()
  })

  it('gives percentiles in milliseconds and requests a second for a turn of many requests', () => {
    const many = {
      seconds: 2,
      bytes: 4096,
      cpuSeconds: 0.001,
      latencies: [0.001, 0.002, 0.004, 0.003],
    }
    const { ours } = resultOf(contest, [{ ours: many }], circumstancesOfTest).contestants
    expect(ours?.requests?.median).toBe(2)
    expect(ours?.p50?.median).toBe(3)
    expect(ours?.p99?.median).toBe(4)
    expect(ours?.cpuPerRequest?.median).toBe(250)
  })
})

describe('mergeResults', () => {
  const row = (id: string, rounds = 5) => ({
    ...resultOf({ ...contest, id }, [], circumstancesOfTest),
    rounds,
  })

  it('replaces a row, keeps the others and follows the order', () => {
    const before = { rows: [row('b'), row('a')] }
    const merged = mergeResults(before, [row('b', 7), row('c')], ['a', 'b', 'c'])
    expect(merged.rows.map(({ id, rounds }) => [id, rounds])).toEqual([
      ['a', 5],
      ['b', 7],
      ['c', 5],
    ])
  })

  it('drops a row that exists no more, unless it cannot know', () => {
    const before = { rows: [row('old'), row('a')] }
    expect(mergeResults(before, [], ['a']).rows.map(({ id }) => id)).toEqual(['a'])
    expect(mergeResults(before, []).rows.map(({ id }) => id)).toEqual(['old', 'a'])
  })
})

describe('verdictOf', () => {
  it('judges the median, not the ends', () => {
    const figure = { figure: 'f', unit: '×', min: 0, max: 9 }
    expect(verdictOf({ ...figure, median: 1, target: { atLeast: 1 } })).toBe('met')
    expect(verdictOf({ ...figure, median: 1.1, target: { atMost: 1 } })).toBe('missed')
    expect(verdictOf({ ...figure, median: 1 })).toBe('shown')
    expect(verdictOf({ ...figure, median: null, target: { atMost: 1 } })).toBe('not measured')
  })
})
