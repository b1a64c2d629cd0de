import { expect, test } from 'vitest'
import { place } from '../../src/client/place.ts'

test.each([
  [{}, 'image', { input: { image: 'x' } }],
  [{ input: { a: 1 } }, 'image', { input: { a: 1, image: 'x' } }],
  [{ input: {} }, 'images.0', { input: { images: ['x'] } }],
  [{ input: { images: ['a'] } }, 'images.1.mask', { input: { images: ['a', { mask: 'x' }] } }],
  [{ input: { images: ['a'] } }, 'images.-', { input: { images: ['a', 'x'] } }],
  [{ input: { images: ['a', 'b'] } }, 'images.0', { input: { images: ['x', 'b'] } }],
  [{}, '/input/a~1b/c~0d', { input: { 'a/b': { 'c~d': 'x' } } }],
  [{}, '/messages/0/content', { messages: [{ content: 'x' }] }],
  [{ input: { a: { 0: 'y' } } }, 'a.0', { input: { a: { 0: 'x' } } }],
])('places into %j at %s', (request, path, expected) => {
  const before = JSON.stringify(request)
  expect(place(request, path, 'x')).toEqual(expected)
  expect(JSON.stringify(request)).toBe(before)
})

test.each([
  [{ input: 'text' }, 'image'],
  [{ input: { a: null } }, 'a.b'],
  [{ input: ['a'] }, '2'],
  [{ input: ['a'] }, 'name'],
  [{}, ''],
  [{}, '/'],
  [{}, 'a..b'],
])('refuses to place into %j at %j', (request, path) => {
  expect(() => place(request, path, 'x')).toThrow(TypeError)
})

test('makes a member of a name that objects have by themselves', () => {
  const placed = place({}, '__proto__.polluted', 'x')
  expect(JSON.stringify(placed)).toBe('{"input":{"__proto__":{"polluted":"x"}}}')
  expect('polluted' in {}).toBe(false)
})
