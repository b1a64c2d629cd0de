import { BACKSLASH } from '../json/characters.ts'
import type { BytePrimitives } from '../platform.ts'

// Four bytes at a time up to here, by the platform's search after: a call costs as much as 200 bytes.
const NEAR = 1024

/**
 * Position after the quote that ends the JSON string whose text goes on at `from`, or -1 when it is
 * not in `chunk`; `words` is a view of the same bytes.
 */
export function stringEnd(
  bytes: BytePrimitives,
  words: DataView,
  chunk: Uint8Array,
  from: number,
): number {
  const near = Math.min(chunk.length - 4, from + NEAR)
  let at = from
  for (;;) {
    let end = -1
    for (; at <= near; at += 4) {
      // The lowest bit that is set is that of a quote; those above it may be of other bytes.
      const other = words.getInt32(at, true) ^ 0x22222222
      const bits = (other - 0x01010101) & ~other & 0x80808080
      if (bits === 0) continue
      end = at + ((31 - Math.clz32(bits & -bits)) >>> 3)
      break
    }
    if (end < 0 && at < chunk.length) end = bytes.indexOfQuote(chunk, at)
    if (end < 0) return -1
    // An odd run of backslashes escapes the quote.
    if (backslashesBefore(chunk, from, end) % 2 === 0) return end + 1
    at = end + 1
  }
}

/** How many backslashes stand right before `to`, not looking before `from`. */
export function backslashesBefore(chunk: Uint8Array, from: number, to: number): number {
  let at = to
  while (at > from && chunk[at - 1] === BACKSLASH) at--
  return to - at
}
