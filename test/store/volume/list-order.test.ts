import { describe, expect, test } from 'vitest'
import { compareKeys } from '../../../src/store/compare-keys.ts'
import type { ListPage, ObjectStore } from '../../../src/store/store.ts'
import { createMergedList, createVolumeList } from '../../../src/store/volume/list-volume.ts'

type List = ObjectStore['list']

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const names = [
  'd/a',
  'd/é',
  'd/\u{d7ff}',
  'd/\u{e000}',
  'd/ａ',
  'd/\u{ffff}',
  'd/😀',
  'd/😀a',
  'd/🦊',
]

/** A volume that sorts by bytes, as S3 does, and repeats its tokens where it is told to. */
function volumeOf(keys: readonly string[], repeats: boolean): List {
  const sorted = [...keys].sort(byBytes)
  return async (prefix, { delimiter, after, next, maxKeys = 250 } = {}): Promise<ListPage> => {
    const start = next ?? after ?? ''
    const entries = new Map<string, 'object' | 'prefix'>()
    for (const key of sorted) {
      if (!key.startsWith(prefix) || byBytes(key, start) <= 0) continue
      const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
      if (end < 0) entries.set(key, 'object')
      else entries.set(key.slice(0, end + 1), 'prefix')
    }
    const page = [...entries].slice(0, maxKeys)
    const [end = '', kind] = page.at(-1) ?? []
    const last = kind === 'prefix' ? `${end}\u{10ffff}` : end
    return {
      objects: page.flatMap(([key, kind]) => (kind === 'object' ? [{ key, size: 1 }] : [])),
      prefixes: page.flatMap(([key, kind]) => (kind === 'prefix' ? [key] : [])),
      ...(entries.size > maxKeys && { next: repeats ? (next ?? last) : last }),
    }
  }
}

async function all(list: List, options: { delimiter?: string; maxKeys: number }) {
  const found: string[] = []
  let next: string | undefined
  for (let pages = 0; pages < 40; pages++) {
    const page = await list('d/', { ...options, ...(next !== undefined && { next }) })
    found.push(...page.objects.map(({ key }) => key), ...page.prefixes)
    next = page.next
    if (next === undefined) return found
  }
  throw new Error('It has no end')
}

const wait = async () => {}

test('keys are in the order of their bytes', () => {
  const all = [...names, 'd', 'd/', '', 'd/aa'].reverse()
  expect([...all].sort(compareKeys)).toEqual([...all].sort(byBytes))
})

describe.each([1, 2, 3, 250])('pages of %i', (maxKeys) => {
  test.each([false, true])(
    'hold every key, whatever its characters (repeated tokens: %s)',
    async (repeats) => {
      const one = createVolumeList(volumeOf(names, repeats), wait)
      expect(await all(one, { maxKeys })).toEqual([...names].sort(byBytes))
      const some = createVolumeList(volumeOf(names.slice(0, 5), repeats), wait)
      const others = createVolumeList(volumeOf(names.slice(3), repeats), wait)
      const merged = createMergedList([some, others])
      expect(await all(merged, { maxKeys })).toEqual([...names].sort(byBytes))
    },
  )

  test.each([false, true])('hold every folder (repeated tokens: %s)', async (repeats) => {
    const keys = names.flatMap((name) => [`${name}/x`, `${name}/ｚ`, `${name}/😀`])
    const list = createVolumeList(volumeOf(keys, repeats), wait)
    const folders = names.map((name) => `${name}/`).sort(byBytes)
    expect(await all(list, { maxKeys, delimiter: '/' })).toEqual(folders)
    expect(await all(createMergedList([list, list]), { maxKeys, delimiter: '/' })).toEqual(folders)
  })
})

test('a page of what is known already ends no list of several', async () => {
  const keys = Array.from({ length: 5 }, (_, index) => `d/${index}`)
  const list = volumeOf(keys, false)
  // It begins with the key that it was to begin after, as some do.
  const inclusive: List = async (prefix, { after, next, ...rest } = {}) => {
    const at = keys.indexOf(after ?? '')
    const before = at > 0 ? keys[at - 1] : undefined
    const start = next ?? before
    return await list(prefix, { ...rest, ...(start !== undefined && { after: start }) })
  }
  const merged = createMergedList([
    createVolumeList(inclusive, wait),
    createVolumeList(inclusive, wait),
  ])
  expect(await all(merged, { maxKeys: 1 })).toEqual(keys)
})
