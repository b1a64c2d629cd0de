import { describe, expect, it } from 'vitest'
import { renderResidue } from '../../src/json/render.ts'
import { splice, utf8 } from './splice.ts'

const payload = 'QUJDREVGR0hJSktMTU5P'
const { residue } = splice([utf8(`{"input":{"a":"${payload}","b":["${payload}"]},"c":true}`)])

function render(
  ...rest: [readonly string[], { start: number; end: number; text: string }[]]
): string {
  return new TextDecoder().decode(renderResidue(residue, ...rest))
}

/** Offset in the residue, `{"input":{"a":,"b":[]},"c":true}`. */
function at(text: string): number {
  return Buffer.from(residue.bytes).indexOf(text)
}

describe('renderResidue', () => {
  it('puts replacements where payloads were', () => {
    expect(render(['"é"', '{}'], [])).toBe('{"input":{"a":"é","b":[{}]},"c":true}')
  })

  it('replaces and inserts in any order of edits', () => {
    const edits = [
      { start: at('true'), end: at('true') + 4, text: 'false' },
      { start: at('"c"'), end: at('"c"'), text: '"x":1,' },
      { start: 1, end: 1, text: '"first":0,' },
    ]
    expect(render(['1', '2'], edits)).toBe('{"first":0,"input":{"a":1,"b":[2]},"x":1,"c":false}')
  })

  it('puts a payload before what is inserted at its offset', () => {
    const end = at(']}')
    const inserts = [
      { start: end, end, text: ',3' },
      { start: end, end, text: ',4' },
    ]
    expect(render(['1', '2'], inserts)).toBe('{"input":{"a":1,"b":[2,3,4]},"c":true}')
  })

  it('drops a payload with the value around it', () => {
    const start = at('[]')
    expect(render(['1'], [{ start, end: start + 2, text: 'null' }])).toBe(
      '{"input":{"a":1,"b":null},"c":true}',
    )
  })

  it('refuses edits that overlap or lie outside, and missing replacements', () => {
    const all = ['1', '2']
    const outside = [{ start: 0, end: 1000, text: '' }]
    const overlapping = [
      { start: 1, end: 4, text: '' },
      { start: 3, end: 5, text: '' },
    ]
    expect(() => render(all, outside)).toThrow(RangeError)
    expect(() => render(all, overlapping)).toThrow(RangeError)
    expect(() => render(['1'], [])).toThrow(RangeError)
  })
})
