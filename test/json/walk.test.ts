import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementsAt, membersAt, type Span, stringAt, valueAt } from '../../src/json/walk.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const textOf = (json: Uint8Array, { start, end }: Span) =>
  Buffer.from(json.subarray(start, end)).toString()

/** The whole document, read by walking it alone. */
function walked(json: Uint8Array, span: Span): unknown {
  const first = String.fromCharCode(json[span.start] ?? 0)
  if (first === '{') {
    const entries = [...membersAt(json, span.start)].map(({ name, key, value }) => {
      expect(JSON.parse(textOf(json, key))).toBe(name)
      return [name, walked(json, value)] as const
    })
    return Object.fromEntries(entries)
  }
  if (first === '[') return [...elementsAt(json, span.start)].map((one) => walked(json, one))
  const text = textOf(json, span)
  const value: unknown = JSON.parse(text)
  expect(stringAt(json, span)).toBe(typeof value === 'string' ? value : undefined)
  return value
}

describe('walking a document', () => {
  it('finds what JSON.parse finds, whatever white space and escapes there are', () => {
    const spaces = fc.constantFrom(0, 1, '\t', '\r\n ')
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), spaces, (value, space) => {
        const text = ` ${JSON.stringify(value, null, space)}\n`
        const json = utf8(text)
        const whole = valueAt(json, 0)
        expect(textOf(json, whole)).toBe(text.trim())
        expect(walked(json, whole)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('ends strings at their own quote', () => {
    const json = utf8(String.raw`["\"]\\", "\\\"}", "\\\\", "]"]`)
    expect([...elementsAt(json, 0)].map((one) => stringAt(json, one))).toEqual([
      '"]\\',
      '\\"}',
      '\\\\',
      ']',
    ])
  })

  it('gives repeated members in order, and nothing where there are none', () => {
    const json = utf8('{"a":1,"\\u0061" : [ ] ,"b":{"a":-0}}')
    expect([...membersAt(json, 0)].map(({ name, value }) => [name, textOf(json, value)])).toEqual([
      ['a', '1'],
      ['a', '[ ]'],
      ['b', '{"a":-0}'],
    ])
    for (const text of ['{}', '{ }', '[]', '[ ]', '"{"', '1', '']) {
      expect([...membersAt(utf8(text), 0), ...elementsAt(utf8(text), 0)]).toEqual([])
    }
  })

  it('ends on what is no JSON, too', () => {
    for (const text of [
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a" 1}',
      '[1',
      '[1 2',
      '["',
      '[[',
      '{"a":1,',
    ]) {
      const json = utf8(text)
      expect([...membersAt(json, 0), ...elementsAt(json, 0)].length).toBeLessThan(3)
    }
  })
})
