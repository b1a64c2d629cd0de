import { sextet } from './base64.ts'
import { readCharacter } from './characters.ts'

/**
 * Decides whether the string whose opening quote is at `quote` is a payload, by its first bytes: a
 * data URI's head in at most 1,024 bytes with the quote, then base64 as far as the decision needs.
 */
export class Weigher {
  /** Where the payload's own characters begin: behind a data URI's head. */
  bodyAt: number
  head: { readonly mediaType: string | undefined } | undefined
  /** Whether a byte beyond ASCII has decided against it. */
  foreign = false
  readonly #body: Uint8Array
  readonly #quote: number
  readonly #encoding: 'base64' | 'text'
  readonly #refMarker: string

  /** Whether the string is a ref is not decided here, but nothing is until it is known to be none. */
  constructor(body: Uint8Array, quote: number, encoding: 'base64' | 'text', refMarker = '') {
    this.#refMarker = refMarker
    this.#body = body
    this.#quote = quote
    this.#encoding = encoding
    this.bodyAt = quote + 1
  }

  /** Throws a Refusal when what it has to read for that is no JSON. */
  decide(minBytes: number): boolean {
    const due = this.#quote + 1 + minBytes
    let spelled = ''
    let lead = ''
    let at = this.#quote + 1
    for (;;) {
      const mayBecomeRef = lead.length < this.#refMarker.length && this.#refMarker.startsWith(lead)
      const settled =
        !mayBecomeRef &&
        (this.#encoding === 'text' || !mayBecomeHead(spelled) || this.head !== undefined)
      if (at >= due && settled) return true
      if (this.#body[at] === 0x22) return at >= due && !/^data:/i.test(spelled)
      if (this.#encoding === 'base64' && (this.#body[at] ?? 0) >= 0x80) {
        this.foreign = true
        return false
      }
      const { unit, end } = readCharacter(this.#body, at)
      at = end
      if (mayBecomeRef) lead += unit === undefined ? '\uffff' : String.fromCharCode(unit)
      if (this.#encoding === 'text') continue
      spelled += String.fromCharCode(unit ?? 0)
      if (mayBecomeHead(spelled) && this.head === undefined) {
        if (!this.#readsHead(spelled, at)) return false
        if (this.head !== undefined) spelled = ''
      } else if (!looksLikeBase64(spelled)) return false
    }
  }

  #readsHead(spelled: string, end: number): boolean {
    if (!/^data:/i.test(spelled)) return true
    if (!/^[ -~]*$/.test(spelled) || end - this.#quote > 1024) return false
    if (!spelled.endsWith(',')) return true
    const inner = spelled.slice('data:'.length, -1)
    if (!inner.toLowerCase().endsWith(';base64')) return false
    const [type = '', ...parameters] = inner.slice(0, -';base64'.length).split(';')
    const named = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type)
    const mediaType = [type.toLowerCase(), ...parameters].join(';')
    this.head = { mediaType: named ? mediaType : undefined }
    this.bodyAt = end
    return true
  }
}

function mayBecomeHead(spelled: string): boolean {
  return 'data:'.startsWith(spelled.slice(0, 5).toLowerCase())
}

function looksLikeBase64(spelled: string): boolean {
  const [, characters = '', rest = ''] = /^([^=]*)(.*)$/s.exec(spelled) ?? []
  const body = characters.replace(/[\r\n]/g, '')
  return (
    Array.from(body).every((one) => sextet(one) !== undefined) &&
    /^={0,2}$/.test(rest.replace(/[\r\n]/g, ''))
  )
}
