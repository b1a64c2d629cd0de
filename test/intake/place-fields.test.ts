import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeFields } from '../../src/intake/place-fields.ts'

const refuse = ({ name }: { name: string }, reason: string) => new Error(`${name}: ${reason}`)

test('fields come into any object, of which every byte stays', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), {
    noNullPrototype: true,
  })
  fc.assert(
    fc.property(object, fc.jsonValue(), fc.nat(4), (value, inner, indent) => {
      const text = JSON.stringify({ ...value, Ω: { inner } }, undefined, indent)
      const fields = [
        { name: 'a', tokens: ['Ω', 'added'], append: false, text: '"a"' },
        { name: 'b', tokens: ['new', '0', 'b'], append: false, text: '"b"' },
      ]
      fc.pre(!Object.hasOwn(value, 'new'))
      const placed = new TextDecoder().decode(
        placeFields(new TextEncoder().encode(text), fields, refuse),
      )
      const expected = JSON.parse(text)
      expected['Ω'].added = 'a'
      expected.new = [{ b: 'b' }]
      expect(JSON.parse(placed)).toEqual(expected)
      expect(placed.replace(',"added":"a"', '').replace(',"new":[{"b":"b"}]', '')).toBe(text)
    }),
  )
})
