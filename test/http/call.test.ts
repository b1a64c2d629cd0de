import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitUrl } from '../../src/http/call.ts'

test('splits whatever a URL parser wrote as the parser itself does', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab/?#.%2\\:@&= ü') })
  fc.assert(
    fc.property(
      fc.constantFrom('http://h', 'https://[::1]:80', 'http://u:p@h:1'),
      text,
      (at, rest) => {
        const url = URL.parse(`${at}/${rest}`)
        fc.pre(url !== null)
        const { pathname, search } = url
        expect(splitUrl(url.href)).toEqual({ pathname, search })
      },
    ),
  )
})
