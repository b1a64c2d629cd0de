import { expect, test } from 'vitest'
import { formatBytes, formatProgress, formatSpan } from '../../src/page/format.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1 kB'],
  [1_000, '1 kB'],
  [1_550, '1.6 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_999, '1 MB'],
  [300_000_000, '300 MB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [0, '0.0 s'],
  [840, '0.8 s'],
  [9_960, '10 s'],
  [59_600, '1 min 0 s'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
])('%d ms are %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text)
})

test('an upload is told in one line', () => {
  const progress = { bytes: 150e6, total: 300e6, bytesPerSecond: 42e6, secondsLeft: 3.6 }
  expect(formatProgress(progress)).toBe('50 % · 150 MB of 300 MB · 42 MB/s · 4 s left')
  expect(formatProgress({ bytes: 0, total: 0 })).toBe('100 % · 0 B of 0 B')
})
