import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findJsonFault } from '../../src/page/json-fault.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('findJsonFault', () => {
  test('agrees with JSON.parse, whatever is done to a document', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', ']', '{', ':', '0', '\\', '\n'),
      )
      .map(([text, at, put]) => {
        const place = at % (text.length + 1)
        return `${text.slice(0, place)}${put}${text.slice(place + (at % 2))}`
      })
    fc.assert(
      fc.property(damaged, (text) => {
        expect([text, findJsonFault(text) === undefined]).toEqual([text, isJson(text)])
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([
    ['', 1, 1, 'A value is missing'],
    ['{\n "a": 1,\n}', 3, 1, 'A name in double quotes is missing'],
    ['{"a" 1}', 1, 6, '":" is missing'],
    ['[1 2]', 1, 4, '"," or "]" is missing'],
    ['{"a": [1, 2}', 1, 12, '"," or "]" is missing'],
    ['{"a": "\n"}', 1, 7, 'This string has no end, or a character to escape'],
    ['{"a": nul}', 1, 7, 'This is no value'],
    ['{"a": 01}', 1, 7, 'This is no value'],
    ['[1,]', 1, 4, 'This is no value'],
    ['{"a": 1', 1, 8, '"}" is missing'],
    ['{} x', 1, 4, 'Nothing may follow the value'],
  ])('says of %j where it is no JSON', (text, line, column, said) => {
    expect(findJsonFault(text)).toMatchObject({ line, column, text: said })
  })

  test('needs no stack for deep documents, and time in proportion for long ones', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(findJsonFault(deep)).toBeUndefined()
    for (const long of ['a', '\\n', '\\u00e9', 'é', '😀']) {
      expect(findJsonFault(`{"a": "${long.repeat(12_000_000 / long.length)}"}`)).toBeUndefined()
    }
    expect(findJsonFault(`["${'a'.repeat(12_000_000)}`)).toMatchObject({ column: 2 })
    expect(findJsonFault(`${' '.repeat(12_000_000)}1`)).toBeUndefined()
    expect(findJsonFault('1'.repeat(12_000_000))).toBeUndefined()
  })
})
