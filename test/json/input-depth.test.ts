import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splice } from './splice.ts'

const file = Buffer.alloc(60, 'file')
const base64 = file.toString('base64')
const text = (value: unknown) => Buffer.from(JSON.stringify(value))

describe('requests that lie deeper in a document', () => {
  const documents = [
    [
      2,
      [
        { input: { a: base64 } },
        { policy: base64, input: [base64] },
        base64,
        [[base64]],
        { a: base64 },
      ],
    ],
    [
      3,
      {
        requests: [{ input: { a: base64 } }, [base64], { x: base64, input: { b: [base64] } }],
        input: { c: base64 },
      },
    ],
  ] as const
  const found = [
    ['/0/input/a', '/1/input/0'],
    ['/requests/0/input/a', '/requests/2/input/b/0'],
  ]

  test.each([0, 1])('have payloads in their inputs alone, cut anywhere (%i)', (which) => {
    const [inputDepth, value] = documents[which] ?? documents[0]
    const bytes = text(value)
    for (let at = 0; at <= bytes.length; at++) {
      const { payloads } = splice([bytes.subarray(0, at), bytes.subarray(at)], { inputDepth })
      expect(payloads.map(({ payload }) => payload.pointer)).toEqual(found[which])
      for (const { content } of payloads) expect(content.equals(file)).toBe(true)
    }
  })

  test('are told by where they are, whatever is around them', () => {
    const leaf = fc.oneof(fc.constant(base64), fc.integer(), fc.constant('short'))
    const key = fc.constantFrom('input', 'inpu\u0074', 'other', 'requests')
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(value, fc.constantFrom(1, 2, 3), fc.nat(), (document, inputDepth, cut) => {
        const bytes = text(document)
        const at = cut % (bytes.length + 1)
        const { payloads } = splice([bytes.subarray(0, at), bytes.subarray(at)], { inputDepth })
        expect(payloads.map(({ payload }) => payload.pointer)).toEqual(
          stringsIn(document)
            .filter((path) => path.length > inputDepth && isInput(document, path, inputDepth))
            .map(pointerOf),
        )
      }),
      { numRuns: 500 },
    )
  })
})

/** Paths of all long strings, in the order of the document. */
function stringsIn(value: unknown, path: string[] = []): string[][] {
  if (value === base64) return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) => stringsIn(member, [...path, name]))
}

/** Whether the member in so many containers is one of an object and is called `input`. */
function isInput(document: unknown, path: string[], depth: number): boolean {
  let container: unknown = document
  for (const name of path.slice(0, depth - 1)) container = Reflect.get(Object(container), name)
  return !Array.isArray(container) && path[depth - 1] === 'input'
}

const pointerOf = (path: string[]) => path.map((name) => `/${name}`).join('')
