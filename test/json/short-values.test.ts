import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SplicerOptions } from '../../src/json/splicer.ts'
import { splice, utf8, verdict } from './splice.ts'

const watch = { watch: new Set(['s3Config', 'grün']), watchTop: new Set(['input', 'webhook']) }

/** One byte at a time no token is ever whole, so that only the scanner reads. */
function bytewise(whole: Uint8Array): Uint8Array[] {
  return Array.from(whole, (_, at) => whole.subarray(at, at + 1))
}

/** What comes of a document: the residue, members and payloads, or the verdict. */
function outcome(chunks: Uint8Array[], options: Partial<SplicerOptions>): unknown {
  let spliced: ReturnType<typeof splice> | undefined
  const told = verdict(() => {
    spliced = splice(chunks, options)
  })
  return spliced ?? told
}

function expectSame(text: string, options: Partial<SplicerOptions> = watch): unknown {
  const whole = utf8(text)
  const whatever = outcome([whole], options)
  expect(outcome(bytewise(whole), options), text).toEqual(whatever)
  for (const place of [1, 7, whole.length - 3, whole.length - 1]) {
    const at = Math.max(0, place)
    const chunks = [whole.subarray(0, at), whole.subarray(at)]
    expect(outcome(chunks, options), `${text} cut at ${at}`).toEqual(whatever)
  }
  return whatever
}

describe('ShortValues', () => {
  it.each([
    ...['0', '-0', '00', '01', '-01', '-', '--1', '+1', '.5', '1.', '1.5', '-1.05', '1.5.2', '1e5'],
    ...['1E+5', '1e', '1.e5', '1.5e-3', '1-2', '12a', '0x1', '1 2', '99999999999999999999'],
    ...['true', 'false', 'null', 'tru', 'trux', 'falsy', 'fa', 'nul', 'nulll', 'True', 't', 'nan'],
    ...['""', '"a"', '"a', '"\t"', '"\u007f"', '"ü"', '"\\n"', '"\\x"', '"a"b', "'a'", '\f1'],
    ...['[]', '{}', '[ ]', '{ }', '[,]', '{,}', '[1,]', '{"a":1,}', '[1 ,2 , 3]', '[1,,2]', ']'],
    ...[
      '{"a"}',
      '{"a":}',
      '{"a" : 1}',
      '{"a"\n:\r\n1}',
      '{"a"::1}',
      '{"a":1"b":2}',
      '{a:1}',
      '{1:1}',
    ],
    ...['{"a":1}', '{"":1}', '{"a":[{"b":[]},{}]}', '[[[]]]', '[[]', '{"a":{}', '[}', '{]', ''],
  ])('reads %j as the scanner does, wherever it stands', (value) => {
    for (const text of [value, `[${value}]`, `{"a":${value},"b":1}`, `[1,${value},2]`]) {
      expectSame(text)
      expectSame(`{"input":${text}}`)
    }
  })

  it('accepts what JSON.parse accepts and nothing else', () => {
    const token = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a":', '"input":', '"s3Config":', '"x"', '1', '-2.5'],
      ...['true', 'null', ' ', '\n', '1e3', '"\\u0041"', '{"a":1}', '[1,2]', '{"grün":{"a":[]}}'],
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = `{"input":[1,${tokens.join('')}]}`
        let valid = true
        try {
          JSON.parse(text)
        } catch {
          valid = false
        }
        const whatever = expectSame(text)
        expect(typeof whatever !== 'string', text).toBe(valid)
      }),
      { numRuns: 3000 },
    )
  })

  it('records the same watched members, however they are nested', () => {
    const key = fc.constantFrom(
      'input',
      'webhook',
      's3Config',
      's3Confih',
      'grün',
      'gr\\u00fcn',
      '',
    )
    const leaf = fc.constantFrom('1', '"x"', 'null', '[]', '{}', '"AAAABBBBCCCCDDDDEEEE"')
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(key, tie('value')), { maxLength: 3 })
          .map((list) => `{${list.map(([name, item]) => `"${name}":${item}`).join(',')}}`),
      ),
    }))
    fc.assert(
      fc.property(value, (text) => {
        expect(typeof expectSame(text)).toBe('object')
      }),
      { numRuns: 1000 },
    )
  })

  it('takes names of any letters and lengths to watch', () => {
    for (const name of ['', 'a', 'ü', 'é\n', 'x'.repeat(33), 'x'.repeat(120), '"', '\u{1f600}']) {
      const text = `{"a":{${JSON.stringify(name)}:[1]},${JSON.stringify(`${name}a`)}:2}`
      const spliced = splice([utf8(text)], { watch: new Set([name]) })
      const own = spliced.residue.members.filter(({ depth }) => depth === 2)
      expect(own.map((member) => member.name)).toEqual([name])
      expectSame(text, { watch: new Set([name]) })
    }
  })

  it('knows a name that is watched at the top and everywhere in either place', () => {
    const both = { watch: new Set(['a']), watchTop: new Set(['a', 'b']) }
    const { residue } = splice([utf8('{"a":1,"b":{"a":2,"b":3}}')], both)
    expect(residue.members.map(({ pointer }) => pointer)).toEqual(['/a', '/b', '/b/a'])
  })

  it('keeps every limit at its byte', () => {
    for (const length of [7, 8, 9, 15, 16, 17, 94, 95, 96, 97, 98, 99]) {
      const a = 'A'.repeat(length)
      expectSame(`{"input":{"a":"${a}","${a}":1}}`, { stageMinBytes: 16, keyBytes: 1024 })
      expectSame(`{"input":{"a":"${a}","${a}":1}}`, { stageMinBytes: 96, keyBytes: 8 })
      expectSame(`{"input":{"a":"${a}","${a}":1}}`, { stageMinBytes: 97, keyBytes: 96 })
      expectSame(`{"input":{"a":"${a} ","b":"${a}"}}`, { lift: false })
    }
    for (const nesting of [1, 2, 3, 4]) {
      expectSame('{"input":[[],{"a":{}}]}', { nesting })
      expectSame('[[[]]]', { nesting })
    }
  })
})

describe('keys', () => {
  it('keep a byte order mark, which makes another name of them', () => {
    const base64 = 'AAAABBBBCCCCDDDDEEEE'
    const text = `{"\uFEFFinput":{"s3\\u0043onfig":1},"input":{"\uFEFFs3\\u0043onfig":"${base64}"}}`
    const { residue, payloads } = splice([utf8(text)], watch)
    expect(payloads.map(({ payload }) => payload.pointer)).toEqual(['/input/\uFEFFs3Config'])
    expect(residue.members.map(({ pointer }) => pointer)).toEqual([
      '/\uFEFFinput/s3Config',
      '/input',
    ])
  })
})
