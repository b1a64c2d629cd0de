import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './characters.ts'
import { unescapeText } from './trail.ts'

/** Where a value lies in its document, white space around it left out. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A member of an object: its name, unescaped, and where its key (with quotes) and value lie. */
export interface Member {
  readonly name: string
  readonly key: Span
  readonly value: Span
}

/**
 * The members of the object that begins at `at` of a well-formed document, in order, repeated names
 * too; none where no object begins there.
 */
export function* membersAt(json: Uint8Array, at: number): Generator<Member> {
  if (json[at] !== OPEN_OBJECT) return
  for (let next = afterSpace(json, at + 1); json[next] === QUOTE; ) {
    const key = { start: next, end: stringEnd(json, next) }
    const colon = afterSpace(json, key.end)
    if (json[colon] !== COLON) return
    const value = valueAt(json, colon + 1)
    yield { name: unescapeText(json, key.start + 1, key.end - 1), key, value }
    const comma = afterSpace(json, value.end)
    if (json[comma] !== COMMA) return
    next = afterSpace(json, comma + 1)
  }
}

/** The elements of the array that begins at `at` of a well-formed document; none where none does. */
export function* elementsAt(json: Uint8Array, at: number): Generator<Span> {
  if (json[at] !== OPEN_ARRAY) return
  let next = afterSpace(json, at + 1)
  while (next < json.length && json[next] !== CLOSE_ARRAY) {
    const value = valueAt(json, next)
    yield value
    next = afterSpace(json, value.end)
    if (json[next] !== COMMA) return
    next = afterSpace(json, next + 1)
  }
}

/** The string at a place, unescaped; undefined where something else lies there. */
export function stringAt(json: Uint8Array, { start, end }: Span): string | undefined {
  return json[start] === QUOTE ? unescapeText(json, start + 1, end - 1) : undefined
}

/** The value that begins at `from` or behind white space there. */
export function valueAt(json: Uint8Array, from: number): Span {
  const start = afterSpace(json, from)
  const first = json[start]
  if (first === QUOTE) return { start, end: stringEnd(json, start) }
  if (first === OPEN_OBJECT || first === OPEN_ARRAY)
    return { start, end: containerEnd(json, start) }
  let end = start
  while (end < json.length && !endsScalar(json[end] ?? 0)) end++
  return { start, end }
}

function afterSpace(json: Uint8Array, from: number): number {
  let at = from
  while (at < json.length && isSpace(json[at] ?? 0)) at++
  return at
}

function stringEnd(json: Uint8Array, quote: number): number {
  for (let at = json.indexOf(QUOTE, quote + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let slashes = 0
    while (json[at - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at + 1
  }
  return json.length
}

function containerEnd(json: Uint8Array, open: number): number {
  let depth = 0
  for (let at = open; at < json.length; at++) {
    const byte = json[at]
    if (byte === QUOTE) at = stringEnd(json, at) - 1
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (--depth === 0) return at + 1
    }
  }
  return json.length
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || isSpace(byte)
}
