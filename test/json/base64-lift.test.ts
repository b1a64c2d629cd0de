import { describe, expect, it } from 'vitest'
import { SEXTETS } from '../../src/bytes/base64.ts'
import type { BytePrimitives } from '../../src/platform.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { createNodeBytes } from '../../src/runtimes/node-bytes.ts'
import { splice, utf8, verdict } from './splice.ts'

/** As strict as the contract says, one character at a time. */
const slow: BytePrimitives = {
  ...createBytePrimitives(),
  decodeBase64(chunk, from, to, target, at) {
    for (let read = from, write = at; read < to; read += 4, write += 3) {
      let bits = 0
      for (const byte of chunk.subarray(read, read + 4)) {
        const sextet = SEXTETS[byte] ?? -1
        if (sextet < 0) return -1
        bits = (bits << 6) | sextet
      }
      target.set([bits >> 16, bits >> 8, bits], write)
    }
    return ((to - from) / 4) * 3
  },
}

const content = Buffer.from(Array.from({ length: 1700 }, (_, at) => (at * at * 7 + at) >> 2))
const base64 = content.toString('base64').replaceAll('=', '')
const escaped = base64.replaceAll('/', '\\/')

function body(spelled: string): Uint8Array {
  return utf8(`{"input":{"a":"${spelled}"},"b":1}`)
}

function* pairsAt(whole: Uint8Array, cuts: Iterable<number>): Generator<Uint8Array[]> {
  yield [whole]
  for (const at of cuts) yield [whole.subarray(0, at), whole.subarray(at)]
}

/** One byte at a time no run is long enough for a fast way. */
function bytewise(whole: Uint8Array): Uint8Array[] {
  return Array.from(whole, (_, at) => whole.subarray(at, at + 1))
}

function everyOther(length: number, step: number): number[] {
  return Array.from({ length: Math.floor((length - 1) / step) }, (_, at) => 1 + at * step)
}

describe.each([
  ['all of Node', createNodeBytes(), 1],
  ['no unescapeSlashes', createBytePrimitives({ decoder: 'buffer' }), 1],
  ['a slow decoder', slow, 13],
  ['a slow decoder and unescapeSlashes', { ...createNodeBytes(), ...slow }, 13],
])('Base64Lift with %s', (_, bytes, step) => {
  const url = base64.replaceAll('+', '-').replaceAll('/', '_')
  const middle = (base64.length >> 3) * 4
  const escapedRest = base64.slice(middle).replaceAll('/', '\\/')
  it.each([
    ['escaped slashes', escaped],
    ['an escaped slash at the very end', `${escaped}\\/\\/\\/\\/`],
    ['nothing but escaped slashes', '\\/'.repeat(2000)],
    ['slashes escaped from the middle on', base64.slice(0, middle) + escapedRest],
    ['slashes escaped both ways', escaped.replaceAll('\\/A', '\\u002fA').replace('A', '\\u0041')],
    ['MIME lines of escaped slashes', escaped.replaceAll(/([^\\]{60}(?!\/))/g, '$1\\r\\n')],
    ['an alphabet that changes', url.slice(0, middle) + base64.slice(middle)],
    ['an alphabet that changes, escaped', url.slice(0, middle) + escapedRest],
    ['base64url', url],
  ])('decodes %s, wherever it is cut', (_, spelled) => {
    const whole = body(spelled)
    const text = String(JSON.parse(`"${spelled}"`))
    const expected = Buffer.from(text, 'base64')
    for (const chunks of pairsAt(whole, everyOther(whole.length, step))) {
      const { payloads } = splice(chunks, { bytes }, 999)
      expect(payloads[0]?.content.equals(expected)).toBe(true)
    }
    for (const roomBytes of [3, 6, 30, 48, 3000]) {
      const { payloads } = splice([whole], { bytes }, roomBytes)
      expect(payloads[0]?.content.equals(expected)).toBe(true)
    }
    expect(splice(bytewise(whole), { bytes }).payloads[0]?.content.equals(expected)).toBe(true)
  })

  it('finds the first fault, wherever it is, as byte by byte', () => {
    const faults = ['*', '\\u002a', '\\x', '\\"', '\\\\', '\\t', '=', '==', '==A', '\n', 'é']
    for (const fault of faults) {
      for (const at of everyOther(escaped.length, 37).slice(1)) {
        const cut = escaped[at - 1] === '\\' ? at + 1 : at
        const whole = body(escaped.slice(0, cut) + fault + escaped.slice(cut))
        const expected = verdict(() => splice(bytewise(whole), { bytes }))
        expect(expected).toMatch(/^invalid_/)
        for (const chunks of pairsAt(whole, [14 + cut, 15 + cut, 16 + cut, 17 + cut])) {
          expect(verdict(() => splice(chunks, { bytes }, 999))).toBe(expected)
        }
      }
    }
  })

  it('finds a fault beyond plain base64, wherever it is in a quad', () => {
    for (let at = 1100; at < 1120; at++) {
      for (const spelled of [escaped, base64]) {
        const whole = body(`${spelled.slice(0, at)}%${spelled.slice(at)}`)
        const expected = spelled[at - 1] === '\\' ? 'invalid_json' : 'invalid_payload'
        expect(verdict(() => splice([whole], { bytes }))).toBe(`${expected} ${15 + at} /input/a`)
      }
    }
  })

  it('takes padding behind an escaped run, and nothing behind padding', () => {
    const padded = `${'AA\\/A'.repeat(600)}\\/w==`
    const { payloads } = splice([body(padded)], { bytes }, 999)
    const expected = Buffer.from(padded.replaceAll('\\', ''), 'base64')
    expect(payloads[0]?.content.equals(expected)).toBe(true)
    for (const junk of ['A', '\\/', '=', '*', '\\u0041']) {
      const whole = body(padded + junk)
      const verdicts = [[whole], bytewise(whole)].map((chunks) =>
        verdict(() => splice(chunks, { bytes }, 999)),
      )
      expect(verdicts[0]).toBe(`invalid_payload ${15 + padded.length} /input/a`)
      expect(verdicts[1]).toBe(verdicts[0])
    }
  })

  it('decodes more than it takes at a time', () => {
    const large = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * at * 13) >> 4))
    const spelled = large.toString('base64').replaceAll('/', '\\/')
    const whole = body(spelled)
    for (const size of [whole.length, 65_536, 49_152, 50_001]) {
      const chunks = everyOther(whole.length + size, size).map((at) =>
        whole.subarray(at - 1, at - 1 + size),
      )
      const { payloads } = splice(chunks, { bytes, stageMinBytes: 65_536 }, 98_304)
      expect(payloads[0]?.content.equals(large)).toBe(true)
    }
  })
})
