import { expect, it } from 'vitest'
import { parseDataUriHead } from '../../src/json/data-uri.ts'

it.each([
  ['data:image/png;base64,', 'image/png'],
  ['DATA:Image/PNG;Base64,', 'image/png'],
  ['data:image/svg+xml;charset=UTF-8;base64,', 'image/svg+xml;charset=UTF-8'],
  ['data:;base64,', undefined],
  ['data:;charset=utf-8;base64,', undefined],
  ['data:nonsense;base64,', undefined],
  ['data:a/b;x=\r\ny;base64,', undefined],
])('reads the media type of %j', (head, mediaType) => {
  expect(parseDataUriHead(head)).toEqual({ mediaType })
})

it.each([
  'data:image/png,',
  'data:base64,',
  'image/png;base64,',
  'data:a/b;base64',
  'data:a,b;base64,',
])('refuses %j', (head) => {
  expect(parseDataUriHead(head)).toBeUndefined()
})
