import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { createOutputEncoder } from '../../src/outputs/encode-output.ts'
import type { OutputForm } from '../../src/outputs/output-reference.ts'
import { createNodeBytes } from '../../src/runtimes/node-bytes.ts'

const utf8 = new TextEncoder()

function encoded(form: OutputForm, chunks: readonly Uint8Array[], type = 'image/png'): string {
  const encoder = createOutputEncoder(createNodeBytes(), form, type)
  const out = [encoder.begin().slice()]
  for (const chunk of chunks) out.push(encoder.write(chunk).slice())
  out.push(encoder.end().slice())
  return Buffer.concat(out).toString()
}

function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const out: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    out.push(bytes.subarray(at, at + size))
    at += size
  }
  return [...out, bytes.subarray(at)]
}

describe('an output as base64', () => {
  test('is what other encoders make of it, however its bytes are cut', () => {
    const cuts = fc.array(fc.nat(7), { maxLength: 20 })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), cuts, (bytes, sizes) => {
        const expected = Buffer.from(bytes).toString('base64')
        expect(JSON.parse(encoded('base64', pieces(bytes, sizes)))).toBe(expected)
        const uri = JSON.parse(encoded('data-uri', pieces(bytes, sizes)))
        expect(uri).toBe(`data:image/png;base64,${expected}`)
      }),
    )
  })

  test('is right over chunks of all sizes, the room used again', () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000))
    const expected = `"${Buffer.from(bytes).toString('base64')}"`
    expect(encoded('base64', pieces(bytes, [50_000, 1, 5000, 2]))).toBe(expected)
  })

  it('names a type with quotes in it', () => {
    const type = 'text/plain;charset="utf-8"'
    const uri = JSON.parse(encoded('data-uri', [utf8.encode('a')], type))
    expect(uri).toBe('data:text/plain;charset="utf-8";base64,YQ==')
  })
})

describe('an output as text', () => {
  test('is the text, escaped, however it is cut', () => {
    const cuts = fc.array(fc.nat(7), { maxLength: 20 })
    const texts = fc.string({ unit: 'binary', maxLength: 64 })
    fc.assert(
      fc.property(texts, cuts, (text, sizes) => {
        const bytes = utf8.encode(text)
        expect(JSON.parse(encoded('text', pieces(bytes, sizes)))).toBe(text)
      }),
    )
    const controls = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code))
    expect(JSON.parse(encoded('text', [utf8.encode(controls)]))).toBe(controls)
  })
})

describe('an output as JSON', () => {
  test('is its own text, however it is cut', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const bytes = utf8.encode(` ${json}\n`)
        for (let at = 0; at <= bytes.length; at++) {
          expect(encoded('json', [bytes.subarray(0, at), bytes.subarray(at)])).toBe(` ${json}\n`)
        }
      }),
      { numRuns: 30 },
    )
  })

  it.each(['NaN', '-Infinity', '"\\u0041\\""', '[]', '{}', '[[],{"a":{}}]', '1e9'])(
    'takes %s',
    (json) => {
      const bytes = utf8.encode(json)
      expect(
        encoded(
          'json',
          [...bytes].map((byte) => Uint8Array.of(byte)),
        ),
      ).toBe(json)
    },
  )

  it.each([
    '',
    ' ',
    '1,"status":"FAILED"',
    '1}',
    '{}]',
    '{"a":1',
    '{"a"}',
    '{"a":}',
    '{,}',
    '{"a":1,}',
    '{1:1}',
    '[1,]',
    '[1}',
    '{]',
    '"a',
    '"\\',
    '"\\x"',
    '"a\nb"',
    '"a""b"',
    '1 2',
    ',',
    ':',
    '#',
    '[1 2]',
    '\ufeff1',
    '['.repeat(10_001),
  ])('breaks off at %j', (json) => {
    const bytes = utf8.encode(json)
    expect(() => encoded('json', [bytes])).toThrow('no JSON value')
    expect(() =>
      encoded(
        'json',
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
      ),
    ).toThrow('no JSON value')
  })

  test('is taken where a parser takes it, words and numbers aside, and nowhere else', () => {
    const characters = fc.constantFrom(...'{}[]":,\\ a1u\n'.split(''))
    const tokens = fc.constantFrom('{"a":', '[', ']', '}', '"a"', ',', '1', ' ', '{}', '[1]')
    const texts = fc.oneof(
      fc.string({ unit: characters, maxLength: 12 }),
      fc.array(tokens, { maxLength: 8 }).map((some) => some.join('')),
    )
    let taken = 0
    fc.assert(
      fc.property(texts, fc.nat(12), (text, at) => {
        const plain = text.replace(/"(?:[^"\\\n]|\\["\\/bfnrtu])*"|[\w+.-]+/g, (token) =>
          token.startsWith('"') ? '"a"' : '0',
        )
        const bytes = utf8.encode(text)
        const run = () => encoded('json', [bytes.subarray(0, at), bytes.subarray(at)])
        if (isJson(plain)) {
          taken++
          expect(run()).toBe(text)
        } else expect(run, text).toThrow('no JSON value')
      }),
      { numRuns: 5000 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
