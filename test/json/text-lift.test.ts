import { describe, expect, it } from 'vitest'
import { compileRules } from '../../src/json/pointer.ts'
import type { LiftRule } from '../../src/json/rules.ts'
import { everyCut, splice, utf8 } from './splice.ts'

const rule: LiftRule = { pointer: '/t', stage: true, encoding: 'text' }
const options = { rules: compileRules([rule]) }

describe('TextLift', () => {
  it.each([
    ['plain', 'the quick brown fox jumps over the lazy dog, twice or thrice'],
    ['with escapes', 'a\\"b\\\\c\\/d\\ne\\u0000f\\"\\"'],
    ['beyond ASCII', 'Zwölf €uro für 😀 und 漢字ü'],
    ['as code units', '\\u00fc\\u20ac\\ud83d\\ude00\\uD83D\\uDE00x\\u0041'],
    ['that ends in an escaped quote', '12345678901234567890\\"'],
    ['that is one escaped quote', '\\"'],
    ['that is empty', ''],
  ])('unescapes text %s, whatever the room and the cut', (_, spelled) => {
    const expected = Buffer.from(String(JSON.parse(`"${spelled}"`)))
    const whole = utf8(`{"t":"${spelled}","u":1}`)
    for (const chunks of everyCut(whole)) {
      for (const roomBytes of [3, 6, 9, 12, 15, 18, 21, 60, 63]) {
        const { residue, payloads } = splice(chunks, options, roomBytes)
        expect(payloads[0]?.content).toEqual(expected)
        expect(Buffer.from(residue.bytes).toString()).toBe('{"t":,"u":1}')
      }
    }
  })
})
