import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Finder, type Found } from '../../src/scrub/matcher.ts'
import { compilePatterns } from '../../src/scrub/patterns.ts'

function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** Every occurrence, found the slow way. */
function reference(text: string, patterns: readonly string[]): string[] {
  const out: string[] = []
  for (const pattern of new Set(patterns)) {
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
      out.push(`${at}:${pattern}`)
    }
  }
  return out.sort()
}

/** The longest end of the text that begins a pattern, found the slow way. */
function heldLength(text: string, patterns: readonly string[]): number {
  let longest = 0
  for (const pattern of patterns) {
    for (let n = Math.min(pattern.length - 1, text.length); n > longest; n--) {
      if (text.endsWith(pattern.slice(0, n))) longest = n
    }
  }
  return longest
}

function findAll(text: string, patterns: readonly string[], cuts: readonly number[]) {
  const compiled = compilePatterns(patterns.map((bytes) => ({ bytes, tag: bytes })))
  const finder = new Finder(compiled)
  const out: string[] = []
  let base = 0
  let seen = 0
  for (const to of [...cuts, text.length]) {
    const found: Found<string>[] = []
    const hold = finder.find(toBytes(text.slice(base, to)), seen - base, found)
    for (const { start, end, tag } of found) {
      expect(text.slice(base + start, base + end)).toBe(tag)
      out.push(`${base + start}:${tag}`)
    }
    expect(to - base - hold).toBe(heldLength(text.slice(0, to), patterns))
    base += hold
    seen = to
  }
  return { found: out.sort(), fellBack: finder.fellBack }
}

const letters = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength })

describe('Finder', () => {
  it('finds every occurrence, overlapping and nested, and holds back no more than needed', () => {
    fc.assert(
      fc.property(
        fc.array(letters(4, 12), { minLength: 1, maxLength: 8 }),
        letters(0, 120),
        fc.array(fc.nat(120), { maxLength: 8 }),
        (patterns, text, cuts) => {
          const sorted = cuts.filter((cut) => cut <= text.length).sort((a, b) => a - b)
          expect(findAll(text, patterns, sorted).found).toEqual(reference(text, patterns))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('finds long patterns, one byte at a time as well', () => {
    fc.assert(
      fc.property(
        fc.array(letters(20, 60), { minLength: 1, maxLength: 5 }),
        fc.array(fc.oneof(fc.nat(4), letters(0, 9)), { maxLength: 6 }),
        (patterns, parts) => {
          const text = parts
            .map((part) => (typeof part === 'number' ? (patterns[part] ?? 'ab') : part))
            .join('')
          const each = Array.from(text, (_, i) => i)
          expect(findAll(text, patterns, each).found).toEqual(reference(text, patterns))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('falls back on hostile repeats, without loss and in linear time', () => {
    const patterns = ['a'.repeat(300), `${'a'.repeat(299)}b`, 'aaaab'.repeat(9)]
    const compiled = compilePatterns(patterns.map((bytes) => ({ bytes, tag: bytes })))
    const finder = new Finder(compiled)
    const view = new Uint8Array(4_000_000).fill(0x61)
    for (let at = 299; at < view.length; at += 299) view[at] = 0x63
    const found: Found<string>[] = []
    const began = performance.now()
    finder.find(view, 0, found)
    expect(performance.now() - began).toBeLessThan(2000)
    expect(finder.fellBack).toBe(true)
    const text = `${'a'.repeat(900)}b${'aaaab'.repeat(60)}`
    const each = Array.from({ length: 40 }, (_, i) => i * 30)
    const slow = findAll(`${'a'.repeat(3000)}c${text}`, patterns, each)
    expect(slow.fellBack).toBe(true)
    expect(slow.found).toEqual(reference(`${'a'.repeat(3000)}c${text}`, patterns))
  })

  it('finds nothing and holds nothing without patterns', () => {
    expect(findAll('any text', [], [3])).toEqual({ found: [], fellBack: false })
  })

  it('refuses patterns of fewer than four bytes', () => {
    expect(() => compilePatterns([{ bytes: 'abc', tag: 0 }])).toThrow(RangeError)
  })
})
