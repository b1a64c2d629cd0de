import { GatewayError } from '../errors.ts'
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './characters.ts'
import { invalidJson } from './lift.ts'
import { Members } from './members.ts'
import { BROKEN, beginNumber, continueNumber, ENDED, isCompleteNumber } from './number.ts'
import { type JsonKind, kindOf, type Residue } from './residue.ts'
import { ResidueBuffer } from './residue-buffer.ts'
import { decidesEarly } from './rules.ts'
import {
  AFTER_VALUE,
  EXPECT_COLON,
  EXPECT_KEY,
  EXPECT_KEY_OR_END,
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,
  IN_KEY,
  IN_LITERAL,
  IN_NUMBER,
  IN_STRING,
} from './scan-state.ts'
import { ShortValues } from './short-values.ts'
import { StringReader } from './string-reader.ts'
import { IN_TEXT, PLAIN } from './string-table.ts'
import { Trail } from './trail.ts'
import { type FoundPayload, ValueString, type ValueStringOptions } from './value-string.ts'

const encoder = new TextEncoder()
const TRUE = encoder.encode('true')
const FALSE = encoder.encode('false')
const NULL = encoder.encode('null')
const NOTHING = new Uint8Array(0)

/** See `SplicerOptions`. */
export interface ScannerOptions extends ValueStringOptions {
  readonly nesting: number
  readonly keyBytes: number
  readonly residueMaxBytes: number
  readonly watch: ReadonlySet<string>
  readonly watchTop?: ReadonlySet<string>
  readonly inputDepth?: number | undefined
}

/** Walks structure, keys and what is short, in the residue's own buffer. */
export class Scanner {
  readonly residue: ResidueBuffer = new ResidueBuffer()
  readonly #options: ScannerOptions
  readonly #trail: Trail
  readonly #string: ValueString
  readonly #key = new StringReader()
  readonly #short: ShortValues
  readonly #members: Members
  #state = EXPECT_VALUE
  #keyStart = 0
  #number = ENDED
  #literal: Uint8Array = NOTHING
  #literalAt = 0
  #topLevel: JsonKind = 'object'

  constructor(options: ScannerOptions) {
    this.#options = options
    this.#trail = new Trail(options.inputDepth)
    this.#members = new Members(options.watch, options.watchTop ?? new Set())
    this.#string = new ValueString(options, this.residue, this.#trail)
    const stringBytes = decidesEarly(options.rules) ? 0 : options.stageMinBytes
    const short = { ...options, stringBytes, refs: this.#string.refs }
    this.#short = new ShortValues(short, this.residue, this.#trail, this.#members)
  }

  /** Whether all that was appended has been read. */
  get hungry(): boolean {
    return this.residue.at === this.residue.length
  }

  /** Takes over `chunk[from, to)`. Throws `body_too_large` when the residue has grown too long. */
  append(chunk: Uint8Array, from: number, to: number): void {
    this.#checkLength()
    this.residue.append(chunk, from, to)
  }

  /** Reads on: a payload, cut out of the residue, or undefined when hungry. */
  scan(): FoundPayload | undefined {
    const { residue } = this
    while (residue.at < residue.length) {
      if (this.#state <= AFTER_VALUE && !this.#members.awaiting) {
        this.#state = this.#short.read(this.#state)
        if (residue.at === residue.length) break
      }
      if (this.#state === IN_STRING) {
        const found = this.#string.scan()
        if (found === 'closed') this.#endValue()
        else if (found !== undefined) return found
      } else if (this.#state === IN_KEY) this.#scanKey()
      else if (this.#state === IN_NUMBER) this.#scanNumber()
      else if (this.#state === IN_LITERAL) this.#scanLiteral()
      else this.#scanStructure()
    }
    return undefined
  }

  /** Goes on behind a payload; the residue has been told from where. */
  endPayload(payload: number): void {
    this.#endValue(payload)
  }

  /** Ends the document, `offset` bytes long. Throws when it is not complete. */
  end(offset: number, payloadPointer: string | undefined): Omit<Residue, 'payloads'> {
    if (offset === 0) throw invalidJson('The body is empty', 0)
    if (payloadPointer !== undefined) {
      throw invalidJson('The document ends inside a payload', offset, payloadPointer)
    }
    if (this.#state === IN_NUMBER && isCompleteNumber(this.#number)) this.#endValue()
    if (this.#state !== AFTER_VALUE || this.#trail.depth > 0) {
      throw invalidJson('The document ends too early', offset)
    }
    this.#checkLength()
    const bytes = this.residue.text.subarray(0, this.residue.length)
    const { recorded: members } = this.#members
    const { recorded: refs } = this.#string.refs
    return { bytes, members, refs, topLevel: this.#topLevel }
  }

  #checkLength(): void {
    const undecided = this.#state === IN_STRING ? this.#string.undecidedFrom : undefined
    const actual = undecided ?? this.residue.length
    const limit = this.#options.residueMaxBytes
    if (actual <= limit) return
    throw new GatewayError(
      'body_too_large',
      `Send less beside the payloads, the limit is ${limit} bytes`,
      { limit, actual },
    )
  }

  #scanStructure(): void {
    const { text, length } = this.residue
    let at = this.residue.at
    while (at < length && isSpace(text[at] ?? 0)) at++
    this.residue.at = at
    if (at === length) return
    const byte = text[at] ?? 0
    const state = this.#state
    if (state === AFTER_VALUE) this.#takeAfterValue(byte)
    else if (state === EXPECT_COLON) {
      if (byte !== COLON) this.#refuse('A colon is expected')
      this.#go(EXPECT_VALUE)
    } else if (state === EXPECT_VALUE) this.#beginValue(byte)
    else if (state === EXPECT_VALUE_OR_END) {
      if (byte === CLOSE_ARRAY) this.#close()
      else this.#beginValue(byte)
    } else if (byte === QUOTE) {
      this.#keyStart = at + 1
      this.#go(IN_KEY)
    } else if (byte === CLOSE_OBJECT && state === EXPECT_KEY_OR_END) this.#close()
    else this.#refuse('A key is expected')
  }

  #go(state: number): void {
    this.residue.at++
    this.#state = state
  }

  #takeAfterValue(byte: number): void {
    if (this.#trail.depth === 0) this.#refuse('The document has ended before')
    const array = this.#trail.inArray()
    if (byte === COMMA) {
      if (array) this.#trail.nextElement()
      this.#go(array ? EXPECT_VALUE : EXPECT_KEY)
    } else if (byte === (array ? CLOSE_ARRAY : CLOSE_OBJECT)) this.#close()
    else this.#refuse(`A comma or the end of the ${array ? 'array' : 'object'} is expected`)
  }

  #beginValue(byte: number): void {
    if (this.#trail.depth === 0) this.#topLevel = kindOf(byte)
    this.#members.valueBegins(this.residue.text, this.#trail, this.residue.at)
    if (byte === QUOTE) {
      const { inInput, depth, inputDepth } = this.#trail
      this.#string.begin(this.residue.at, inInput && depth > inputDepth)
      this.#go(IN_STRING)
    } else if (byte === OPEN_OBJECT) this.#open(false)
    else if (byte === OPEN_ARRAY) this.#open(true)
    else if (byte === 0x74) this.#beginLiteral(TRUE)
    else if (byte === 0x66) this.#beginLiteral(FALSE)
    else if (byte === 0x6e) this.#beginLiteral(NULL)
    else {
      this.#number = beginNumber(byte)
      if (this.#number === BROKEN) this.#refuse('A value is expected')
      this.#go(IN_NUMBER)
    }
  }

  #open(array: boolean): void {
    const limit = this.#options.nesting
    if (this.#trail.depth === limit) {
      throw new GatewayError('nesting_too_deep', `Nest less deeply, the limit is ${limit}`, {
        offset: this.residue.offset(this.residue.at),
        limit,
        actual: limit + 1,
      })
    }
    this.#trail.open(array)
    this.#go(array ? EXPECT_VALUE_OR_END : EXPECT_KEY_OR_END)
  }

  #close(): void {
    this.#trail.close()
    this.residue.at++
    this.#endValue()
  }

  #endValue(payload?: number): void {
    this.#state = AFTER_VALUE
    this.#members.valueEnds(this.#trail.depth, this.residue.at, payload)
  }

  #beginLiteral(literal: Uint8Array): void {
    this.#literal = literal
    this.#literalAt = 0
    this.#state = IN_LITERAL
  }

  #scanLiteral(): void {
    const { text, length } = this.residue
    for (; this.#literalAt < this.#literal.length; this.#literalAt++, this.residue.at++) {
      if (this.residue.at === length) return
      const expected = this.#literal[this.#literalAt]
      if (text[this.residue.at] !== expected) this.#refuse('Unknown word')
    }
    this.#endValue()
  }

  #scanNumber(): void {
    const { text, length } = this.residue
    let at = this.residue.at
    let state = this.#number
    while (at < length) {
      state = continueNumber(state, text[at] ?? 0)
      if (state <= ENDED) break
      at++
    }
    this.residue.at = at
    this.#number = state
    if (state === BROKEN) this.#refuse('Invalid number')
    if (state === ENDED) this.#endValue()
  }

  #scanKey(): void {
    const text = this.residue.text
    const max = this.#keyStart + this.#options.keyBytes
    const limit = Math.min(this.residue.length, max)
    for (; this.residue.at < this.residue.length; this.residue.at++) {
      if (this.#key.idle) {
        let at = this.residue.at
        while (at < limit && IN_TEXT[text[at] ?? 0] === PLAIN) at++
        this.residue.at = at
        if (at === this.residue.length) return
        if (text[at] === QUOTE) {
          this.#endKey(at)
          return
        }
      }
      if (this.residue.at >= max) {
        const limit = this.#options.keyBytes
        const offset = this.residue.offset(this.residue.at)
        throw new GatewayError('key_too_long', `Shorten the key, the limit is ${limit} bytes`, {
          offset,
          limit,
          actual: limit + 1,
        })
      }
      this.#takeSpecial(text[this.residue.at] ?? 0)
    }
  }

  #endKey(end: number): void {
    const text = this.residue.text
    this.#trail.takeKey(text, this.#keyStart, end)
    this.#members.keyEnds(text, this.#keyStart, end)
    this.#go(EXPECT_COLON)
  }

  #takeSpecial(byte: number): void {
    const code = this.#key.take(byte)
    if (typeof code === 'string') this.#refuse(code)
  }

  #refuse(detail: string): never {
    const inValue = this.#state === EXPECT_VALUE || this.#state >= IN_STRING
    const pointer = inValue ? this.#trail.pointer(this.residue.text) : undefined
    throw invalidJson(detail, this.residue.offset(this.residue.at), pointer)
  }
}
