import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Envelope } from '../../src/scrub/envelope.ts'

const bytes = {
  indexOfQuote: (chunk: Uint8Array, from: number) => chunk.indexOf(0x22, from),
  indexOfBackslash: (chunk: Uint8Array, from: number) => chunk.indexOf(0x5c, from),
  indexOf: () => -1,
  decodeBase64: () => -1,
  encodeBase64: () => {},
}
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function walk(text: string, cuts: readonly number[], dropMembers: readonly string[] = []) {
  const envelope = new Envelope(bytes, { dropMembers })
  const all = encoder.encode(text)
  const out: number[] = []
  let from = 0
  for (const to of [...cuts, all.length]) {
    // The chunk's buffer is spoilt afterwards, as a reused one would be.
    const chunk = all.slice(from, to)
    for (const piece of envelope.write(chunk)) for (const byte of piece) out.push(byte)
    chunk.fill(0x23)
    from = to
  }
  for (const piece of envelope.end()) for (const byte of piece) out.push(byte)
  const { id, status, hasOutput, hasError, separator } = envelope
  const facts = { hasOutput, hasError, separator }
  return { text: decoder.decode(new Uint8Array(out)), id, status, facts }
}

function everyWay(text: string, dropMembers: readonly string[] = []) {
  const whole = walk(text, [], dropMembers)
  const length = encoder.encode(text).length
  for (let cut = 0; cut <= length; cut++) expect(walk(text, [cut], dropMembers)).toEqual(whole)
  const each = Array.from({ length }, (_, i) => i)
  expect(walk(text, each, dropMembers)).toEqual(whole)
  return whole
}

describe('Envelope', () => {
  it.each([
    ['only', '{"s3Config":{"accessId":"x"}}', '{}'],
    ['only, with white space', '{ "s3Config" : { } \n}', '{  \n}'],
    ['first', '{ "s3Config":{"a":[1,{"b":"}"}]} , "x":1}', '{  "x":1}'],
    ['middle', '{"x":1, "s3Config":{"a":"\\"}"}, "y":2}', '{"x":1, "y":2}'],
    ['last', '{"x":1 ,\n "s3Config":{"a":null}\n}', '{"x":1\u0020\n}'],
    ['twice', '{"s3Config":{},"s3_config":{},"y":2}', '{"y":2}'],
    ['twice, later', '{"y":2,"S3CONFIG":{},"output_s3_config":{}}', '{"y":2}'],
    ['nested', '{"a":{"b":{"outputS3Config":{"k":1},"c":3}}}', '{"a":{"b":{"c":3}}}'],
    ['nested in itself', '{"s3Config":{"s3Config":{"x":1}},"c":3}', '{"c":3}'],
    ['in arrays', '[1,{"s3Config":{}},[{"a":0,"s3Config":{}}],"s"]', '[1,{},[{"a":0}],"s"]'],
    ['escaped', '{"\\u00733Conf\\u0069g":{"a":1},"c":3}', '{"c":3}'],
  ])('drops s3Config as the %s member with exactly one comma', (_, text, left) => {
    const { text: out } = everyWay(text)
    expect(out).toBe(left)
    JSON.parse(out)
  })

  it.each([
    '{"s3Config":"text","a":1}',
    '{"s3Config":null,"a":[{"s3Config":[{"a":1}]}]}',
    '{"a":"s3Config","b":{"s3ConfigX":{"c":1},"":{},"\\"s3Config":{"a":2}}}',
    `{"s3config_":{"a":1},"s3${'_'.repeat(24)}config":{"b":2}}`,
    '{"error":"{\\"s3Config\\":{\\"a\\":1}}"}',
    ' [1, 2.5e-3, true, false, null, "\\\\", "\\\\\\"", {}, []] \n',
    '{"a":1}\n{"b":[{"c":{}}]}\n',
    '"text"',
    '',
  ])('passes on %s unchanged', (text) => {
    expect(everyWay(text).text).toBe(text)
  })

  it.each([
    '<html>{"s3Config":{"a":1}}</html>',
    '{"a":1,"b"}{"s3Config":{}}',
    '{"a":1]',
    '{"a" 1, "s3Config":{}}',
    '{"a":1,"s3Conf',
    '{"a":1, "s3Config" : ',
    'data: {"s3Config":{}}\n\n',
    '\u{feff}{"s3Config":{}}',
  ])('passes on what is no JSON unchanged: %s', (text) => {
    expect(everyWay(text).text).toBe(text)
  })

  it('reports the top-level id and status, whatever their escapes', () => {
    const text =
      '{"output":{"id":"no","status":"no"},"st\\u0061tus":"COM\\u0050LETED","x":["id"],"id":"a-\\"u1"}'
    expect(everyWay(text)).toMatchObject({ text, id: 'a-"u1', status: 'COMPLETED' })
  })

  it.each([
    ['{"output":{}}', true, false, ','],
    ['{ }', false, false, ''],
    ['{"output":null,"error":"e"}', false, true, ','],
    ['{"out\\u0070ut":0,"error": null }', true, false, ','],
    ['{"x":{"output":1,"error":1}}', false, false, ','],
    ['{"s3Config":{"output":1}}', false, false, ''],
    ['[{"output":1}]', false, false, undefined],
    ['{"output":1', true, false, undefined],
    ['{"a":1}{"output":1}', false, false, undefined],
    ['"output"', false, false, undefined],
  ])(
    'reports whether there is an output or an error: %s',
    (text, hasOutput, hasError, separator) => {
      expect(everyWay(text).facts).toEqual({ hasOutput, hasError, separator })
    },
  )

  it.each([
    ['{"a":1,"b":2,"c":3}', '{"b":2}'],
    ['{"c":"\\"}","a":[{}],"b":null}', '{"b":null}'],
    ['{ "a" : -1.5 , "c":{"a":{}}, "b":{"a":1,"c":[2]} }', '{   "b":{"a":1,"c":[2]} }'],
    ['{"b":1,"\\u0061":true\n}\n', '{"b":1\n}\n'],
    ['[{"a":1}]', '[{"a":1}]'],
    ['{"a":1', '{'],
    ['{"a":1}', '{}'],
    ['{"a":"x', '{'],
  ])('drops top-level members of any value: %s', (text, left) => {
    expect(everyWay(text, ['a', 'c']).text).toBe(left)
  })

  it('reports nothing of ids that are not top-level strings', () => {
    expect(everyWay('[{"id":"a"}]').id).toBeUndefined()
    expect(everyWay('{"id":5,"a":{"id":"x"}}').id).toBeUndefined()
    expect(everyWay('{"aaaaa":1,"\u{feff}id":"a"}').id).toBeUndefined()
    expect(everyWay(`{"id":"${'x'.repeat(1100)}"}`).id).toBeUndefined()
  })

  it('passes on deep nesting and giant keys without growing', () => {
    const deep = `${'[{"a":'.repeat(100_000)}1`
    expect(walk(deep, [1000, 5000]).text).toBe(deep)
    const giant = `{"${'k'.repeat(1_000_000)}":{"s3Config":{}}}`
    const cuts = Array.from({ length: 200 }, (_, i) => i * 5000)
    expect(walk(giant, cuts).text).toBe(giant.replace('"s3Config":{}', ''))
  })

  it('drops exactly the members a parser would, for any JSON and chunks', () => {
    const key = fc.constantFrom('a', 's3Config', 's3_config', 'outputS3Config', 'id', 'é"\\')
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(1, -0.5, true, null, '', 's3Config', '"{,}\\', 'x'.repeat(60)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5 }),
      ),
    }))
    function without(one: unknown): unknown {
      if (Array.isArray(one)) return one.map(without)
      if (one === null || typeof one !== 'object') return one
      const kept = Object.entries(one).filter(
        ([name, member]) =>
          !/s3_?config/i.test(name) ||
          member === null ||
          typeof member !== 'object' ||
          Array.isArray(member),
      )
      return Object.fromEntries(kept.map(([name, member]) => [name, without(member)]))
    }
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1), fc.array(fc.nat(300)), (json, indent, cuts) => {
        const text = JSON.stringify(json, undefined, indent)
        const length = encoder.encode(text).length
        const sorted = cuts.filter((cut) => cut <= length).sort((a, b) => a - b)
        const out = walk(text, sorted).text
        expect(JSON.parse(out)).toEqual(without(json))
        if (indent === 0) expect(out).toBe(JSON.stringify(without(json)))
        const fewer = without(json)
        if (fewer !== null && typeof fewer === 'object' && !Array.isArray(fewer)) {
          const rest = Object.fromEntries(Object.entries(fewer).filter(([name]) => name !== 'a'))
          const left = walk(text, sorted, ['a']).text
          expect(JSON.parse(left)).toEqual(rest)
          if (indent === 0) expect(left).toBe(JSON.stringify(rest))
        }
      }),
      { numRuns: 1500 },
    )
  })
})
