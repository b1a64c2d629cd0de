import { concat } from '../bytes/concat.ts'
import type { Residue } from './residue.ts'

/** Replaces `bytes[start, end)` of a residue by `text`; where both are equal it inserts. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Writes the document anew: `replacements` holds, by payload index, the JSON text that takes the
 * payload's place. A payload inside an edit's span goes with it; at an insert's offset the payload
 * comes first, inserts at the same offset keep their order. Throws a RangeError when edits overlap
 * or leave the residue, or a replacement is missing.
 */
export function renderResidue(
  residue: Pick<Residue, 'bytes' | 'payloads'>,
  replacements: readonly string[],
  edits: readonly Edit[],
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = []
  let copied = 0
  for (const { start, end, text } of inOrder(residue, replacements, edits)) {
    if (start < copied || end < start || end > residue.bytes.length) {
      throw new RangeError(`edit of ${start} to ${end} overlaps or is out of range`)
    }
    pieces.push(residue.bytes.subarray(copied, start), encoder.encode(text))
    copied = end
  }
  pieces.push(residue.bytes.subarray(copied))
  return concat(pieces)
}

const encoder = new TextEncoder()

function inOrder(
  residue: Pick<Residue, 'payloads'>,
  replacements: readonly string[],
  edits: readonly Edit[],
): readonly Edit[] {
  const spans = edits.filter(({ start, end }) => start < end)
  const kept = residue.payloads
    .filter(({ at }) => !spans.some(({ start, end }) => start < at && at < end))
    .map(({ at, payload }) => {
      const text = replacements[payload.index]
      if (text === undefined) throw new RangeError(`no replacement for payload ${payload.index}`)
      return { start: at, end: at, text }
    })
  return [...kept, ...edits].sort((one, other) => one.start - other.start || one.end - other.end)
}
