import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'

/** A JSON body, its one payload where it has one, and what that is worth in the end. */
export interface Body {
  readonly bytes: Buffer
  /** SHA-256 of the bytes to be lifted, in hex; undefined where nothing is to be lifted. */
  readonly sha256?: string
}

const KINDS = ['base64', 'base64url', 'escaped', 'text', 'small-values', '1kb'] as const

/** What a body is made of: `escaped` is base64 whose every `/` is spelled `\/`. */
export type BodyKind = (typeof KINDS)[number]

export const bodyKinds: readonly BodyKind[] = KINDS

/** A body of about `megabytes` MB (10⁶ bytes); `1kb` is 1 KB whatever is asked for. */
export function makeBody(kind: BodyKind, megabytes: number): Body {
  switch (kind) {
    case 'small-values':
      return { bytes: Buffer.from(smallValues(megabytes * 1e6)) }
    case '1kb':
      return { bytes: Buffer.from(smallValues(1000)) }
    case 'text': {
      const text = 'Zwölf Boxkämpfer jagen Viktor "quer" über den großen Sylter Deich.\n'
      const content = Buffer.from(text.repeat(Math.ceil((megabytes * 1e6) / 74)))
      return bodyOf(content, JSON.stringify(content.toString()).slice(1, -1))
    }
    default: {
      const content = noise(Math.floor(megabytes * 0.75e6))
      const base64 = content.toString(kind === 'base64url' ? 'base64url' : 'base64')
      return bodyOf(content, kind === 'escaped' ? base64.replaceAll('/', '\\/') : base64)
    }
  }
}

function bodyOf(content: Buffer, spelled: string): Body {
  return {
    bytes: Buffer.from(`{"input":{"payload":"${spelled}","seed":1}}`),
    sha256: createHash('sha256').update(content).digest('hex'),
  }
}

/** The same bytes every time, as even as a compressed image's. */
function noise(length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = 0x9e3779b9
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[at] = state
  }
  return Buffer.from(words.buffer, 0, length)
}

/** Records of short keys, numbers, words and strings. */
function smallValues(length: number): string {
  const records: string[] = []
  for (let size = 60, id = 0; size < length; id++) {
    const record = JSON.stringify({
      id,
      name: `record ${id}`,
      score: (id * 7919) / 1000,
      tags: ['red', 'green'],
      place: { lat: 52.5 - (id % 90) / 7, lon: 13.4, ok: id % 3 === 0 },
      note: null,
    })
    records.push(record)
    size += record.length + 1
  }
  return `{"input":{"records":[${records.join(',')}]},"webhook":null}`
}
