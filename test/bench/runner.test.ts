import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Contest, Turn } from '../../bench/contest.ts'
import { parseOptions } from '../../bench/runner/options.ts'
import { chooseRows, loadRows } from '../../bench/runner/rows.ts'
import { takeRounds } from '../../bench/runner/take-rounds.ts'

const turn: Turn = { seconds: 1, bytes: 1 }

function contestOf(turns: Record<string, () => Promise<Turn>>, id = 'row') {
  let closed = 0
  const contest: Contest = {
    id,
    title: 'A row',
    about: 'About it.',
    open: async () => ({ turns, close: async () => void closed++ }),
    goals: [],
  }
  return { contest, closed: () => closed }
}

describe('takeRounds', () => {
  it('lets each contestant be first in turn', async () => {
    const order: string[] = []
    const take = (name: string) => async () => {
      order.push(name)
      return turn
    }
    const { contest, closed } = contestOf({ a: take('a'), b: take('b'), c: take('c') })
    const rounds = await takeRounds(contest, 4)
    expect(order.join('')).toBe('abcbcacababc')
    expect(rounds.map((round) => Object.keys(round).sort().join(''))).toEqual(Array(4).fill('abc'))
    expect(closed()).toBe(1)
  })

  it('closes a row of which a turn throws', async () => {
    const { contest, closed } = contestOf({ a: () => Promise.reject(new Error('wrong bytes')) })
    await expect(takeRounds(contest, 5)).rejects.toThrow('wrong bytes')
    expect(closed()).toBe(1)
  })

  it('tells of each turn', async () => {
    const seen: string[] = []
    await takeRounds(contestOf({ a: async () => turn }).contest, 2, ({ round, contestant }) =>
      seen.push(`${contestant}${round}`),
    )
    expect(seen).toEqual(['a1', 'a2'])
  })
})

describe('chooseRows', () => {
  const rows = ['one', 'two', 'three'].map((id) => contestOf({}, id).contest)

  it('takes all without ids, and the named ones in the order of the rows', () => {
    expect(chooseRows(rows, [])).toHaveLength(3)
    expect(chooseRows(rows, ['three', 'one']).map(({ id }) => id)).toEqual(['one', 'three'])
  })

  it('names what is unknown and lists the rows', () => {
    expect(() => chooseRows(rows, ['tow'])).toThrow(/No such row: tow; [\s\S]*two +A row/)
  })
})

describe('loadRows', () => {
  let folder: string | undefined
  afterEach(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true })
  })

  it('takes a contest or several of a file, and reports files that have none or repeat one', async () => {
    folder = await mkdtemp(join(tmpdir(), 'rows-'))
    const files = {
      'a.ts': "export const contests = [{ id: 'a1' }, { id: 'a2' }]",
      'b.ts': "export const contest = { id: 'b' }",
      'c.ts': 'export const nothing = 1',
      'd.ts': "export const contest = { id: 'a2' }",
      'e.ts': "throw new Error('broken file')",
      'f.md': 'no row',
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    const { contests, broken } = await loadRows(folder)
    expect(contests.map(({ id }) => id)).toEqual(['a1', 'a2', 'b'])
    expect(broken.map(({ file }) => file)).toEqual(['c.ts', 'd.ts', 'e.ts'])
  })
})

describe('parseOptions', () => {
  it('reads ids by comma or one by one', () => {
    expect(parseOptions(['--only', 'a,b', '--only', 'c'])).toEqual({
      only: ['a', 'b', 'c'],
      scale: 1,
      mode: 'measure',
    })
    expect(parseOptions(['--rounds', '7', '--scale', '0.1', '--out', 'x.json'])).toMatchObject({
      rounds: 7,
      scale: 0.1,
      out: 'x.json',
    })
    expect(parseOptions(['--render']).mode).toBe('render')
  })

  it.each([
    [['--rounds', 'x'], '--rounds must be a whole number from 1; it is x'],
    [['--rounds', '0'], '--rounds must be a whole number from 1; it is 0'],
    [['--scale', '2'], '--scale must be over 0 and at most 1; it is 2'],
    [['--onyl', 'a'], '--onyl'],
    [['row'], 'row'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
  })
})
