import { decodeBase64, sextet } from './base64.ts'
import { Broken, readCharacter } from './characters.ts'
import { Refusal } from './refusal.ts'
import { Weigher } from './weigh.ts'

/** A rule of an endpoint, as configured. */
export interface Rule {
  readonly pointer: string
  readonly stage?: boolean
  readonly mediaType?: string
  readonly encoding: 'base64' | 'text'
}

export interface SpliceOptions {
  readonly nesting: number
  readonly keyBytes: number
  readonly stageMinBytes: number
  readonly lift: boolean
  readonly rules: readonly Rule[]
  readonly watch: readonly string[]
  readonly watchTop: readonly string[]
  readonly payloadsMax: number
  readonly refMarker: string | undefined
  readonly refsMax: number
}

/** A string that is lifted out. */
export interface Payload {
  readonly at: number
  readonly pointer: string
  readonly encoding: 'base64' | 'text'
  readonly dataUri: boolean
  readonly rule: Rule | undefined
  readonly mediaType: string | undefined
  readonly content: Uint8Array
  /** The string with its quotes, as it stood in the body. */
  readonly original: Uint8Array
}

export interface Member {
  readonly name: string
  readonly pointer: string
  readonly depth: number
  readonly start: number
  end: number
  payload?: number
}

/** A string that begins with the marker. */
export interface Ref {
  readonly text: string
  readonly pointer: string
  readonly rule: Rule | undefined
  readonly start: number
  readonly end: number
}

export interface Spliced {
  readonly residue: readonly number[]
  readonly payloads: readonly Payload[]
  readonly members: readonly Member[]
  readonly refs: readonly Ref[]
  readonly topLevel: string
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Splices a whole document, read from left to right. Throws a Refusal. */
export function spliceWhole(body: Uint8Array, options: SpliceOptions): Spliced {
  const text = Array.from(body, (byte) => String.fromCharCode(byte)).join('')
  const residue: number[] = []
  const payloads: Payload[] = []
  const members: Member[] = []
  const refs: Ref[] = []
  const path: string[] = []
  let at = 0

  function keep(to: number): void {
    residue.push(...body.subarray(at, to))
    at = to
  }

  function space(): void {
    while (at < text.length && ' \n\r\t'.includes(text.charAt(at))) keep(at + 1)
  }

  function expect(token: string): void {
    if (!text.startsWith(token, at)) throw new Broken(at)
    keep(at + token.length)
  }

  const pointer = (): string =>
    path.map((token) => `/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

  function value(): string {
    const first = text.charAt(at)
    if (first === '{') return object()
    if (first === '[') return array()
    if (first === '"') return string()
    for (const word of ['true', 'false', 'null']) {
      if (first !== word.charAt(0)) continue
      expect(word)
      return word === 'null' ? 'null' : 'boolean'
    }
    NUMBER.lastIndex = at
    const number = NUMBER.exec(text)?.[0]
    if (number === undefined) throw new Broken(at)
    keep(at + number.length)
    return 'number'
  }

  function enter(): void {
    if (path.length === options.nesting) throw new Refusal('nesting_too_deep')
    keep(at + 1)
    path.push('')
    space()
  }

  function array(): string {
    enter()
    for (let index = 0; index > 0 || text.charAt(at) !== ']'; index++) {
      path[path.length - 1] = String(index)
      space()
      value()
      space()
      if (text.charAt(at) !== ',') break
      keep(at + 1)
    }
    path.pop()
    expect(']')
    return 'array'
  }

  function object(): string {
    enter()
    for (let count = 0; count > 0 || text.charAt(at) !== '}'; count++) {
      space()
      const name = key()
      path[path.length - 1] = name
      space()
      expect(':')
      space()
      member(name)
      space()
      if (text.charAt(at) !== ',') break
      keep(at + 1)
    }
    path.pop()
    expect('}')
    return 'object'
  }

  function member(name: string): void {
    const { watch, watchTop } = options
    const watched = watch.includes(name) || (path.length === 1 && watchTop.includes(name))
    const start = residue.length
    const found: Member = { name, pointer: pointer(), depth: path.length, start, end: start }
    if (watched) members.push(found)
    const isPayload = value() === 'payload'
    found.end = residue.length
    if (isPayload) found.payload = payloads.length - 1
  }

  function key(): string {
    expect('"')
    const start = at
    const limit = start + options.keyBytes
    let end = start
    try {
      while (text.charAt(end) !== '"') {
        end = readCharacter(body, end).end
        if (end > limit) throw new Refusal('key_too_long')
      }
    } catch (error) {
      const late = error instanceof Broken && error.offset >= limit && limit < body.length
      throw late ? new Refusal('key_too_long') : error
    }
    keep(end + 1)
    return JSON.parse(`"${utf8.decode(body.subarray(start, end))}"`)
  }

  function string(): string {
    const rule = options.rules.find((one) => matches(one.pointer, path))
    if (beginsLikeRef()) return ref(rule)
    const forced = rule?.stage === true
    const bySize =
      options.lift &&
      path.length > 1 &&
      path[0] === 'input' &&
      rule?.stage !== false &&
      pointer().length <= 4096
    if (!forced && !bySize) return plain()
    const encoding = rule?.encoding ?? 'base64'
    const weigher = new Weigher(body, at, encoding, options.refMarker)
    if (weigher.decide(forced ? 0 : options.stageMinBytes)) return payload(rule, encoding, weigher)
    // Bytes beyond ASCII are foreign to base64, and if they are no UTF-8 either, to JSON.
    if (forced) throw new Refusal('invalid_payload', ...(weigher.foreign ? ['invalid_json'] : []))
    return plain()
  }

  function beginsLikeRef(): boolean {
    const { refMarker } = options
    if (refMarker === undefined) return false
    let end = at + 1
    for (const character of refMarker) {
      if (end >= body.length || text.charAt(end) === '"') return false
      try {
        const read = readCharacter(body, end)
        if (read.unit !== character.charCodeAt(0)) return false
        end = read.end
      } catch (error) {
        if (error instanceof Broken) return false
        throw error
      }
    }
    return true
  }

  function ref(rule: Rule | undefined): string {
    const start = residue.length
    const literal = at
    plain()
    if (pointer().length > 4096 || refs.length === options.refsMax) {
      throw new Refusal('invalid_request')
    }
    const whole = at - literal - 2 <= 256
    const spelled = whole ? utf8.decode(body.subarray(literal, at)) : `"${options.refMarker}"`
    const parsed: string = JSON.parse(spelled)
    refs.push({ text: parsed, pointer: pointer(), rule, start, end: residue.length })
    return 'string'
  }

  function plain(): string {
    let end = at + 1
    while (text.charAt(end) !== '"') end = readCharacter(body, end).end
    keep(end + 1)
    return 'string'
  }

  function payload(rule: Rule | undefined, encoding: 'base64' | 'text', weigher: Weigher): string {
    if (payloads.length === options.payloadsMax) throw new Refusal('invalid_request')
    const { bodyAt, head } = weigher
    const read = encoding === 'text' ? readText(body, bodyAt) : readBase64(body, bodyAt)
    payloads.push({
      at: residue.length,
      pointer: pointer(),
      encoding,
      dataUri: head !== undefined,
      rule,
      mediaType: head?.mediaType ?? rule?.mediaType,
      content: read.content,
      original: body.slice(at, read.end),
    })
    at = read.end
    return 'payload'
  }

  space()
  const topLevel = value()
  space()
  if (at < text.length) throw new Broken(at)
  return {
    residue,
    payloads,
    members,
    refs,
    topLevel: topLevel === 'payload' ? 'string' : topLevel,
  }
}

function matches(pattern: string, path: readonly string[]): boolean {
  const tokens = pattern
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  return (
    tokens.length === path.length &&
    tokens.every((token, level) => token === '*' || token === path[level])
  )
}

/** Content of a string from `from` on, and the position behind its closing quote. */
interface Read {
  readonly content: Uint8Array
  readonly end: number
}

function readBase64(body: Uint8Array, from: number): Read {
  let spelled = ''
  let count = 0
  let pads = 0
  let at = from
  while (body[at] !== 0x22) {
    if ((body[at] ?? 0) >= 0x80) throw new Refusal('invalid_payload', 'invalid_json')
    const { unit = 0, end } = readCharacter(body, at)
    const character = String.fromCharCode(unit)
    spelled += character
    at = end
    if (character === '=') {
      pads++
      if (count % 4 < 2 || (count % 4) + pads > 4) {
        // Where the body breaks off right behind it, that is as true a reason.
        throw new Refusal('invalid_payload', ...(at === body.length ? ['invalid_json'] : []))
      }
    } else if (character !== '\r' && character !== '\n') {
      count++
      if (pads > 0 || sextet(character) === undefined) throw new Refusal('invalid_payload')
    }
  }
  const content = decodeBase64(spelled)
  if (content === undefined) throw new Refusal('invalid_payload')
  return { content, end: at + 1 }
}

function readText(body: Uint8Array, from: number): Read {
  let content = ''
  let at = from
  let high = false
  while (high || body[at] !== 0x22) {
    if (high && at < body.length && body[at] !== 0x5c) throw new Refusal('invalid_payload')
    const { unit, end } = readCharacter(body, at)
    const isLow = unit !== undefined && unit >= 0xdc00 && unit <= 0xdfff
    if (high !== isLow) throw new Refusal('invalid_payload')
    high = unit !== undefined && unit >= 0xd800 && unit <= 0xdbff
    content += unit === undefined ? utf8.decode(body.subarray(at, end)) : String.fromCharCode(unit)
    at = end
  }
  return { content: new TextEncoder().encode(content), end: at + 1 }
}
