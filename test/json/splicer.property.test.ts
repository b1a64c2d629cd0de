import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderResidue } from '../../src/json/render.ts'
import { splice, utf8, verdict } from './splice.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JSON text with free white space, spellings, duplicate keys and numbers. */
function documents(): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n')
  const spelledAs = (text: string, variant: number): string =>
    [...text]
      .map((character, at) => {
        const plain = JSON.stringify(character).slice(1, -1)
        const unit = character.length === 1 && (at * 7 + variant) % 11 === 0
        if (unit) return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
        return character === '/' && variant % 2 === 0 ? '\\/' : plain
      })
      .join('')
  const content = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64')),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    fc
      .uint8Array({ minLength: 12, maxLength: 60 })
      .map((bytes) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`),
  )
  const text = fc
    .tuple(content, fc.nat(10))
    .map(([value, variant]) => `"${spelledAs(value, variant)}"`)
  const key = fc.oneof(fc.constantFrom('"a"', '"a"', '"\\u0061"', '"input"'), text)
  const leaf = fc.oneof(
    { weight: 4, arbitrary: text },
    {
      weight: 1,
      arbitrary: fc.constantFrom('-0', '1e400', '12345678901234567890', '1.50', '0E-0'),
    },
    { weight: 1, arbitrary: fc.constantFrom('true', 'false', 'null', '{}', '[]', '""') },
  )
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc
        .tuple(fc.array(tie('value'), { maxLength: 4 }), space)
        .map(([items, gap]) => `[${items.map((item) => gap + item + gap).join(',')}]`),
      fc
        .tuple(fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }), space)
        .map(([entries, gap]) => {
          const list = entries.map(([name, item]) => `${gap}${name}${gap}:${gap}${item}`)
          return `{${list.join(',')}}`
        }),
    ),
  }))
  return fc.tuple(value, space).map(([item, gap]) => `${gap}{"input":${item},"z":1}${gap}`)
}

function cuts(whole: Uint8Array, seed: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let state = seed
  for (let at = 0; at < whole.length; ) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    const length = 1 + (state % (seed % 2 === 0 ? 7 : 60))
    chunks.push(whole.subarray(at, at + length))
    at += length
  }
  return chunks
}

/** The string tokens of valid JSON text, with their spans. */
function strings(text: string): { raw: string; start: number }[] {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"/gs)].map((match) => ({
    raw: match[0],
    start: match.index,
  }))
}

describe('JsonSplicer', () => {
  it('gives back the document when payloads are put back', () => {
    fc.assert(
      fc.property(documents(), fc.nat(), fc.constantFrom(3, 9, 300), (text, seed, roomBytes) => {
        const whole = utf8(text)
        let spliced: ReturnType<typeof splice>
        try {
          spliced = splice(cuts(whole, seed), {}, roomBytes)
        } catch (error) {
          // Text that merely looks like base64 for 16 bytes is refused by intent.
          expect(error).toMatchObject({ code: 'invalid_payload' })
          return
        }
        const latin1 = Buffer.from(whole).toString('latin1')
        const tokens = strings(latin1)
        let cutBefore = 0
        const originals = spliced.residue.payloads.map(({ at }) => {
          const token = tokens.find(({ start }) => start === at + cutBefore)
          if (token === undefined) throw new Error(`no string at ${at + cutBefore}`)
          cutBefore += token.raw.length
          return token.raw
        })
        const rendered = renderResidue(spliced.residue, originals, [])
        expect(Buffer.from(rendered).equals(Buffer.from(whole))).toBe(true)
        originals.forEach((raw, index) => {
          const value = String(JSON.parse(raw)).replace(/^data:.*,/, '')
          const content = spliced.payloads[index]?.content
          expect(content?.equals(Buffer.from(value, 'base64'))).toBe(true)
        })
        const mustLift = tokens.filter(({ raw, start }) => {
          const value = !/^\s*:/.test(latin1.slice(start + raw.length))
          return value && /^"[\w+/-]{16,}"$/.test(raw)
        })
        const lifted = new Set(originals)
        const inObject = !/^\s*\{"input":\s*"/.test(latin1)
        if (inObject) for (const { raw } of mustLift) expect(lifted).toContain(raw)
      }),
      { numRuns: 400 },
    )
  })

  it('accepts what JSON.parse accepts and nothing else', () => {
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      kind: fc.constantFrom('replace', 'insert', 'delete', 'truncate'),
      byte: fc.oneof(
        fc.constantFrom(...Buffer.from('"\\{}[],:0-.eEtfnu/ \n\t+')),
        fc.integer({ min: 0, max: 255 }),
      ),
    })
    let refused = 0
    fc.assert(
      fc.property(
        documents(),
        fc.array(mutation, { maxLength: 2 }),
        fc.nat(),
        (text, list, seed) => {
          let whole = Buffer.from(text)
          for (const { at, kind, byte } of list) {
            const cut = Math.floor(at * whole.length)
            const middle = kind === 'replace' || kind === 'insert' ? [byte] : []
            const skip = kind === 'insert' ? 0 : kind === 'truncate' ? whole.length : 1
            whole = Buffer.concat([
              whole.subarray(0, cut),
              Buffer.from(middle),
              whole.subarray(cut + skip),
            ])
          }
          let valid = true
          try {
            JSON.parse(decoder.decode(whole))
          } catch {
            valid = false
          }
          refused += valid ? 0 : 1
          // Without lifting, the verdict is JSON.parse's alone.
          const plain = verdict(() => splice([whole], { lift: false }))
          expect(plain.split(' ')[0]).toBe(valid ? 'accepted' : 'invalid_json')
          const inOne = verdict(() => splice([whole]))
          expect(verdict(() => splice(cuts(whole, seed)))).toBe(inOne)
          if (inOne === 'accepted') expect(valid).toBe(true)
          if (inOne.startsWith('invalid_json')) expect(valid).toBe(false)
        },
      ),
      { numRuns: 600 },
    )
    expect(refused).toBeGreaterThan(100)
  })
})
