/** How programs write a secret into what they answer, layer upon layer, each by the language's own means. */

/** A text in which the secret alone decides the characters from `from` to `to`. */
export interface Spelling {
  readonly text: string
  readonly from: number
  readonly to: number
}

export interface Speller {
  readonly name: string
  spell(secret: string): Spelling
}

type Layer = readonly [name: string, apply: (spelling: Spelling) => Spelling]

/** An encoder that treats each character by itself. */
function each(name: string, encode: (text: string) => string): Layer {
  return [
    name,
    ({ text, from, to }) => {
      const [head, core] = [encode(text.slice(0, from)), encode(text.slice(from, to))]
      const end = head.length + core.length
      return { text: head + core + encode(text.slice(to)), from: head.length, to: end }
    },
  ]
}

/** Base64 of it behind `before` bytes of other text; six bits reach over no border. */
function base64(before: number, spell: (text: string) => string = (text) => text): Layer {
  return [
    `base64 at ${before}`,
    ({ text, from, to }) => {
      const head = Buffer.concat([
        Buffer.from('~'.repeat(before)),
        Buffer.from(text.slice(0, from)),
      ])
      const core = Buffer.from(text.slice(from, to))
      const all = Buffer.concat([head, core, Buffer.from(text.slice(to)), Buffer.from('~~~')])
      const coded = all.toString('base64')
      const start = Math.ceil((head.length * 8) / 6)
      const end = Math.floor(((head.length + core.length) * 8) / 6)
      const before64 = spell(coded.slice(0, start))
      const core64 = spell(coded.slice(start, end))
      return {
        text: before64 + core64 + spell(coded.slice(end)),
        from: before64.length,
        to: before64.length + core64.length,
      }
    },
  ]
}

function unit(code: number, upper = false): string {
  const hex = code.toString(16).padStart(4, '0')
  return `\\u${upper ? hex.toUpperCase() : hex}`
}

const units = (upper: boolean) => (text: string) => {
  let out = ''
  for (let i = 0; i < text.length; i++) out += unit(text.charCodeAt(i), upper)
  return out
}
const inJson = (text: string) => JSON.stringify(text).slice(1, -1)
const inAscii = (text: string) => inJson(text).replace(/[^ -~]/g, (c) => unit(c.charCodeAt(0)))
const slashed = (text: string) => text.replaceAll('/', '\\/')
const form = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)
const lower = (text: string) => encodeURIComponent(text).replace(/%../g, (c) => c.toLowerCase())
const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }
const inXml = (text: string) => text.replace(/[&<>"]/g, (c) => `&${entities[c]};`)
const hexOf = (text: string) => Buffer.from(text).toString('hex')

const json = each('JSON', inJson)
const python = each('JSON of Python', inAscii)
const php = each('JSON of PHP', (text) => slashed(inAscii(text)))
const go = each('JSON of Go', (text) =>
  inJson(text).replace(/[<>&\u2028\u2029]/g, (c) => unit(c.charCodeAt(0))),
)
const url = each('URL', encodeURIComponent)
const xml = each('XML', inXml)
const escapes: readonly Layer[] = [
  json,
  python,
  php,
  go,
  url,
  each('URL in lower case', lower),
  each('form', form),
  xml,
]
const urlSafe = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_')
const bases = [0, 1, 2].flatMap((before) => [base64(before), base64(before, urlSafe)])
const spelledBases = [0, 1, 2].flatMap((before) => [
  base64(before, slashed),
  base64(before, encodeURIComponent),
])
const hexes = [
  each('hex', hexOf),
  each('hex in upper case', (text) => hexOf(text).toUpperCase()),
] as const
const pairs: readonly (readonly Layer[])[] = [
  ...escapes.map((layer) => [layer]),
  [json, json],
  [json, json, json],
  [url, url],
  [json, url],
  [url, json],
]

const recipes: readonly (readonly Layer[])[] = [
  [],
  ...pairs,
  ...[php, python, go].flatMap((layer) => [
    [layer, json],
    [json, layer],
    [layer, json, json],
    [json, json, layer],
  ]),
  [json, xml],
  [xml, json],
  [xml, go],
  [each('units', units(false))],
  [each('units in upper case', units(true))],
  [each('units', units(false)), json],
  [each('units', units(false)), json, json],
  [each('percents', (text) => hexOf(text).replace(/../g, '%$&'))],
  [each('percents', (text) => hexOf(text).toUpperCase().replace(/../g, '%$&'))],
  [each('hex with spaces', (text) => hexOf(text).replace(/..(?=.)/g, '$& '))],
  ...[...hexes, ...bases, ...spelledBases].map((outer) => [outer]),
  ...pairs.flatMap((inner) => [...hexes, ...bases, ...spelledBases].map((one) => [...inner, one])),
  ...[0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [base64(a), base64(b)])),
]

/** All spellings; their texts are binary strings, one character a byte. */
export const SPELLERS: readonly Speller[] = recipes.map((layers) => ({
  name: layers.length === 0 ? 'raw' : layers.map(([name]) => name).join(', '),
  spell(secret) {
    let spelling: Spelling = { text: secret, from: 0, to: secret.length }
    for (const [, apply] of layers) spelling = apply(spelling)
    const { text, from, to } = spelling
    const [head, core, tail] = [text.slice(0, from), text.slice(from, to), text.slice(to)].map(
      (one) => Buffer.from(one).toString('latin1'),
    )
    const start = head?.length ?? 0
    return { text: `${head}${core}${tail}`, from: start, to: start + (core?.length ?? 0) }
  },
}))
