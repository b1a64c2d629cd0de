import { Refusal } from './refusal.ts'

/** One character of a JSON string as it is spelled. */
export interface Character {
  /** The UTF-16 unit of an escape or of ASCII; undefined for bytes beyond ASCII. */
  readonly unit: number | undefined
  /** Position behind its last byte. */
  readonly end: number
}

/** The body's bytes are no JSON; `offset` is where that shows. */
export class Broken extends Refusal {
  readonly offset: number

  constructor(offset: number) {
    super('invalid_json')
    this.offset = offset
  }
}

const SIMPLE: Readonly<Record<string, number>> = {
  '"': 0x22,
  '\\': 0x5c,
  '/': 0x2f,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
}

/** Unicode 16, table 3-7, line by line: the range of each byte. */
const WELL_FORMED: readonly (readonly (readonly [number, number])[])[] = [
  [range(0xc2, 0xdf), range(0x80, 0xbf)],
  [range(0xe0, 0xe0), range(0xa0, 0xbf), range(0x80, 0xbf)],
  [range(0xe1, 0xec), range(0x80, 0xbf), range(0x80, 0xbf)],
  [range(0xed, 0xed), range(0x80, 0x9f), range(0x80, 0xbf)],
  [range(0xee, 0xef), range(0x80, 0xbf), range(0x80, 0xbf)],
  [range(0xf0, 0xf0), range(0x90, 0xbf), range(0x80, 0xbf), range(0x80, 0xbf)],
  [range(0xf1, 0xf3), range(0x80, 0xbf), range(0x80, 0xbf), range(0x80, 0xbf)],
  [range(0xf4, 0xf4), range(0x80, 0x8f), range(0x80, 0xbf), range(0x80, 0xbf)],
]

function range(low: number, high: number): readonly [number, number] {
  return [low, high]
}

/** Reads the character at `at` of a JSON string. Throws Broken at the first byte that is wrong. */
export function readCharacter(body: Uint8Array, at: number): Character {
  const byte = body[at]
  if (byte === undefined || byte < 0x20) throw new Broken(at)
  if (byte === 0x5c) return readEscape(body, at)
  if (byte < 0x80) return { unit: byte, end: at + 1 }
  const line = WELL_FORMED.find(([lead]) => lead !== undefined && within(byte, lead))
  if (line === undefined) throw new Broken(at)
  line.forEach((allowed, i) => {
    if (!within(body[at + i], allowed)) throw new Broken(at + i)
  })
  return { unit: undefined, end: at + line.length }
}

function within(byte: number | undefined, [low, high]: readonly [number, number]): boolean {
  return byte !== undefined && byte >= low && byte <= high
}

function readEscape(body: Uint8Array, at: number): Character {
  const kind = String.fromCharCode(body[at + 1] ?? 0)
  const simple = SIMPLE[kind]
  if (simple !== undefined) return { unit: simple, end: at + 2 }
  if (kind !== 'u') throw new Broken(at + 1)
  let unit = 0
  for (let i = at + 2; i < at + 6; i++) {
    const digit = '0123456789abcdef'.indexOf(String.fromCharCode(body[i] ?? 0).toLowerCase())
    if (digit < 0) throw new Broken(i)
    unit = unit * 16 + digit
  }
  return { unit, end: at + 6 }
}
