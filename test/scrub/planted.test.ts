import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/log.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { compileSecrets, Scrubber } from '../../src/scrub/scrubber.ts'
import { SPELLERS, type Spelling } from './planted-spellings.ts'

/** Secrets planted in all: a million every night. */
const plantings = Number(
  process.env['BULKWAY_PLANTINGS'] ??
    (process.env['npm_lifecycle_event'] === 'nightly' ? 1_000_000 : 10_000),
)
/** Sets of secrets, each as a grant holds them. */
const grants = 8
const mostInText = 12
const most = { filler: 120, chunk: 200 } as const

const star = 0x2a
const bytes = createBytePrimitives()
const seed = Number(process.env['BULKWAY_SEED'] ?? 20_261_121)

function random(from: number): (below: number) => number {
  let state = from
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Next = (below: number) => number

function letters(next: Next, alphabet: string, length: number): string {
  let out = ''
  for (let i = 0; i < length; i++) out += alphabet.charAt(next(alphabet.length))
  return out
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const word = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Access id and secret, a sealed token, a secret of AWS, a URL with a token, a password. */
function secretsOf(next: Next): string[] {
  return [
    `BW1${letters(next, base32, 37)}`,
    letters(next, `${word}-_`, 43),
    `k1.${letters(next, `${word}-_`, 60)}`,
    letters(next, `${word}+/`, 40),
    `https://hooks.example/T01?token=${letters(next, word, 24)}&to=${letters(next, word, 5)}`,
    `q"u\\o/t'ü&<😀>${letters(next, word, 6)}`,
    `p@s/${letters(next, `${word}+=%`, 5)}`,
  ]
}

/** The same secret with another character in its middle: none, and not to be touched. */
function decoyOf(secret: string): string {
  const at = Math.floor(secret.length / 2)
  return `${secret.slice(0, at)}${secret[at] === 'Q' ? 'R' : 'Q'}${secret.slice(at + 1)}`
}

interface Bed {
  readonly scrubber: () => Scrubber
  /** By secret and speller. */
  readonly spellings: readonly (readonly Uint8Spelling[])[]
  readonly decoys: readonly (readonly Uint8Spelling[])[]
}

interface Uint8Spelling extends Omit<Spelling, 'text'> {
  readonly bytes: Uint8Array
}

function bedOf(next: Next): Bed {
  const literals = secretsOf(next)
  const secrets = compileSecrets(
    literals.map((text, at) => ({ kind: `secret ${at}`, value: new Secret(text) })),
  )
  const options = {
    secrets,
    bases: ['https://gateway.example/s3'],
    signedHosts: ['gateway.example', 'store.example:9000/bucket'],
    shapes: ['aws-error', 'aws-secret', 'runpod-key', 'gateway-key'] as const,
    bytes,
  }
  const spelledBy = (texts: readonly string[]) =>
    texts.map((text) =>
      SPELLERS.map(({ spell }) => {
        const { text: spelt, from, to } = spell(text)
        return { bytes: Uint8Array.from(Buffer.from(spelt, 'latin1')), from, to }
      }),
    )
  return {
    scrubber: () => new Scrubber(options),
    spellings: spelledBy(literals),
    decoys: spelledBy(literals.map(decoyOf)),
  }
}

const filler = Buffer.from(
  ' the worker wrote {"output":"done","n":12.5,"list":[null,true]} \\n\\"\\u00e9 %20 <p>&amp;</p> d0a1b2c3==\r\n\n größer https://other.example/a?b=c&d=e _a_b_ AKIAIOSFODNN7EXAMPLE ',
)

interface Planted {
  readonly start: number
  readonly from: number
  readonly to: number
  readonly end: number
  readonly where: string
}

const buffer = new Uint8Array(64 * 1024)
const result = new Uint8Array(64 * 1024)

/** Fills the buffer: filler, and between it secrets and decoys. */
function plant(bed: Bed, next: Next): { length: number; planted: Planted[] } {
  const planted: Planted[] = []
  let length = 0
  function add(text: Uint8Array): void {
    buffer.set(text, length)
    length += text.length
  }
  for (let part = 1 + next(mostInText); part > 0; part--) {
    const from = next(filler.length)
    add(filler.subarray(from, from + next(most.filler)))
    const secret = next(bed.spellings.length)
    const speller = next(SPELLERS.length)
    if (next(8) === 0) {
      add(bed.decoys[secret]?.[speller]?.bytes ?? filler)
      // What is next to it must not complete it.
      add(filler.subarray(0, 1))
      continue
    }
    const spelling = bed.spellings[secret]?.[speller]
    if (spelling === undefined) throw new TypeError('No such spelling')
    const where = `secret ${secret}, ${SPELLERS[speller]?.name}`
    planted.push({
      start: length,
      from: length + spelling.from,
      to: length + spelling.to,
      end: length + spelling.bytes.length,
      where,
    })
    add(spelling.bytes)
  }
  add(filler.subarray(0, next(most.filler)))
  return { length, planted }
}

function scrub(bed: Bed, length: number, next: Next): number {
  const scrubber = bed.scrubber()
  let out = 0
  function take(pieces: ReturnType<Scrubber['write']>): void {
    for (const piece of pieces) {
      const text = piece instanceof Uint8Array ? piece : piece.kept
      result.set(text, out)
      out += text.length
    }
  }
  const largest = next(4) === 0 ? length : 1 + next(most.chunk)
  for (let at = 0; at < length; ) {
    const size = Math.min(length - at, 1 + next(largest))
    const chunk = buffer.slice(at, at + size)
    take(scrubber.write(chunk))
    // As a connection's buffer is used again.
    chunk.fill(0x23)
    at += size
  }
  take(scrubber.end())
  return out
}

/** What is wrong with the result; undefined where nothing is. */
function fault(length: number, out: number, planted: readonly Planted[]): string | undefined {
  if (out !== length) return `${out} bytes of ${length}`
  let at = 0
  for (const { start, from, to, end, where } of planted) {
    for (; at < start; at++)
      if (result[at] !== buffer[at]) return `a change at ${at}, before ${where}`
    for (; at < end; at++) {
      const isCore = at >= from && at < to
      if (isCore ? result[at] !== star : result[at] !== star && result[at] !== buffer[at]) {
        return `${isCore ? 'an escape' : 'a change'} in ${where}`
      }
    }
  }
  for (; at < length; at++) if (result[at] !== buffer[at]) return `a change at ${at}, at the end`
  return undefined
}

describe(`${plantings} secrets in ${SPELLERS.length} spellings`, () => {
  it('never escape, and nothing else changes, wherever they stand and however they are cut', {
    timeout: 600_000,
  }, () => {
    const next = random(seed)
    const beds = Array.from({ length: grants }, () => bedOf(next))
    let count = 0
    for (let round = 0; count < plantings; round++) {
      const bed = beds[round % grants]
      if (bed === undefined) throw new TypeError('No such bed')
      const { length, planted } = plant(bed, next)
      const out = scrub(bed, length, next)
      const wrong = fault(length, out, planted)
      if (wrong !== undefined) {
        const text = Buffer.from(buffer.subarray(0, length)).toString('latin1')
        expect.fail(`Round ${round}: ${wrong}\n${text}`)
      }
      count += planted.length
    }
    expect(count).toBeGreaterThanOrEqual(plantings)
  })
})
