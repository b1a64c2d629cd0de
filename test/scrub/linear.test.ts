import { describe, expect, it } from 'vitest'
import { onceBody } from '../../src/bytes/once-body.ts'
import { Secret } from '../../src/log.ts'
import type { Platform } from '../../src/platform.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { cleanBody } from '../../src/scrub/clean.ts'
import { compileSecrets } from '../../src/scrub/compiled-secrets.ts'
import { Finder, type Found } from '../../src/scrub/matcher.ts'
import { Scrubber } from '../../src/scrub/scrubber.ts'

const texts = [
  'BW1K5QWY3DPEHPK3PXP0A',
  'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  `https://files.example/b/k?X-Amz-Signature=${'0123456789abcdef'.repeat(4)}`,
  `rpa_${'aaab'.repeat(10)}`,
]
const anchors = { bases: ['https://gw.example/s3'], signedHosts: ['gw.example'] }
const secrets = compileSecrets(texts.map((text) => ({ kind: 'key', value: new Secret(text) })))
const patterns = secrets.with(anchors)

/** Texts made of the secrets' own pieces: as much as can be without a secret in it, or with. */
const hostile: readonly (readonly [string, string])[] = [
  ['one 4-gram of a secret', texts[1]?.slice(8, 12) ?? ''],
  ['a secret but for its last byte', (texts[2] ?? '').slice(0, -1)],
  ['a secret but for its first byte', (texts[2] ?? '').slice(1)],
  ['the middle of every secret', texts.map((text) => text.slice(2, -2)).join('')],
  ['the period of a secret', 'aaab'],
  ['a secret itself', texts[0] ?? ''],
]

function textOf(unit: string, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => unit.charCodeAt(i % unit.length))
}

/** Comparisons and steps of the fallback over `bytes` of text, in chunks. */
function workOver(unit: string, bytes: number): number {
  let steps = 0
  const finder = new Finder({
    ...patterns,
    automaton() {
      const automaton = patterns.automaton()
      return {
        ...automaton,
        step(state, byte) {
          steps++
          return automaton.step(state, byte)
        },
      }
    },
  })
  const text = textOf(unit, bytes)
  let [base, seen] = [0, 0]
  for (let to = 4096; to <= bytes; to += 4096) {
    const found: Found<unknown>[] = []
    base += finder.find(text.subarray(base, to), seen - base, found as never)
    seen = to
  }
  return finder.compared + steps
}

describe('Finder', () => {
  it.each(hostile)('does work in proportion to the text, made of %s', (_, unit) => {
    const size = 1 << 18
    const once = workOver(unit, size)
    const twice = workOver(unit, 2 * size)
    expect(twice - once).toBeLessThanOrEqual(1.1 * Math.max(once, size))
    expect(twice).toBeLessThanOrEqual(5 * 2 * size + 2 * 65_536)
  })
})

describe('Scrubber', () => {
  it('masks a chunk of links and secrets side by side in one go', () => {
    const unit = `"https://gw.example/s3/a" ${texts[0]} `
    const scrubber = new Scrubber({ ...anchors, secrets })
    const outputs = [...scrubber.write(textOf(unit, unit.length * 2000)), ...scrubber.end()]
    let out = ''
    for (const one of outputs) {
      out += one instanceof Uint8Array ? String.fromCharCode(...one) : `<${one.link}>`
    }
    const masked = `"<https://gw.example/s3/a>" ${'*'.repeat(21)} `
    expect(out === masked.repeat(2000)).toBe(true)
  })
})

describe('Scrubber with shapes', () => {
  it('looks at each value once, and not at all that follows it', () => {
    // Gigabytes of text where each hit decodes the rest.
    const unit = 'X-Amz-Signature=a '
    const shapes = ['presigned-url'] as const
    const scrubber = new Scrubber({ ...anchors, secrets: compileSecrets([]), shapes })
    const outputs = [...scrubber.write(textOf(unit, unit.length * 100_000)), ...scrubber.end()]
    let length = 0
    for (const one of outputs) if (one instanceof Uint8Array) length += one.length
    expect(length).toBe(unit.length * 100_000)
  })
})

describe('cleanBody', () => {
  it('looks through a chunk of any size piece by piece, and takes as long for each', async () => {
    const bytes = createBytePrimitives()
    let largest = 0
    const platform = {
      bytes: {
        ...bytes,
        indexOf(chunk: Uint8Array, needle: Uint8Array, from: number) {
          largest = Math.max(largest, chunk.length)
          return bytes.indexOf(chunk, needle, from)
        },
      },
    } as Platform
    // Far more than a test's time where each URL moves all that follow.
    const chunk = textOf(`${'http://gw.example/a '.repeat(4)}${' '.repeat(90)}`, 1 << 22)
    const body = cleanBody(platform, onceBody(chunk), {
      secrets,
      signedHosts: anchors.signedHosts,
      shapes: ['runpod-key'],
      json: false,
    })
    let length = 0
    for (;;) {
      const piece = await body.read()
      if (piece === undefined) break
      length += piece.length
    }
    expect(length).toBe(chunk.length)
    expect(largest).toBeGreaterThan(0)
    expect(largest).toBeLessThan(2 * 65_536)
  })
})
