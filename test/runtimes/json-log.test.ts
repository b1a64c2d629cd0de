import { describe, expect, test } from 'vitest'
import { type Level, Secret } from '../../src/log.ts'
import { createJsonLog } from '../../src/runtimes/json-log.ts'

const levels: readonly Level[] = ['debug', 'info', 'warn', 'error']

function written(least: string | undefined): string[] {
  const lines: string[] = []
  const log = createJsonLog(least, (line) => lines.push(line))
  for (const level of levels) log.write(level, { event: 'any' })
  return lines.map((line) => JSON.parse(line).level)
}

describe('a log of JSON lines', () => {
  test.each([
    ['debug', levels],
    ['info', levels.slice(1)],
    ['warn', levels.slice(2)],
    ['error', levels.slice(3)],
    [undefined, levels.slice(1)],
  ])('from level %s has %j', (least, expected) => {
    expect(written(least)).toEqual(expected)
  })

  test('says everything rather than nothing where the level is unknown', () => {
    expect(written('loud')).toContain('info')
  })

  test('has one line an event, with time, level and facts', () => {
    const lines: string[] = []
    const log = createJsonLog('info', (line) => lines.push(line))
    log.write('warn', { event: 'e', text: 'two\nlines', count: 1, absent: undefined })
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('\n')
    const { time, ...rest } = JSON.parse(lines[0] ?? '')
    expect(rest).toEqual({ level: 'warn', event: 'e', text: 'two\nlines', count: 1 })
    expect(new Date(time).toISOString()).toBe(time)
  })

  test('shows no secret, whoever writes it there', () => {
    const lines: string[] = []
    const log = createJsonLog('info', (line) => lines.push(line))
    const secret = new Secret('hush')
    log.write('info', { event: `e ${secret}`, key: secret as unknown as string })
    expect(lines.join()).not.toContain('hush')
    expect(JSON.parse(lines[0] ?? '').key).toBe('[secret]')
  })
})
