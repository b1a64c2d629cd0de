import { expect, test } from 'vitest'
import { createProgressLine, durationOf, sizeOf } from '../../src/cli/progress-line.ts'
import type { Progress } from '../../src/client/client.ts'

const half: Progress = {
  ...{ phase: 'uploading', bytes: 500_000_000, total: 1_000_000_000 },
  ...{ bytesPerSecond: 25_000_000, secondsLeft: 20 },
}

function draw(options: { redraw: boolean; columns?: number; quiet?: boolean }) {
  const written: string[] = []
  const screen = { write: (text: string) => written.push(text), columns: options.columns }
  const line = createProgressLine(screen, 'film.mp4', { colour: false, quiet: false, ...options })
  return { line, written }
}

test('shows name, bar, share, bytes, rate and time left on one line', () => {
  const { line, written } = draw({ redraw: true, columns: 120 })
  line.show(half)
  const bar = `${'█'.repeat(12)}${'░'.repeat(12)}`
  const text = `film.mp4  ${bar}   50 %  500.0 MB of 1.0 GB  25.0 MB/s  0:20 left`
  expect(written).toEqual([`\r${text}\u001b[K`])
})

test('never wraps', () => {
  const { line, written } = draw({ redraw: true, columns: 40 })
  line.show(half)
  expect(written[0]?.replaceAll('\r', '').replaceAll('\u001b[K', '')).toHaveLength(39)
})

test('says no time left of what is done or does not move', () => {
  const { line, written } = draw({ redraw: false })
  line.show({ ...half, bytesPerSecond: 0, secondsLeft: undefined } as never)
  line.show({ ...half, bytes: half.total, secondsLeft: 0 })
  expect(written.join('')).not.toContain('left')
})

test('writes a line for every tenth where nothing can be redrawn', () => {
  const { line, written } = draw({ redraw: false })
  for (let bytes = 0; bytes <= 1_000; bytes++) line.show({ ...half, bytes, total: 1_000 })
  expect(written).toHaveLength(11)
  expect(written.at(-1)).toMatch(/100 %/)
})

test('says something else above the line, and draws it again', () => {
  const { line, written } = draw({ redraw: true, columns: 120 })
  line.show(half)
  const drawn = written[0]?.replaceAll('\r', '').replaceAll('\u001b[K', '')
  line.say('No answer')
  line.end()
  expect(written.slice(1)).toEqual(['\r\u001b[KNo answer\n', drawn, '\n'])
})

test.each([
  [0, '0:00'],
  [59.2, '1:00'],
  [61, '1:01'],
  [3_599.5, '1:00:00'],
  [36_061, '10:01:01'],
])('%d seconds are %s', (seconds, text) => expect(durationOf(seconds)).toBe(text))

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [16_777_216, '16.8 MB'],
  [2e15, '2000.0 TB'],
])('%d bytes are %s', (bytes, text) => expect(sizeOf(bytes)).toBe(text))
