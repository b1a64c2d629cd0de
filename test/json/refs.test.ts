import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRules } from '../../src/json/pointer.ts'
import type { FoundRef } from '../../src/json/residue.ts'
import type { LiftRule } from '../../src/json/rules.ts'
import type { SplicerOptions } from '../../src/json/splicer.ts'
import { everyCut, splice, utf8, verdict } from './splice.ts'

const id = 'abcdefghijklmnopqrstuvwxyz'
const ref = `bulkway:${id}`
const marked = { refMarker: 'bulkway:' }

const withRules = (...rules: Partial<LiftRule>[]): Partial<SplicerOptions> => ({
  ...marked,
  rules: compileRules(rules.map((rule) => ({ pointer: '', encoding: 'base64' as const, ...rule }))),
})

function refsOf(text: string, options: Partial<SplicerOptions> = marked): readonly FoundRef[] {
  return splice([utf8(text)], options).residue.refs
}

/** What a parser finds: every string value that begins with the marker, with its pointer. */
function walk(value: unknown, pointer = ''): { pointer: string; text: string }[] {
  if (typeof value === 'string') {
    return value.startsWith('bulkway:') ? [{ pointer, text: value }] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) =>
    walk(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}

describe('refs of a document', () => {
  it('are found at every depth, as values alone, however they are spelled, wherever it is cut', () => {
    const spelled = [
      ref,
      `\\u0062ulkway:${id}`,
      `b\\u0075lk\\u0077ay\\u003A${id}`,
      [...ref].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
      'bulkway:form\\/3',
      'bulkway:',
    ]
    const list = spelled.map((text) => `"${text}"`).join(' , ')
    const text = `{"input":{"${ref}":["bulkwax:", ${list}, "\\u0062", "b", "bulkway", "Bulkway:"],"a~/b":"${ref}"},"webhook":"${ref}","n":1}`
    const whole = utf8(text)
    const parsed = walk(JSON.parse(text))
    expect(parsed).toHaveLength(spelled.length + 2)
    for (const chunks of everyCut(whole)) {
      const { residue } = splice(chunks, marked)
      expect(residue.refs.map(({ pointer, text }) => ({ pointer, text }))).toEqual(parsed)
      for (const { start, end, text } of residue.refs) {
        expect(JSON.parse(Buffer.from(residue.bytes.subarray(start, end)).toString())).toBe(text)
      }
    }
  })

  it('are none without a marker', () => {
    expect(refsOf(`{"input":{"a":"${ref}"}}`, {})).toEqual([])
  })

  it('stay where they are whatever a rule says, and name it', () => {
    const rules = [
      { stage: true, pointer: '/input/*' },
      { stage: true, pointer: '/input/*', encoding: 'text' as const },
      { pointer: '/input/*', encoding: 'text' as const },
      { stage: false, pointer: '/input/*' },
    ]
    for (const rule of rules) {
      for (const spelled of [ref, `\\u0062ulkway:${id}`, `bulkway:${'x'.repeat(300)}`]) {
        const text = `{"input":{"a":"${spelled}"}}`
        for (const chunks of everyCut(utf8(text))) {
          const { residue, payloads } = splice(chunks, { ...withRules(rule), stageMinBytes: 16 })
          expect(payloads).toEqual([])
          expect(Buffer.from(residue.bytes).toString()).toBe(text)
          expect(residue.refs).toMatchObject([{ pointer: '/input/a', rule }])
        }
      }
    }
  })

  it('do not keep what merely begins like one from being lifted', () => {
    const texts = [
      '',
      'b',
      'bulk',
      'bulkway',
      'bulkwayA',
      'bulkway\\u0041',
      'bulkü',
      'data:',
      'dat',
    ]
    for (const rule of [
      { encoding: 'text' as const, stage: true },
      { encoding: 'text' as const },
    ]) {
      for (const text of texts) {
        const whole = utf8(`{"input":{"a":"${text}"}}`)
        const options = { ...withRules({ ...rule, pointer: '/input/a' }), stageMinBytes: 0 }
        for (const chunks of everyCut(whole)) {
          const { residue, payloads } = splice(chunks, options)
          expect(payloads.map(({ content }) => content.toString())).toEqual([
            JSON.parse(`"${text}"`),
          ])
          expect(residue.refs).toEqual([])
        }
      }
    }
    for (const text of ['bulk', 'bulkwayA', 'bulkwayABCDEFGHIJKL=', 'blkway+/']) {
      for (const chunks of everyCut(utf8(`{"input":{"a":"${text}"}}`))) {
        const { payloads } = splice(chunks, withRules({ stage: true, pointer: '/input/a' }))
        expect(payloads.map(({ content }) => content.toString('base64url'))).toEqual([
          Buffer.from(text, 'base64').toString('base64url'),
        ])
      }
    }
    expect(
      verdict(() =>
        splice(
          [utf8('{"input":{"a":"bulk way:"}}')],
          withRules({ stage: true, pointer: '/input/a' }),
        ),
      ),
    ).toMatch(/^invalid_payload 19 /)
  })

  it('are found behind payloads that were cut out before them', () => {
    const payload = Buffer.alloc(90, 7).toString('base64')
    const text = `{"input":{"p":"${payload}","a":"${ref}","q":"${payload}","b":"${ref}"}}`
    for (const chunks of everyCut(utf8(text))) {
      const { residue, payloads } = splice(chunks, marked)
      expect(payloads).toHaveLength(2)
      const spans = residue.refs.map(({ start, end }) =>
        Buffer.from(residue.bytes.subarray(start, end)).toString(),
      )
      expect(spans).toEqual([`"${ref}"`, `"${ref}"`])
    }
  })

  it('lose their text where it is longer than any ref', () => {
    const long = `bulkway:${'x'.repeat(248)}`
    expect(refsOf(JSON.stringify({ a: long }))).toMatchObject([{ text: long }])
    expect(refsOf(JSON.stringify({ a: `${long}x` }))).toMatchObject([{ text: 'bulkway:' }])
    expect(refsOf(JSON.stringify({ a: `${long}${'ü'.repeat(50_000)}` }))).toMatchObject([
      { text: 'bulkway:' },
    ])
  })

  it('are limited in number and in the length of their pointers', () => {
    const many = (count: number) => JSON.stringify({ a: Array.from({ length: count }, () => ref) })
    expect(refsOf(many(1000))).toHaveLength(1000)
    expect(() => refsOf(many(1001))).toThrow('Too many refs, the limit is 1000')
    expect(() => refsOf(many(3), { ...marked, refsMax: 2 })).toThrow('the limit is 2')
    let deep: unknown = ref
    for (let at = 0; at < 5; at++) deep = { ['k'.repeat(1000)]: deep }
    expect(() => refsOf(JSON.stringify(deep))).toThrow('shorter names')
  })

  it('are those that JSON.parse finds', () => {
    const text = fc.oneof(
      fc.constantFrom(ref, 'bulkway:', `bulkway:${id}x`, 'bulkway', ' bulkway:', 'bu', ''),
      fc.string({ unit: 'binary', maxLength: 12 }).map((rest) => `bulkway:${rest}`),
      fc.string({ maxLength: 12 }),
    )
    const document = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.constantFrom(1, true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(text, fc.string({ maxLength: 4 })), tie('value'), { maxKeys: 3 }),
      ),
    })).value
    /** Every character in one of its spellings, as `seed` will have it. */
    const respell = (json: string, seed: number): string =>
      json.replace(/"(?:[^"\\]|\\.)*"/g, (literal) => {
        const units = JSON.parse(literal) as string
        let spelled = ''
        for (let at = 0; at < units.length; at++) {
          const code = units.charCodeAt(at)
          const isEscaped = (at * 31 + seed) % 5 === 0 || (code >= 0xd800 && code <= 0xdfff)
          spelled += isEscaped
            ? `\\u${code.toString(16).padStart(4, '0')}`
            : JSON.stringify(units[at]).slice(1, -1)
        }
        return `"${spelled}"`
      })
    fc.assert(
      fc.property(document, fc.nat(), fc.integer({ min: 1, max: 40 }), (value, seed, step) => {
        const json = respell(JSON.stringify({ input: value }, null, seed % 3), seed)
        const whole = utf8(json)
        const chunks: Uint8Array[] = []
        for (let at = 0; at < whole.length; at += step) chunks.push(whole.subarray(at, at + step))
        const { residue } = splice(chunks, { ...marked, lift: false })
        const found = residue.refs.map(({ pointer, text }) => ({ pointer, text }))
        expect(found).toEqual(walk(JSON.parse(json)))
      }),
      { numRuns: 200 },
    )
  })
})
