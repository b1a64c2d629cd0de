/** The byte forms in which a literal may come back. */

/** One form of a literal; `bytes` is a binary string, one character (0–255) for each byte. */
export interface Form {
  readonly name: 'raw' | 'json' | 'url' | 'base64' | 'hex'
  readonly bytes: string
}

/** Literals with fewer bytes are not looked for: they would be found in harmless text. */
export const MIN_LITERAL_BYTES = 8

type Style = (text: string) => string

const utf8 = new TextEncoder()

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
  for (const one of [minimal(sound), slashed(sound)]) {
    out.add(component(one))
    out.add(component(component(one)))
  }
  for (const one of Array.from(out)) if (one.includes('/')) out.add(one.replaceAll('/', '\\/'))
  return out
}

/** The UTF-8 bytes of a text as a binary string. */
export function binary(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  let out = ''
  for (const byte of utf8.encode(text)) out += String.fromCharCode(byte)
  return out
}

/** Base64 of the bytes in all three alignments: only the characters that no neighbour can change. */
function base64Forms(bytes: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const text = btoa('\0'.repeat(shift) + bytes)
    const from = Math.ceil((8 * shift) / 6)
    const middle = text.slice(from, Math.floor((8 * (shift + bytes.length)) / 6))
    const plain = [middle, middle.replaceAll('+', '-').replaceAll('/', '_')]
    const escaped = ['\\/', '\\\\/', '\\\\\\/', '\\u002f', '\\u002F'].map((slash) =>
      middle.replaceAll('/', slash),
    )
    const coded = component(middle)
    return [...plain, ...escaped, coded, lowerCodes(coded), component(coded)].concat(
      middle.replaceAll('+', '\\u002B'),
    )
  })
}

function hexForms(bytes: string): string[] {
  let lower = ''
  for (let i = 0; i < bytes.length; i++) lower += bytes.charCodeAt(i).toString(16).padStart(2, '0')
  return [lower, lower.toUpperCase()]
}

/**
 * All forms of a literal, each once, the literal itself first: raw, JSON-escaped up to three deep,
 * URL-encoded once and twice, base64 and base64url in every alignment, hex. Empty when the literal
 * is shorter than `MIN_LITERAL_BYTES`.
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
  add('base64', base64Forms(bytes))
  add('hex', hexForms(bytes))
  return Array.from(names, ([form, name]) => ({ name, bytes: form }))
}
