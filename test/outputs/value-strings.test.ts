import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ValueStrings } from '../../src/outputs/value-strings.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Every string that is found, in brackets. */
function run(text: string, cuts: readonly number[], maxBytes = 100): string {
  const strings = new ValueStrings(createBytePrimitives(), ['output', 'stream'], maxBytes)
  const all = encoder.encode(text)
  const out: number[] = []
  let from = 0
  const take = (pieces: ReturnType<ValueStrings['write']>) => {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) out.push(...piece)
      else {
        expect(decoder.decode(piece.raw)).toContain('"')
        expect(JSON.parse(decoder.decode(piece.raw))).toBe(piece.text)
        out.push(0x5b, ...piece.raw, 0x5d)
      }
    }
  }
  for (const to of [...cuts, all.length]) {
    const chunk = all.slice(from, to)
    take(strings.write(chunk))
    chunk.fill(0x23)
    from = to
  }
  take(strings.end())
  return decoder.decode(new Uint8Array(out))
}

function everyWay(text: string, maxBytes?: number): string {
  const whole = run(text, [], maxBytes)
  const { length } = encoder.encode(text)
  for (let cut = 0; cut <= length; cut++) expect(run(text, [cut], maxBytes), `${cut}`).toBe(whole)
  expect(
    run(
      text,
      Array.from({ length }, (_, i) => i),
      maxBytes,
    ),
  ).toBe(whole)
  return whole
}

describe('ValueStrings', () => {
  it('finds strings that are values, within its members alone', () => {
    const text =
      '{"id":"a","output":{"b":"c","d":["e",{"f":"g"}],"h":1}, "status" : "i","stream":["j"]}'
    expect(everyWay(text)).toBe(
      '{"id":"a","output":{"b":["c"],"d":[["e"],{"f":["g"]}],"h":1}, "status" : "i","stream":[["j"]]}',
    )
    expect(everyWay('{"output":"a"}\n')).toBe('{"output":["a"]}\n')
    expect(everyWay('{"x":{"output":"a"},"output":null,"y":"b"}')).not.toContain('["')
    expect(everyWay('{"o\\u0075tput":"a"}')).toBe('{"o\\u0075tput":["a"]}')
  })

  it('reads escapes, whatever they are', () => {
    const text = '{"output":["a\\"b","\\\\","\\u00e9/\\/é",""],"x":"\\"","y":"\\\\"}'
    expect(everyWay(text)).toBe(
      '{"output":[["a\\"b"],["\\\\"],["\\u00e9/\\/é"],[""]],"x":"\\"","y":"\\\\"}',
    )
  })

  it('leaves alone what is too long, and goes on behind it', () => {
    const long = `${'x'.repeat(20)}\\\\\\"${'y'.repeat(20)}`
    const text = `{"${long}":"${long}","output":["${long}","a",{"${long}":"b"}]}`
    expect(everyWay(text, 20)).toBe(
      `{"${long}":"${long}","output":["${long}",["a"],{"${long}":["b"]}]}`,
    )
  })

  it('passes what is no object of JSON', () => {
    for (const text of [
      '',
      '[{"output":"a"}]',
      '"output"',
      'data: {"output"',
      '{"output":"a',
      '}}',
    ]) {
      expect(everyWay(text)).toBe(text)
    }
    const deep = `{"output":${'['.repeat(600)}"a"`
    expect(run(deep, [100])).toBe(deep)
  })

  it('holds nothing back but a string that may be found', () => {
    const strings = new ValueStrings(createBytePrimitives(), ['output'], 100)
    const write = (text: string) =>
      strings
        .write(encoder.encode(text))
        .map((piece) => (piece instanceof Uint8Array ? decoder.decode(piece) : `[${piece.text}]`))
    expect(write('{"x":"abc')).toEqual(['{"x":"abc'])
    expect(write('def","output":{"k')).toEqual(['def","output":{"k'])
    expect(write('ey":"a')).toEqual(['ey":'])
    expect(write(`b"${','}"`)).toEqual(['[ab]', ',"'])
  })

  it('changes no byte of any document, and finds all there is', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.jsonValue(),
        fc.array(fc.nat(400), { maxLength: 5 }),
        (output, other, cuts) => {
          const text = JSON.stringify({ other, output })
          const sorted = cuts
            .sort((a, b) => a - b)
            .filter((cut) => cut < encoder.encode(text).length)
          const strings = new ValueStrings(createBytePrimitives(), ['output'], 10_000)
          const all = encoder.encode(text)
          const found: string[] = []
          const bytes: number[] = []
          let from = 0
          for (const to of [...sorted, all.length]) {
            for (const piece of strings.write(all.slice(from, to))) {
              if (!(piece instanceof Uint8Array)) found.push(piece.text)
              bytes.push(...(piece instanceof Uint8Array ? piece : piece.raw))
            }
            from = to
          }
          for (const piece of strings.end()) bytes.push(...piece)
          expect(decoder.decode(new Uint8Array(bytes))).toBe(text)
          expect(found).toEqual(stringsOf(JSON.parse(text).output))
        },
      ),
      { numRuns: 500 },
    )
  })
})

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : []
}
