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

  it.each([
    ['JSON', plain],
    ['JSON of JSON', (text: string) => plain(plain(text))],
    ['JSON of JSON of JSON', (text: string) => plain(plain(plain(text)))],
    ['PHP', php],
    ['a URL', encodeURIComponent],
    ['a URL of a URL', (text: string) => encodeURIComponent(encodeURIComponent(text))],
    ['a form', (text: string) => new URLSearchParams({ '': text }).toString().slice(1)],
    ['JSON of URL-encoded text', (text: string) => plain(encodeURIComponent(text))],
    ['URL-encoded JSON', (text: string) => encodeURIComponent(plain(text))],
    ['XML', (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
    ['base64', btoa],
  ])('covers base64, base64url and hex of %s', (_, inner) => {
    for (let before = 0; before < 4; before++) {
      const bytes = Buffer.from(`${'#'.repeat(before)}${inner(literal)}, and more`)
      expect(covers(bytes.toString('base64'))).toBe(true)
      expect(covers(bytes.toString('base64url'))).toBe(true)
      expect(covers(php(bytes.toString('base64')))).toBe(true)
      expect(covers(encodeURIComponent(bytes.toString('base64')))).toBe(true)
      if (inner === btoa) continue
      expect(covers(bytes.toString('hex'))).toBe(true)
      expect(covers(bytes.toString('hex').toUpperCase())).toBe(true)
    }
  })

  it.each(['BW1K5QWY3DPEHPK3PXP0A', literal, 'quo"te\\ba/ck ünï😀'])(
    'covers %s escaped character by character',
    (of) => {
      let units = ''
      for (let i = 0; i < of.length; i++) {
        units += `\\u${of.charCodeAt(i).toString(16).padStart(4, '0')}`
      }
      const upper = units.replace(/[a-f]/g, (digit) => digit.toUpperCase())
      for (const text of [units, upper, plain(units), plain(plain(units))]) {
        expect(covers(text, of)).toBe(true)
      }
      const percent = Buffer.from(of).toString('hex').replace(/../g, '%$&')
      for (const text of [percent, percent.toUpperCase()]) expect(covers(text, of)).toBe(true)
      expect(covers(percent.toUpperCase().replaceAll('%', '%25'), of)).toBe(true)
      const spaced = Buffer.from(`PUT\n${of}\n`)
        .toString('hex')
        .replace(/..(?=.)/g, '$& ')
      for (const text of [spaced, spaced.toUpperCase()]) expect(covers(text, of)).toBe(true)
    },
  )

  it('covers XML and HTML, and JSON around and within them', () => {
    const odd = `a<b>&"c"/'d'&é`
    const xml = odd.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    const python = xml.replaceAll('"', '&quot;').replaceAll("'", '&#x27;')
    const go = xml.replaceAll('"', '&#34;').replaceAll("'", '&#39;')
    const inner = plain(odd).replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    for (const text of [xml, python, go, plain(xml), plain(python), encodeURIComponent(python)]) {
      expect(covers(text, odd)).toBe(true)
    }
    expect(covers(escaped(/[<>&]/g, false)(python), odd)).toBe(true)
    expect(covers(inner.replaceAll('>', '&gt;'), odd)).toBe(true)
  })

  it('has few forms for a literal of letters and digits, and none for one under eight bytes', () => {
    expect(formsOf('BW1K5QWY3DPEHPK3PXP0A').length).toBeLessThan(30)
    expect(formsOf(literal).length).toBeLessThan(250)
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
