import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from '../json/characters.ts'
import type { BytePrimitives } from '../platform.ts'
import { stringEnd } from './string-end.ts'

/** Containers that may stand in each other. */
export const MAX_DEPTH = 512
// Keys beyond this are left to the walk.
const MAX_KEY = 256

const AFTER = 0
const KEY = 1
const VALUE = 2

// What a byte is outside of strings.
const WHITE = 1
const SCALAR = 2
const kinds = new Uint8Array(256)
for (const byte of [0x20, 0x0a, 0x0d, 0x09]) kinds[byte] = WHITE
for (const character of '0123456789+-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') {
  kinds[character.charCodeAt(0)] = SCALAR
}

/** Where a walk through JSON stands between two tokens. */
export interface Place {
  at: number
  state: 'after' | 'key' | 'value'
  depth: number
  /** Nothing of the innermost container has been seen. */
  first: boolean
}

/**
 * Moves `place` over as many tokens as hold nothing that matters to `Envelope`, fast, and stops
 * before the first that may, or is not complete in `chunk`, or is no JSON; all of that is for the
 * walk that looks at everything. Stops within an object only before a key, or after a key and its
 * colon. `isObject` tells of each depth whether it is an object; `watched`: which top-level keys matter.
 */
export function skim(
  bytes: BytePrimitives,
  chunk: Uint8Array,
  isObject: Uint8Array,
  place: Place,
  watched: 'none' | 'told' | 'all',
): void {
  const length = chunk.length
  const words = new DataView(chunk.buffer, chunk.byteOffset, length)
  let { at, depth, first } = place
  let mode = place.state === 'after' ? AFTER : place.state === 'key' ? KEY : VALUE
  while (at < length) {
    const byte = chunk[at] ?? 0
    const kind = kinds[byte] ?? 0
    if (kind === WHITE) {
      at++
      continue
    }
    if (mode === VALUE) {
      if (byte === QUOTE) {
        const end = stringEnd(bytes, words, chunk, at + 1)
        if (end < 0) break
        at = end
      } else if (kind === SCALAR) {
        let to = at + 1
        while (to < length && kinds[chunk[to] ?? 0] === SCALAR) to++
        if (to === length) break
        at = to
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth === MAX_DEPTH) break
        isObject[++depth] = byte === OPEN_OBJECT ? 1 : 0
        mode = byte === OPEN_OBJECT ? KEY : VALUE
        first = true
        at++
        continue
      } else if (byte === CLOSE_ARRAY && depth > 1 && isObject[depth] === 0) {
        depth--
        at++
      } else break
      mode = AFTER
      first = false
      continue
    }
    if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth <= 1 || isObject[depth] !== (byte === CLOSE_OBJECT ? 1 : 0)) break
      depth--
      mode = AFTER
      first = false
      at++
      continue
    }
    let key = at
    if (mode === AFTER) {
      if (byte !== COMMA || depth === 0) break
      if (isObject[depth] === 0) {
        mode = VALUE
        at++
        continue
      }
      key++
      while (key < length && kinds[chunk[key] ?? 0] === WHITE) key++
    }
    const to = keyEnd(chunk, key, depth === 1 ? watched : 'none')
    if (to < 0) break
    at = to
    mode = VALUE
  }
  place.at = at
  place.state = mode === AFTER ? 'after' : mode === KEY ? 'key' : 'value'
  place.depth = depth
  place.first = first
}

/** Position after the colon of the key at `at`, or -1 where the key matters or cannot be judged. */
function keyEnd(chunk: Uint8Array, at: number, watched: 'none' | 'told' | 'all'): number {
  if (at >= chunk.length || chunk[at] !== QUOTE || watched === 'all') return -1
  const limit = Math.min(chunk.length, at + MAX_KEY)
  let to = at + 1
  for (; to < limit; to++) {
    const byte = chunk[to] ?? 0
    if (byte === QUOTE) break
    if (byte === BACKSLASH) return -1
  }
  if (to >= limit) return -1
  const length = to - at - 1
  // `id`, `error`, `status`, `output`
  if (watched === 'told' && (length === 2 || length === 5 || length === 6)) return -1
  if (length > 7 && ((chunk[to - 1] ?? 0) | 0x20) === 0x67) return -1
  do to++
  while (to < chunk.length && kinds[chunk[to] ?? 0] === WHITE)
  return to < chunk.length && chunk[to] === COLON ? to + 1 : -1
}
