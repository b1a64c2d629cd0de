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
