import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Envelope } from '../../src/scrub/envelope.ts'
import { type Place, skim } from '../../src/scrub/skim.ts'
import { stringEnd } from '../../src/scrub/string-end.ts'

const bytes = {
  indexOfQuote: (chunk: Uint8Array, from: number) => chunk.indexOf(0x22, from),
  indexOfBackslash: (chunk: Uint8Array, from: number) => chunk.indexOf(0x5c, from),
  indexOf: () => -1,
  decodeBase64: () => -1,
  encodeBase64: () => {},
}
const encoder = new TextEncoder()
const decoder = new TextDecoder()

function end(text: string, from: number): number {
  // A view that begins anywhere in its buffer.
  const chunk = encoder.encode(`###${text}`).subarray(3)
  return stringEnd(bytes, new DataView(chunk.buffer, 3, chunk.length), chunk, from)
}

/** Position after the closing quote, byte by byte. */
function slowEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return -1
}

describe('stringEnd', () => {
  it('finds the first quote that no backslash escapes, wherever it stands', () => {
    const unit = fc.constantFrom('"', '\\', '\\', 'a', '!', '#', '\u0021', 'é', '\u0000', '¢')
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), fc.nat(8), (text, from) => {
        const binary = Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join(
          '',
        )
        expect(end(text, from)).toBe(slowEnd(binary, from))
      }),
      { numRuns: 5000 },
    )
  })

  it('finds it on both sides of the border where the native search takes over', () => {
    for (let length = 1000; length < 1060; length++) {
      for (let escapes = 0; escapes < 4; escapes++) {
        const text = `${'x'.repeat(length)}${'\\'.repeat(escapes)}"y"${'z'.repeat(length % 7)}`
        expect(end(text, 0)).toBe(slowEnd(text, 0))
        expect(end(text, 5)).toBe(slowEnd(text, 5))
      }
      expect(end('x'.repeat(length), 0)).toBe(-1)
      expect(end(`${'x'.repeat(length)}\\"`, 0)).toBe(-1)
    }
  })
})

/** Where a walk over a JSON text may stop between two tokens, told by a slow reading of it. */
function reference(text: string) {
  const stops = new Map<number, string>([[0, 'value 0']])
  let reach = text.length
  const stack: string[] = []
  let state: Place['state'] = 'value'
  let at = 0
  while (at < text.length) {
    const token = /^(?:[{}[\],:]|"(?:[^"\\]|\\.)*"|[\w.+-]+|\s)/u.exec(text.slice(at))?.[0] ?? ''
    if (token === '{' || token === '[') {
      stack.push(token)
      state = token === '{' ? 'key' : 'value'
    } else if (token === '}' || token === ']') {
      stack.pop()
      state = 'after'
    } else if (token === ',') state = stack.at(-1) === '{' ? 'key' : 'value'
    else if (token === ':') state = 'value'
    else if (token.trim() !== '') {
      const told = stack.length === 1 && /^"(?:id|status|error|output)"$/.test(token)
      const matters = told || /\\|s3_?config/i.test(token)
      if (state === 'key' && matters) reach = Math.min(reach, at)
      if (state !== 'key') state = 'after'
    }
    at += token.length
    stops.set(at, `${state} ${stack.length}`)
  }
  return { stops, reach }
}

const key = fc.constantFrom(
  'a',
  'bc',
  'label',
  'sorted',
  's3Config',
  's3_config',
  'id',
  'status',
  'output',
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(1, -0.5e-9, true, null, '', 's3Config', '"{,}\\', '\\\\"', 'x'.repeat(60)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}))

describe('skim', () => {
  it('stops between two tokens, before every key that matters', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1), fc.nat(400), (json, indent, cut) => {
        const text = JSON.stringify(json, undefined, indent).replace(/[^ -~\n]/g, '?')
        const { stops, reach } = reference(text)
        const place: Place = { at: 0, state: 'value', depth: 0, first: true }
        const isObject = new Uint8Array(513)
        skim(bytes, encoder.encode(text.slice(0, cut)), isObject, place, 'told')
        expect(place.at).toBeLessThanOrEqual(reach)
        expect(stops.get(place.at)).toBe(`${place.state} ${place.depth}`)
        // Never between a comma and the key after it: a dropped member takes its comma with it.
        const before = text.slice(0, place.at).trimEnd().at(-1)
        if (place.depth > 0 && isObject[place.depth] === 1) expect(before).not.toBe(',')
      }),
      { numRuns: 3000 },
    )
  })

  it('passes over all of a body without such keys but its last brace', () => {
    const records = Array.from({ length: 50 }, (_, i) => ({ index: i, box: [1, 2.5], ok: true }))
    const text = JSON.stringify({ records, note: 'a\\"b', idle: null })
    const place: Place = { at: 0, state: 'value', depth: 0, first: true }
    skim(bytes, encoder.encode(text), new Uint8Array(513), place, 'told')
    expect(place).toEqual({ at: text.length - 1, state: 'after', depth: 1, first: false })
  })

  it.each(['{"a":1]', '{"a" 1}', '{"a":1 "b":2}', '[1 2]', '{x}', '{"a":?}', '[1}', '[1:2]'])(
    'stops before what is no JSON: %s',
    (text) => {
      const place: Place = { at: 0, state: 'value', depth: 0, first: true }
      skim(bytes, encoder.encode(text), new Uint8Array(513), place, 'told')
      expect(place.at).toBeLessThan(text.length)
    },
  )
})

describe('Envelope', () => {
  function walk(text: string, size: number) {
    const envelope = new Envelope(bytes)
    const all = encoder.encode(text)
    let out = ''
    for (let at = 0; at < all.length; at += size) {
      for (const piece of envelope.write(all.slice(at, at + size))) out += decoder.decode(piece)
    }
    for (const piece of envelope.end()) out += decoder.decode(piece)
    return { out, id: envelope.id, status: envelope.status, settled: envelope.settled }
  }

  it('does the same whether it may skim or sees one byte at a time', () => {
    fc.assert(
      fc.property(
        value,
        fc.constantFrom(0, 1),
        fc.array(fc.tuple(fc.nat(400), fc.constantFrom('"', '}', ']', ',', ':', '\\', 'x', '')), {
          maxLength: 2,
        }),
        (json, indent, faults) => {
          let text = JSON.stringify({ id: 'j', output: json, status: 'S' }, undefined, indent)
          for (const [at, fault] of faults) {
            text = text.slice(0, at) + fault + text.slice(at + (fault === '' ? 1 : 0))
          }
          expect(walk(text, text.length + 1)).toEqual(walk(text, 1))
        },
      ),
      { numRuns: 3000 },
    )
  })
})
