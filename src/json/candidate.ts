import { SEXTETS } from '../bytes/base64.ts'
import { CARRIAGE_RETURN, COMMA, EQUALS, LINE_FEED } from './characters.ts'
import { type DataUriHead, parseDataUriHead } from './data-uri.ts'
import type { LiftRule } from './rules.ts'
import { IN_BASE64, IN_DOUBT, IN_TEXT } from './string-table.ts'
import { unescapeText } from './trail.ts'

const LEAD = 'data:'
/** Raw bytes of a data URI's head; a longer one is none. */
const HEAD_MAX_BYTES = 1024

type Phase = 'text' | 'lead' | 'head' | 'body' | 'padding' | 'any'

/** What a string value has to be to be lifted. */
export interface Ambition {
  readonly rule: LiftRule | undefined
  /** Whether a rule says so: then a string that is not base64 is an error, not text. */
  readonly forced: boolean
  readonly encoding: 'base64' | 'text'
  /** Whether bare base64 is none. */
  readonly dataUri: boolean
  readonly minBytes: number
}

/** Decides, while a string value is read, whether its beginning is that of a payload. */
export class Candidate {
  /** How bytes are to be taken. */
  table: Uint8Array = IN_TEXT
  /** Where the string's opening quote is in the residue. */
  quote = 0
  /** Where enough has been read to decide; Infinity when nothing is to be decided. */
  dueAt: number = Number.POSITIVE_INFINITY
  /** Where the payload's own characters begin: behind a data URI's head. */
  bodyAt = 0
  head: DataUriHead | undefined
  ambition: Ambition | undefined
  #phase: Phase = 'text'
  /** What the string may begin with, as far as `#matched`. */
  #lead = LEAD
  #matched = 0
  #pads = 0
  readonly #marker: string

  /** `marker`: what strings begin with that stay where they are, whatever a rule says; or empty. */
  constructor(marker: string) {
    this.#marker = marker
  }

  /** A string begins that stays where it is. */
  beginText(quote: number): void {
    this.quote = quote
    this.giveUp()
  }

  /** A string begins that may be lifted. */
  begin(quote: number, ambition: Ambition): void {
    this.quote = quote
    this.ambition = ambition
    this.dueAt = quote + 1 + ambition.minBytes
    this.bodyAt = quote + 1
    this.head = undefined
    this.#matched = 0
    this.#pads = 0
    this.#phase = 'lead'
    this.table = IN_DOUBT
    if (ambition.encoding === 'text' && this.#marker === '') this.#leaveLead('text')
  }

  /** The string stays where it is. */
  giveUp(): void {
    this.ambition = undefined
    this.dueAt = Number.POSITIVE_INFINITY
    this.table = IN_TEXT
    this.#phase = 'text'
  }

  /** Whether what has been read is no unfinished data URI head, nor the beginning of a ref. */
  settled(): boolean {
    return this.#phase !== 'lead' && this.#phase !== 'head'
  }

  /** Whether the string may end here and still be a payload. */
  mayEnd(): boolean {
    return this.#phase === 'lead' ? !this.ambition?.dataUri : this.#phase !== 'head'
  }

  /** Whether characters have to be weighed at all. */
  weighs(): boolean {
    return this.#phase !== 'text' && this.#phase !== 'any'
  }

  /** Weighs one character that ends before `end` in `text`; false when this is no payload. */
  weigh(code: number, text: Uint8Array, end: number): boolean {
    if (this.#phase === 'lead' && this.#takesLead(code)) return true
    if (!this.weighs()) return true
    if (this.#phase === 'head') return this.#weighHead(code, text, end)
    if (code === LINE_FEED || code === CARRIAGE_RETURN) return true
    if (code === EQUALS) {
      this.#phase = 'padding'
      this.table = IN_DOUBT
      return ++this.#pads <= 2
    }
    return this.#phase === 'body' && code < 256 && (SEXTETS[code] ?? -1) >= 0
  }

  #takesLead(code: number): boolean {
    const { encoding = 'base64' } = this.ambition ?? {}
    if (this.#matched === 0) {
      const isMarker = code === this.#marker.charCodeAt(0)
      this.#lead = isMarker ? this.#marker : encoding === 'text' ? '' : LEAD
    }
    const isUpper = this.#lead === LEAD && code >= 0x41 && code <= 0x5a
    if ((isUpper ? code | 0x20 : code) !== this.#lead.charCodeAt(this.#matched)) {
      this.#leaveLead(encoding)
      return false
    }
    if (++this.#matched === this.#lead.length) {
      if (this.#lead === LEAD) this.#phase = 'head'
      else this.giveUp()
    }
    return true
  }

  #leaveLead(encoding: Ambition['encoding']): void {
    if (this.ambition?.dataUri) {
      this.giveUp()
      return
    }
    this.#phase = encoding === 'text' ? 'any' : 'body'
    this.table = encoding === 'text' ? IN_TEXT : IN_BASE64
  }

  #weighHead(code: number, text: Uint8Array, end: number): boolean {
    if (code < 0x20 || code > 0x7e || end - this.quote > HEAD_MAX_BYTES) return false
    if (code !== COMMA) return true
    const spelled = unescapeText(text, this.quote + 1, end)
    this.head = parseDataUriHead(spelled)
    if (this.head === undefined) return false
    if (this.ambition?.dataUri && isManyFiles(this.head)) return false
    this.#phase = 'body'
    this.table = IN_BASE64
    this.bodyAt = end
    return true
  }
}

/** Frames of a video, base64 each, with commas between them: no file that a link could lead to. */
function isManyFiles({ mediaType }: DataUriHead): boolean {
  return mediaType !== undefined && /^video\/jpeg(;|$)/.test(mediaType)
}
