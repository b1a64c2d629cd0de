/** The byte forms in which a literal may come back. */

import {
  base64Middles,
  binary,
  encodedForms,
  hexForms,
  percentForms,
  unitForms,
  urlSafe,
  xmlForms,
} from './composed-forms.ts'

type FormName = 'raw' | 'json' | 'url' | 'xml' | 'base64' | 'hex'

/** One form of a literal; `bytes` is a binary string, one character (0–255) for each byte. */
export interface Form {
  readonly name: FormName | `base64 of ${FormName}` | `hex of ${FormName}`
  readonly bytes: string
}

/** Literals with fewer bytes are not looked for: they would be found in harmless text. */
export const MIN_LITERAL_BYTES = 8

/** Bytes up to which a literal is looked for in base64 and hex of every encoder's spelling. */
const MAX_COMPOSED_BYTES = 256

export { binary } from './composed-forms.ts'

type Style = (text: string) => string

/** A character as `\\uXXXX`, or two of them where it has two UTF-16 units. */
function units(character: string, upper = false): string {
  let out = ''
  for (let i = 0; i < character.length; i++) {
    const code = character.charCodeAt(i).toString(16).padStart(4, '0')
    out += `\\u${upper ? code.toUpperCase() : code}`
  }
  return out
}

/** A JSON string encoder that also writes as `\uXXXX` what `special` finds, and `/` as `slash`. */
function jsonStyle(special: RegExp, upper: boolean, slash = '/'): Style {
  function one(character: string): string {
    if (special.test(character)) return units(character, upper)
    return character === '/' ? slash : JSON.stringify(character).slice(1, -1)
  }
  const ascii = Array.from({ length: 128 }, (_, code) => one(String.fromCharCode(code)))
  return (text) =>
    text.replace(/[^\w .-]/gu, (character) => ascii[character.charCodeAt(0)] ?? one(character))
}

const minimal: Style = (text) => JSON.stringify(text).slice(1, -1)
const slashed: Style = (text) => minimal(text).replaceAll('/', '\\/')
const html: Style = (text) =>
  minimal(text).replace(/[<>&\u2028\u2029]/g, (character) => units(character))

/** More JSON encoders in the field, by what they escape beyond the standard's need. */
const JSON_STYLES: readonly Style[] = [
  jsonStyle(/[\u007f-\u{10ffff}]/u, false), // Python
  jsonStyle(/[\u007f-\u{10ffff}]/u, false, '\\/'), // PHP
  jsonStyle(/[<>&='\u2028\u2029]/, false), // Gson
  jsonStyle(/["&'+<>`]|[\u007f-\u{10ffff}]/u, true), // System.Text.Json
  jsonStyle(/[/+=&<>'"]|[\u007f-\u{10ffff}]/u, false),
  jsonStyle(/[/+=&<>'"]|[\u007f-\u{10ffff}]/u, true),
]

function addChains(out: Set<string>, text: string, styles: readonly Style[], depth: number): void {
  let level = new Set([text])
  for (let i = 0; i < depth; i++) {
    const next = new Set<string>()
    for (const one of level) for (const style of styles) next.add(style(one))
    for (const one of next) out.add(one)
    level = next
  }
}

/**
 * A text as it stands in JSON strings nested up to `depth` deep: one encoder's habit at any of the
 * levels, the plain one at the others, and the two most usual habits mixed. Binary strings.
 */
export function jsonForms(text: string, depth: number): Set<string> {
  const out = new Set([text])
  if (/^[\w.~-]*$/.test(text)) return out
  addChains(out, text, [minimal, slashed, html], depth)
  // Encoders that agree on this text need not be tried one by one.
  const seen = new Set(out)
  for (const style of JSON_STYLES) {
    const once = style(text)
    if (!seen.has(once)) addChains(out, text, [minimal, style], depth)
    seen.add(once)
  }
  return new Set(Array.from(out, binary))
}

const component: Style = (text) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
const lowerCodes: Style = (text) => text.replace(/%../g, (code) => code.toLowerCase())
const URL_STYLES: readonly Style[] = [
  component,
  (text) => encodeURIComponent(text),
  (text) => lowerCodes(component(text)),
  (text) => lowerCodes(encodeURIComponent(text)),
  (text) => component(text).replaceAll('%2F', '/'),
  (text) => lowerCodes(component(text)).replaceAll('%2f', '/'),
  (text) => component(text).replaceAll('%20', '+').replaceAll('~', '%7E'),
]

/** A text URL-encoded once and twice, and `\/` within that; binary strings. */
export function urlForms(text: string): Set<string> {
  const out = new Set<string>()
  if (/^[\w.-]*$/.test(text)) return out
  const sound = text.toWellFormed()
  addChains(out, sound, URL_STYLES, 2)
  const [python = minimal] = JSON_STYLES
  for (const style of [minimal, slashed, html, python]) {
    const one = style(sound)
    for (const encode of URL_STYLES) out.add(encode(one)).add(component(encode(one)))
  }
  for (const one of Array.from(out)) if (one.includes('/')) out.add(one.replaceAll('/', '\\/'))
  return out
}

/** Base64 of the bytes, and what JSON and URLs make of its `/` and `+`. */
function base64Forms(bytes: string): string[] {
  return base64Middles(bytes).flatMap((middle) => {
    const escaped = ['\\/', '\\\\/', '\\\\\\/', '\\u002f', '\\u002F'].map((slash) =>
      middle.replaceAll('/', slash),
    )
    const coded = component(middle)
    return [middle, urlSafe(middle), ...escaped, coded, lowerCodes(coded), component(coded)].concat(
      middle.replaceAll('+', '\\u002B'),
    )
  })
}

/** What programs encode in base64 or hex beside the literal itself: a line of JSON, a URL, XML. */
function innerForms(literal: string, bytes: string): Map<string, FormName> {
  const inner = new Map<string, FormName>()
  function add(name: FormName, texts: Iterable<string>): void {
    for (const text of texts) {
      const form = binary(text)
      if (form !== bytes && !inner.has(form)) inner.set(form, name)
    }
  }
  const sound = literal.toWellFormed()
  add('json', [minimal(literal)])
  add('url', [component(sound), component(component(sound))])
  add('xml', Array.from(xmlForms(literal)).slice(0, 1))
  // Each of a long literal's forms is as long, and most are the same encoders' habits.
  if (bytes.length > MAX_COMPOSED_BYTES) return inner
  const [python = minimal, php = slashed] = JSON_STYLES
  const json = [slashed, html, python, php].map((style) => style(literal))
  add('json', json)
  add('json', [minimal(literal), ...json].map(minimal))
  add('json', [minimal(minimal(minimal(literal)))])
  const url = URL_STYLES.map((style) => style(sound))
  add('url', url)
  add('url', [...url.map(component), encodeURIComponent(encodeURIComponent(sound))])
  add('url', url.map(slashed))
  add('url', [component(minimal(sound)), encodeURIComponent(minimal(sound))])
  add('xml', xmlForms(literal))
  return inner
}

/**
 * All forms of a literal, each once, the literal itself first: raw, JSON-escaped up to three deep
 * and character by character, URL-encoded once and twice, XML-escaped, base64 and base64url in every
 * alignment, hex; and base64 and hex of any of these. Empty when the literal is shorter than
 * `MIN_LITERAL_BYTES`.
 */
export function formsOf(literal: string): Form[] {
  const bytes = binary(literal)
  if (bytes.length < MIN_LITERAL_BYTES) return []
  const names = new Map<string, Form['name']>([[bytes, 'raw']])
  function add(name: Form['name'], forms: Iterable<string>): void {
    for (const form of forms) if (!names.has(form)) names.set(form, name)
  }
  add('json', jsonForms(literal, 3))
  add('url', urlForms(literal))
  const xml = xmlForms(literal)
  for (const style of [minimal, slashed]) for (const one of xmlForms(style(literal))) xml.add(one)
  for (const one of Array.from(xml)) {
    xml.add(minimal(one)).add(html(one)).add(component(one.toWellFormed()))
  }
  add('xml', Array.from(xml, binary))
  add('base64', base64Forms(bytes))
  add('hex', hexForms(bytes))
  add('json', unitForms(literal))
  add('url', percentForms(bytes))
  for (const [form, name] of innerForms(literal, bytes)) {
    const { base64, hex } = encodedForms(form)
    add(`base64 of ${name}`, base64)
    add(`hex of ${name}`, hex)
  }
  for (const middle of base64Middles(bytes)) add('base64 of base64', base64Middles(middle))
  return Array.from(names, ([form, name]) => ({ name, bytes: form }))
}
