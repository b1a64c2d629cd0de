import { describe, expect, it } from 'vitest'
import { binary, formsOf, jsonForms } from '../../src/scrub/forms.ts'

const literal = 'wJalrXUtnFEMI/K7MDENG+bPx=fi&CY'

/** Whether one of the forms stands in a text. */
function covers(text: string, of = literal): boolean {
  return formsOf(of).some(({ bytes }) => binary(text).includes(bytes))
}

function nested(text: string, depth: number, encode: (text: string) => string): string {
  let out = text
  for (let i = 0; i < depth; i++) out = encode(out)
  return out
}

function escaped(special: RegExp, upper: boolean) {
  return (text: string) =>
    JSON.stringify(text)
      .slice(1, -1)
      .replace(special, (character) => {
        const code = character.charCodeAt(0).toString(16).padStart(4, '0')
        return `\\u${upper ? code.toUpperCase() : code}`
      })
}

const plain = (text: string) => JSON.stringify(text).slice(1, -1)
const php = (text: string) => plain(text).replaceAll('/', '\\/')

describe('formsOf', () => {
  it.each([
    ['JSON.stringify', plain],
    ['PHP', php],
    ['Go', escaped(/[<>&]/g, false)],
    ['Gson', escaped(/[<>&=']/g, false)],
    ['System.Text.Json', escaped(/[+&<>'`]/g, true)],
    ['an encoder of all that is special, lower case', escaped(/[/+=&<>]/g, false)],
    ['an encoder of all that is special, upper case', escaped(/[/+=&<>]/g, true)],
  ])('covers what %s makes of a literal, up to three deep', (_, encode) => {
    for (let depth = 0; depth <= 3; depth++) {
      expect(covers(`x${nested(literal, depth, encode)}y`)).toBe(true)
      expect(covers(`x${plain(plain(encode(literal)))}y`)).toBe(true)
      expect(covers(`x${encode(plain(plain(literal)))}y`)).toBe(true)
    }
  })

  it('covers literals with quotes, backslashes and characters beyond ASCII', () => {
    const odd = 'quo"te\\ba/ck ünï😀'
    for (const encode of [plain, php, escaped(/[\u0080-\uffff]/g, false)]) {
      for (let depth = 0; depth <= 3; depth++) {
        expect(covers(nested(odd, depth, encode), odd)).toBe(true)
      }
    }
    expect(covers(encodeURIComponent(odd), odd)).toBe(true)
    expect(covers(new URLSearchParams({ a: odd }).toString(), odd)).toBe(true)
    expect(covers(new URL(`https://x/?${new URLSearchParams({ a: literal })}`).href)).toBe(true)
  })

  it('covers URL-encoding once and twice, in either case, within JSON too', () => {
    const once = encodeURIComponent(literal)
    const path = once.replaceAll('%2F', '/')
    for (const text of [once, path, encodeURIComponent(once), encodeURIComponent(path)]) {
      expect(covers(text)).toBe(true)
      expect(covers(text.replace(/%../g, (code) => code.toLowerCase()))).toBe(true)
      expect(covers(php(text))).toBe(true)
    }
  })

  it('covers base64 and base64url wherever the literal stands in what is encoded', () => {
    for (let before = 0; before < 7; before++) {
      for (let after = 0; after < 4; after++) {
        const text = btoa(`${'#'.repeat(before)}${literal}${'?'.repeat(after)}`)
        expect(covers(text)).toBe(true)
        expect(covers(text.replaceAll('+', '-').replaceAll('/', '_'))).toBe(true)
        expect(covers(php(text))).toBe(true)
        expect(covers(encodeURIComponent(text))).toBe(true)
      }
    }
  })

  it('covers hex in both cases', () => {
    const hex = Array.from(literal, (c) => c.charCodeAt(0).toString(16)).join('')
    expect(covers(hex)).toBe(true)
    expect(covers(hex.toUpperCase())).toBe(true)
  })

  it('has few forms for a literal of letters and digits, and none for one under eight bytes', () => {
    expect(formsOf('BW1K5QWY3DPEHPK3PXP0A').length).toBeLessThan(10)
    expect(formsOf(literal).length).toBeLessThan(200)
    expect(formsOf('1234567')).toEqual([])
    expect(formsOf('12345678').map(({ name }) => name)).toContain('hex')
    for (const { bytes } of formsOf('12345678')) expect(bytes.length).toBeGreaterThanOrEqual(8)
  })
})

describe('jsonForms', () => {
  it('leaves a text without special characters as it is', () => {
    expect(Array.from(jsonForms('a-b_c.d', 3))).toEqual(['a-b_c.d'])
  })
})
