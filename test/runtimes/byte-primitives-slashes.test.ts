import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { createNodeBytes } from '../../src/runtimes/node-bytes.ts'

const { unescapeSlashes } = createNodeBytes()

function unescaped(chunk: Uint8Array, from: number, to: number) {
  const result = unescapeSlashes?.(chunk, from, to)
  if (result === undefined) throw new Error('unescapeSlashes is missing')
  return { read: result.read, text: Buffer.from(result.text).toString('latin1') }
}

/** What comes before a backslash that is no `\/`, with its slashes unescaped. */
function unescapeSlowly(latin1: string) {
  const plain = /^(?:[^\\]|\\\/)*/.exec(latin1)?.[0] ?? ''
  return { read: plain.length, text: plain.replaceAll('\\/', '/') }
}

describe('unescapeSlashes', () => {
  it('unescapes a slash at every place, and stops before any other escape at every place', () => {
    const plain = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr'
    for (const spelled of ['\\/', '\\\\', '\\n', '\\u002f', '\\"', '\\/\\/', '\\']) {
      for (let at = 0; at <= plain.length; at++) {
        const text = plain.slice(0, at) + spelled + plain.slice(at)
        const chunk = Buffer.from(`/\\${text}/\\/`, 'latin1')
        expect(unescaped(chunk, 2, 2 + text.length)).toEqual(unescapeSlowly(text))
      }
    }
  })

  it('leaves an escape alone that is cut off', () => {
    const chunk = Buffer.from('AAAA\\/BB')
    expect(unescaped(chunk, 0, 5)).toEqual({ read: 4, text: 'AAAA' })
    expect(unescaped(chunk, 0, 6)).toEqual({ read: 6, text: 'AAAA/' })
    expect(unescaped(chunk, 5, 5)).toEqual({ read: 0, text: '' })
  })

  it('is not misled by what an earlier text has left', () => {
    unescaped(Buffer.alloc(300, '\\/'), 0, 300)
    expect(unescaped(Buffer.from('A\\'), 0, 2)).toEqual({ read: 1, text: 'A' })
    expect(unescaped(Buffer.from('A'), 0, 1)).toEqual({ read: 1, text: 'A' })
  })

  it('takes any bytes as a slow reference does, in steps where they are many', () => {
    const piece = fc.constantFrom('\\/', '\\/', 'A', 'B'.repeat(15), 'C'.repeat(70), '\xff\0"/')
    const texts = fc.array(piece, { minLength: 0, maxLength: 3000, size: 'max' })
    fc.assert(
      fc.property(texts, fc.boolean(), (pieces, broken) => {
        const text = pieces.join('') + (broken ? '\\nA' : '')
        const chunk = Buffer.from(text, 'latin1')
        const before = Buffer.from(chunk)
        let at = 0
        let whole = ''
        for (;;) {
          const { read, text: part } = unescaped(chunk, at, chunk.length)
          if (read === 0) break
          at += read
          whole += part
        }
        expect({ read: at, text: whole }).toEqual(unescapeSlowly(text))
        expect(chunk.equals(before)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('is absent where no module is given', () => {
    expect(createBytePrimitives()).not.toHaveProperty('unescapeSlashes')
  })
})

describe('decodeBase64 with Buffer', () => {
  const bytes = createBytePrimitives({ decoder: 'buffer' })
  const content = Buffer.from(Array.from({ length: 60_000 }, (_, at) => (at * at * 31) >> 3))

  function decode(text: string): Buffer | undefined {
    const chunk = Buffer.from(text, 'latin1')
    const target = Buffer.alloc((text.length / 4) * 3)
    const written = bytes.decodeBase64(chunk, 0, chunk.length, target, 0)
    return written === target.length ? target : undefined
  }

  it('is right whichever alphabet it guesses from the beginning', () => {
    const standard = content.toString('base64')
    const url = content.toString('base64url')
    for (const at of [0, 4, 400, 508, 512, 516, 4096, 65_532, 65_536, 70_000, 80_000]) {
      expect(decode(standard.slice(0, at) + url.slice(at))?.equals(content)).toBe(true)
      expect(decode(url.slice(0, at) + standard.slice(at))?.equals(content)).toBe(true)
    }
  })

  it('finds the foreign character in either', () => {
    for (const alphabet of ['base64', 'base64url'] as const) {
      const text = content.subarray(0, 900).toString(alphabet)
      for (let at = 0; at < text.length; at++) {
        for (const foreign of ['\\', '=', ' ', '\n', '\xff', '.']) {
          expect(decode(text.slice(0, at) + foreign + text.slice(at + 1))).toBeUndefined()
        }
      }
    }
  })
})
