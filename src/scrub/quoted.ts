import { BACKSLASH, QUOTE } from '../json/characters.ts'
import { MAX_URL_BYTES } from './signed-url.ts'

/** Bytes of what went before a view that tell whether a string or a word begins there. */
export const BYTES_BEFORE = 7

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The JSON string, nested in others or not, that begins with the URL between two positions and goes
 * on after it; undefined where none does, or where it is longer than a URL may be. `before` are the
 * bytes that came before the view.
 */
export function wholeString(
  view: Uint8Array,
  start: number,
  urlEnd: number,
  before: Uint8Array,
  final: boolean,
): { readonly end: number; readonly link: string } | 'unfinished' | undefined {
  const depth = depthAt(view, start, before)
  if (depth === 0) return undefined
  const end = contentEnd(view, urlEnd, depth)
  if (Math.min(end, view.length) - start >= MAX_URL_BYTES) return undefined
  if (end === Infinity) return final ? undefined : 'unfinished'
  if (end <= urlEnd) return undefined
  const link = readContent(view.subarray(start, end), depth)
  return link === undefined ? undefined : { end, link }
}

/** How deep a string is nested whose first character is at `at`: 1 to 3, or 0 where none opens. */
function depthAt(view: Uint8Array, at: number, before: Uint8Array): number {
  const byteAt = (i: number) => (i >= 0 ? view[i] : before[before.length + i])
  if (byteAt(at - 1) !== QUOTE) return 0
  let backslashes = 0
  while (backslashes < BYTES_BEFORE && byteAt(at - 2 - backslashes) === BACKSLASH) backslashes++
  return [1, 2, 0, 3][backslashes] ?? 0
}

/** Where the content of a string ends; -1 where it never does, Infinity where the view ends first. */
function contentEnd(view: Uint8Array, from: number, depth: number): number {
  const backslashes = 2 ** (depth - 1) - 1
  for (let at = from; at < view.length; at++) {
    const byte = view[at] ?? 0
    if (byte < 0x20) return -1
    if (byte !== QUOTE) continue
    let run = 0
    while (at - run > from && view[at - run - 1] === BACKSLASH) run++
    const closes = depth === 1 ? run % 2 === 0 : run <= backslashes
    if (closes) return at - Math.min(run, backslashes)
  }
  return Infinity
}

function readContent(bytes: Uint8Array, depth: number): string | undefined {
  try {
    let text = utf8.decode(bytes)
    for (let i = 0; i < depth; i++) {
      const value: unknown = JSON.parse(`"${text}"`)
      if (typeof value !== 'string') return undefined
      text = value
    }
    return text
  } catch {
    return undefined
  }
}
