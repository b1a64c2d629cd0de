/** How programs write a text into what they answer, each by the language's own means. */

/** A spelling; the secret alone decides its characters from `from` to `to`. */
export interface Spelling {
  readonly text: string
  readonly from: number
  readonly to: number
}

type Speller = (secret: string) => Spelling

function whole(spell: (secret: string) => string): Speller {
  return (secret) => {
    const text = Buffer.from(spell(secret)).toString('latin1')
    return { text, from: 0, to: text.length }
  }
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function inAsciiJson(text: string): string {
  return inJson(text).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Base64 of the secret behind `before` bytes of other text; six bits reach over no border. */
function inBase64(before: number, spell: (text: string) => string): Speller {
  return (secret) => {
    const bytes = Buffer.from(secret)
    const all = Buffer.concat([Buffer.from('~'.repeat(before)), bytes, Buffer.from('~~~')])
    const text = all.toString('base64')
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor(((before + bytes.length) * 8) / 6)
    const [head, core, tail] = [text.slice(0, from), text.slice(from, to), text.slice(to)].map(
      spell,
    )
    const start = head?.length ?? 0
    const end = start + (core?.length ?? 0)
    return { text: `${head}${core}${tail}`, from: start, to: end }
  }
}

const asIs = (text: string): string => text
const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_')
const slashed = (text: string): string => text.replaceAll('/', '\\/')

export const SPELLERS: readonly [Speller, ...Speller[]] = [
  whole(asIs),
  whole(inJson),
  whole((text) => inJson(inJson(text))),
  whole((text) => slashed(inJson(text))),
  whole(inAsciiJson),
  whole((text) => slashed(inAsciiJson(text))),
  whole((text) => inJson(inAsciiJson(text))),
  whole(encodeURIComponent),
  whole((text) => encodeURIComponent(encodeURIComponent(text))),
  whole((text) => new URLSearchParams({ '': text }).toString().slice(1)),
  whole((text) => Buffer.from(text).toString('hex')),
  whole((text) => Buffer.from(text).toString('hex').toUpperCase()),
  ...[0, 1, 2].flatMap((before) => [
    inBase64(before, asIs),
    inBase64(before, urlSafe),
    inBase64(before, slashed),
    inBase64(before, encodeURIComponent),
  ]),
]
