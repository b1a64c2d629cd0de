import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SEXTETS } from '../../src/bytes/base64.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { decodeText } from './decode-text.ts'

type DecodeAll = (texts: readonly string[]) => readonly (string | null)[]

const program = fileURLToPath(new URL('./decode-natively.ts', import.meta.url))
const flags = 'setFromBase64' in Uint8Array.prototype ? [] : ['--js-base-64']

const decodeNatively: DecodeAll = (texts) =>
  JSON.parse(
    execFileSync(process.execPath, [...flags, program], {
      input: JSON.stringify(texts),
      encoding: 'utf8',
    }),
  )
const buffer = createBytePrimitives({ decoder: 'buffer' })
const decodeWithBuffer: DecodeAll = (texts) => texts.map((text) => decodeText(buffer, text))

describe.each([
  ['natively', decodeNatively],
  ['with Buffer', decodeWithBuffer],
] as const)('decodeBase64 %s', (_, decodeAll) => {
  it('decodes either alphabet, and both mixed', () => {
    const content = Buffer.from(Array.from({ length: 768 }, (_, at) => (at * 7) % 256))
    const standard = content.toString('base64')
    const texts = [standard, content.toString('base64url'), standard.replace('/', '_')]
    expect(decodeAll([...texts, ''])).toEqual([...texts.map(() => content.toString('hex')), ''])
  })

  it('decodes more than it takes at a time', () => {
    const content = Buffer.from(Array.from({ length: 150_000 }, (_, at) => (at * 31) % 251))
    const text = content.toString('base64')
    expect(decodeAll([text, `${text.slice(0, -1)}!`])).toEqual([content.toString('hex'), null])
  })

  it('answers -1 for every byte that is in neither alphabet, wherever it is', () => {
    const cases = Array.from({ length: 256 }, (_, byte) => byte).flatMap((byte) =>
      [0, 1, 5, 6, 7, 40, 79].map((at) => ({ byte, at })),
    )
    const whole = 'QUJD'.repeat(20)
    const results = decodeAll(
      cases.map(
        ({ byte, at }) => whole.slice(0, at) + String.fromCharCode(byte) + whole.slice(at + 1),
      ),
    )
    cases.forEach(({ byte, at }, index) => {
      expect(results[index] === null, `byte ${byte} at ${at}`).toBe((SEXTETS[byte] ?? -1) < 0)
    })
  })

  it('refuses padding and white space that would shorten the text', () => {
    const texts = ['AA==', 'AAA=', '====', '    ', 'AAAA\n\n\n\n', 'AA A', 'AAAAA===']
    expect(decodeAll(texts)).toEqual(texts.map(() => null))
  })
})

describe('createBytePrimitives', () => {
  it('has one verdict and one result, whatever decodes', () => {
    const legal = 'ABCDabcd0189+/-_'
    const quad = fc.string({ unit: fc.constantFrom(...legal), minLength: 4, maxLength: 4 })
    const foreign = fc.constantFrom(...legal, ...'=\n \\"*\u00ff')
    const anyQuad = fc.string({ unit: foreign, minLength: 4, maxLength: 4 })
    const quads = fc.array(
      fc.oneof({ weight: 20, arbitrary: quad }, { weight: 1, arbitrary: anyQuad }),
      { maxLength: 40 },
    )
    const samples = fc.array(quads, { minLength: 1000, maxLength: 1000, size: 'max' })
    fc.assert(
      fc.property(samples, (lists) => {
        const texts = lists.map((list) => list.join(''))
        const native = decodeNatively(texts)
        expect(native).toEqual(decodeWithBuffer(texts))
        texts.forEach((text, index) => {
          const allLegal = [...text].every((character) => legal.includes(character))
          expect(native[index] !== null).toBe(allLegal)
        })
      }),
      { numRuns: 2, endOnFailure: true },
    )
  })

  it('finds quotes and backslashes from an offset', () => {
    const bytes = createBytePrimitives()
    const chunk = new TextEncoder().encode('xx"a\\"ü"').subarray(1)
    expect(bytes.indexOfQuote(chunk, 0)).toBe(1)
    expect(bytes.indexOfQuote(chunk, 2)).toBe(4)
    expect(bytes.indexOfQuote(chunk, 8)).toBe(-1)
    expect(bytes.indexOfBackslash(chunk, 0)).toBe(3)
    expect(bytes.indexOfBackslash(chunk, 4)).toBe(-1)
  })
})

describe('encodeBase64', () => {
  it('encodes more than it takes at a time, within its place', () => {
    const content = Buffer.from(Array.from({ length: 60_003 }, (_, at) => (at * 31) % 251))
    for (const length of [0, 3, 12_288, 12_291, 60_000]) {
      const target = Buffer.alloc((length / 3) * 4 + 4, '#')
      buffer.encodeBase64(content.subarray(1), 2, length + 2, target, 2)
      const expected = content.subarray(3, length + 3).toString('base64')
      expect(target.toString()).toBe(`##${expected}##`)
    }
  })
})
