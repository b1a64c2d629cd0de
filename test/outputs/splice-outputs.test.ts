import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { ReferenceFinder } from '../../src/outputs/splice-outputs.ts'
import { createNodeBytes } from '../../src/runtimes/node-bytes.ts'

const bytes = createNodeBytes()
const beginnings = ['bulkway-output://', 'https://gw.example/files/']
const utf8 = new TextEncoder()

/** What passes, with `<…>` where a reference was found. */
function found(chunks: readonly Uint8Array[]): string {
  const finder = new ReferenceFinder(bytes, beginnings)
  const out: Uint8Array[] = []
  const take = (pieces: ReturnType<ReferenceFinder['write']>) => {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) out.push(piece.slice())
      else {
        expect(JSON.parse(Buffer.from(piece.raw).toString())).toBe(piece.text)
        out.push(utf8.encode(`<${piece.text}>`))
      }
    }
  }
  for (const chunk of chunks) take(finder.write(chunk.slice()))
  take(finder.end())
  return Buffer.concat(out).toString()
}

/** The same however the text is cut: whole, in two at every byte, byte by byte. */
function atEveryCut(text: string): string {
  const all = utf8.encode(text)
  const whole = found([all])
  for (let at = 0; at <= all.length; at++) {
    expect(found([all.subarray(0, at), all.subarray(at)])).toBe(whole)
  }
  expect(found(Array.from(all, (byte) => Uint8Array.of(byte)))).toBe(whole)
  return whole
}

describe('references', () => {
  it.each([
    ['{"output":"bulkway-output://a/b?as=text"}', '{"output":<bulkway-output://a/b?as=text>}'],
    [
      '["bulkway-output://a" , "bulkway-output://b"]',
      '[<bulkway-output://a> , <bulkway-output://b>]',
    ],
    [
      '{"o":"https://gw.example/files/x/y#as=text"}',
      '{"o":<https://gw.example/files/x/y#as=text>}',
    ],
    ['"bulkway-output://a"', '<bulkway-output://a>'],
    [' "bulkway-output://a" \n', ' <bulkway-output://a> \n'],
    ['["bulkway-output:\\/\\/a\\/b?x\\u0026y"]', '[<bulkway-output://a/b?x&y>]'],
    ['["\\\\","bulkway-output://ä"]', '["\\\\",<bulkway-output://ä>]'],
    ['["\\\\\\\\","bulkway-output://a"]', '["\\\\\\\\",<bulkway-output://a>]'],
  ])('are found in %s', (text, expected) => {
    expect(atEveryCut(text)).toBe(expected)
  })

  it.each([
    '{"bulkway-output://a/b" : 1}',
    '["see bulkway-output://a/b"]',
    '["\\"bulkway-output://a/b\\""]',
    '["\\\\\\"bulkway-output://a/b\\\\\\""]',
    '["bulkway-output:/a"]',
    '["https://other.example/files/x","http:"]',
    '["bulkway-output://a',
    '["bulkway-output://a\\',
    '["bulkway-output://a\\"]',
    '["bulkway-output://a\nb"]',
    'no JSON "bulkway-output:',
    '',
    '"',
    'äöü " "b "bulk "bulkway-output',
  ])('are none in %s', (text) => {
    expect(atEveryCut(text)).toBe(text)
  })

  test('that are too long are none, nor is what white space keeps waiting', () => {
    for (const text of [
      `["bulkway-output://${'a'.repeat(20_000)}","bulkway-output://b"]`,
      `["bulkway-output://a"${' '.repeat(20_000)},"bulkway-output://b"]`,
    ]) {
      const expected = text.replace('"bulkway-output://b"', '<bulkway-output://b>')
      const all = utf8.encode(text)
      expect(found([all])).toBe(expected)
      expect(found(Array.from(all, (byte) => Uint8Array.of(byte)))).toBe(expected)
    }
  })

  test('hold nothing back but what may become one', () => {
    const finder = new ReferenceFinder(bytes, beginnings)
    const sent = (text: string) =>
      Buffer.concat(finder.write(utf8.encode(text)) as Uint8Array[]).toString()
    expect(sent('{"a":"b","c":1,')).toBe('{"a":"b","c":1,')
    expect(sent('"d":"bulk')).toBe('"d":')
    expect(sent('head",')).toBe('"bulkhead",')
    expect(sent('"https://gw.other/')).toBe('')
    expect(sent('x","y')).toBe('"https://gw.other/x","y')
  })
})

/** What `JSON.parse` sees of a document, each reference among its values marked. */
function marked(value: unknown): unknown {
  if (typeof value === 'string') {
    return beginnings.some((beginning) => value.startsWith(beginning)) ? `<${value}>` : value
  }
  if (Array.isArray(value)) return value.map(marked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]))
}

/** The same text with escapes where other encoders write them. */
function respelled(text: string, seed: number): string {
  const slashes = seed % 2 === 0 ? text : text.replaceAll('/', '\\/')
  return seed % 3 === 0 ? slashes.replaceAll('&', '\\u0026') : slashes
}

test('Of any document those are found that a parser would see, and nothing else is touched', () => {
  const atom = fc.constantFrom(
    ...['bulkway-output://', 'bulkway-output:/', 'https://gw.example/files/', 'https:', '"', '\\'],
    ...['a/b?as=text&type=x', '&', ' ', 'ü', '\n', ''],
  )
  const text = fc.array(atom, { maxLength: 5 }).map((atoms) => atoms.join(''))
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      text,
      fc.constantFrom(1, null, true),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  const cuts = fc.array(fc.nat(20), { maxLength: 30 })
  const property = fc.property(tree, fc.nat(5), fc.nat(2), cuts, (value, seed, indent, sizes) => {
    const spelled = respelled(JSON.stringify(value, null, indent), seed)
    const whole = utf8.encode(spelled)
    const chunks: Uint8Array[] = []
    let at = 0
    for (const size of sizes) {
      chunks.push(whole.subarray(at, at + size))
      at += size
    }
    const finder = new ReferenceFinder(bytes, beginnings)
    const pieces: Uint8Array[] = []
    const untouched: Uint8Array[] = []
    for (const chunk of [...chunks, whole.subarray(at), undefined]) {
      const out = chunk === undefined ? finder.end() : finder.write(chunk.slice())
      for (const piece of out) {
        const isBytes = piece instanceof Uint8Array
        untouched.push((isBytes ? piece : piece.raw).slice())
        pieces.push(isBytes ? piece.slice() : utf8.encode(JSON.stringify(`<${piece.text}>`)))
      }
    }
    expect(Buffer.concat(untouched).toString()).toBe(spelled)
    expect(JSON.parse(Buffer.concat(pieces).toString())).toEqual(marked(JSON.parse(spelled)))
  })
  fc.assert(property, { numRuns: 2000 })
})
