import { describe, expect, it } from 'vitest'
import { compilePattern, escapeToken, parsePointer } from '../../src/json/pointer.ts'
import { Trail } from '../../src/json/trail.ts'

/** A trail to the value at `path`, its keys spelled as JSON text. */
function trailTo(path: readonly (string | number)[]): { trail: Trail; text: Uint8Array } {
  const text = new TextEncoder().encode(path.join(''))
  const trail = new Trail()
  let at = 0
  for (const token of path) {
    const { length } = new TextEncoder().encode(String(token))
    trail.open(typeof token === 'number')
    if (typeof token === 'number') for (let index = 0; index < token; index++) trail.nextElement()
    else trail.setKey(at, at + length)
    at += length
  }
  return { trail, text }
}

describe('a pointer pattern', () => {
  it.each([
    ['/input/images/*/image', ['input', 'images', 3, 'image'], true],
    ['/input/images/*/image', ['input', 'images', 'x', 'image'], true],
    ['/input/images/*/image', ['input', 'images', 3], false],
    ['/input/images/*/image', ['input', 'images', 3, 'images'], false],
    ['/input/3', ['input', 3], true],
    ['/input/3', ['input', '3'], true],
    ['/input/03', ['input', 3], false],
    ['/input/-', ['input', 0], false],
    ['/a~1b/m~0n', ['a/b', 'm~n'], true],
    ['/~01', ['~1'], true],
    ['/é', ['\\u00e9'], true],
    ['/a\\b', ['a\\\\b'], true],
    ['/', [''], true],
    ['', [], true],
    ['', ['a'], false],
  ] as const)('%j against %j: %j', (pattern, path, expected) => {
    const { trail, text } = trailTo(path)
    expect(trail.matches(compilePattern(pattern), text)).toBe(expected)
  })

  it.each(['input', '/a~', '/a~2'])('cannot be %j', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(TypeError)
  })
})

describe('a trail', () => {
  it('tells its pointer, tokens unescaped and escaped anew', () => {
    const { trail, text } = trailTo(['input', 2, 'a\\/b~\\u0041\\n', ''])
    expect(trail.pointer(text)).toBe('/input/2/a~1b~0A\n/')
    expect(parsePointer(trail.pointer(text))).toEqual(['input', '2', 'a/b~A\n', ''])
  })

  it('goes on to the next element', () => {
    const { trail, text } = trailTo(['a', 0])
    expect(trail.pointer(text)).toBe('/a/0')
    trail.nextElement()
    expect(trail.pointer(text)).toBe('/a/1')
    trail.close()
    trail.open(true)
    expect(trail.pointer(text)).toBe('/a/0')
  })
})

it('spells a token by RFC 6901', () => {
  expect(escapeToken('~1/')).toBe('~01~1')
})
