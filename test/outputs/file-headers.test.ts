import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentDisposition, fileHeaders, fileName } from '../../src/outputs/file-headers.ts'

/** Lone surrogates too: a worker may name its files anything. */
const codePoint = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code))

describe('the headers of a file', () => {
  it('make it a download that no page of the gateway can be made of', () => {
    expect(Object.fromEntries(fileHeaders('out/evil.html'))).toEqual({
      'cache-control': 'private',
      'content-disposition': `attachment; filename="evil.html"; filename*=UTF-8''evil.html`,
      'content-security-policy': "default-src 'none'; sandbox",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })

  it('name it in ASCII for old clients and in full for all others', () => {
    const names: [string, string, string][] = [
      ['naïve.png', 'na_ve.png', 'na%C3%AFve.png'],
      ['日本.png', '__.png', '%E6%97%A5%E6%9C%AC.png'],
      ['😀.gif', '_.gif', '%F0%9F%98%80.gif'],
      ['a"b.txt', 'a_b.txt', 'a%22b.txt'],
      ["it's (1)*.txt", "it's (1)*.txt", 'it%27s%20%281%29%2A.txt'],
      ['100%25.txt', '100_25.txt', '100%2525.txt'],
      ['a\r\nSet-Cookie: x', 'a__Set-Cookie: x', 'a__Set-Cookie%3A%20x'],
    ]
    for (const [name, plain, full] of names) {
      expect(contentDisposition(`out/${name}`)).toBe(
        `attachment; filename="${plain}"; filename*=UTF-8''${full}`,
      )
    }
  })

  it('take the last name of a path of either kind', () => {
    expect(fileName('a/b/c.png')).toBe('c.png')
    expect(fileName('a\\b\\c.png')).toBe('c.png')
    expect(fileName('a/b/')).toBe('b')
    for (const path of ['', '/', '.', 'a/..']) expect(fileName(path)).toBe('file')
  })

  it('are valid for any path, and give its name back', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint, maxLength: 30 }), (path) => {
        const header = fileHeaders(path).get('content-disposition') ?? ''
        const match = /^attachment; filename="([^"\\%]*)"; filename\*=UTF-8''([\w.~%-]+)$/.exec(
          header,
        )
        expect(match?.[1]).toMatch(/^[\x20-\x7e]+$/)
        expect(decodeURIComponent(match?.[2] ?? '')).toBe(fileName(path))
      }),
    )
  })
})
