import { expect, test } from 'vitest'
import { readFieldName } from '../../src/intake/field-name.ts'

const tokens = (count: number) => Array.from({ length: count }, (_, at) => `t${at}`)

test.each([
  ['', ''],
  ['input.', ''],
  ['', '[]'],
])('a name of 32 tokens is a place, one of 33 none: %stokens%s', (before, after) => {
  const name = (count: number) => before + tokens(count).join('.') + after
  expect(readFieldName(name(32))).toEqual({ tokens: tokens(32), append: after !== '' })
  expect(readFieldName(name(33))).toBe('its name leads 33 levels deep: 32 allowed')
})

test.each(['', '/-'])('a pointer of 32 tokens is a place, one of 33 none: tokens%s', (after) => {
  const name = (count: number) => `/input/${tokens(count).join('/')}${after}`
  expect(readFieldName(name(32))).toEqual({ tokens: tokens(32), append: after !== '' })
  expect(readFieldName(name(33))).toBe('its name leads 33 levels deep: 32 allowed')
})

test('as many tokens as a name has bytes are counted in the answer', () => {
  expect(readFieldName(`0${'.a'.repeat(510)}`)).toContain('511 levels')
})

test.each(['a..b', '/webhook', '/input', '/~2', '[]', ''])('%j is no place', (name) => {
  expect(readFieldName(name)).toBe('its name is no place below "input"')
})
