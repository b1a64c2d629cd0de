/** How fast responses are cleaned in memory: `node bench/memory/scrub.ts [ROUNDS]` prints GB/s. */
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { Envelope } from '../../src/scrub/envelope.ts'
import { type CompiledSecrets, compileSecrets, Scrubber } from '../../src/scrub/scrubber.ts'
import * as texts from './scrub-texts.ts'

const CHUNK = 65_536
const primitives = createBytePrimitives()

export interface Case {
  readonly name: string
  readonly bytes: number
  /** Does the work once; returns the bytes that came out, and hands them to `taken`. */
  run(taken?: (piece: Uint8Array) => void): number
}

function chunked(text: Uint8Array, write: (chunk: Uint8Array) => void): void {
  for (let at = 0; at < text.length; at += CHUNK) {
    // No Buffers, as the platform gives none.
    write(new Uint8Array(text.buffer, text.byteOffset + at, Math.min(CHUNK, text.length - at)))
  }
}

export function copyCase(text: Uint8Array): Case {
  const target = new Uint8Array(CHUNK)
  return {
    name: 'memcpy',
    bytes: text.length,
    run() {
      chunked(text, (chunk) => target.set(chunk))
      return text.length
    },
  }
}

/** The scrubber alone, or behind the envelope pass as a job's answer takes it. */
export function scrubCase(
  name: string,
  text: Uint8Array,
  secrets: CompiledSecrets,
  part: 'scrubber' | 'envelope' | 'both' = 'scrubber',
): Case {
  return {
    name,
    bytes: text.length,
    run(taken) {
      let out = 0
      function take(piece: Uint8Array) {
        out += piece.length
        taken?.(piece)
      }
      const envelope = part === 'scrubber' ? undefined : new Envelope(primitives)
      const scrubber =
        part === 'envelope'
          ? undefined
          : new Scrubber({ secrets, ...texts.anchors, bytes: primitives })
      function scrub(chunk: Uint8Array) {
        if (scrubber === undefined) take(chunk)
        else for (const one of scrubber.write(chunk)) if (one instanceof Uint8Array) take(one)
      }
      chunked(text, (chunk) => {
        if (envelope === undefined) scrub(chunk)
        else for (const piece of envelope.write(chunk)) scrub(piece)
      })
      for (const piece of envelope?.end() ?? []) scrub(piece)
      for (const one of scrubber?.end() ?? []) if (one instanceof Uint8Array) take(one)
      return out
    },
  }
}

export function compileCase(count: number): Case {
  const secrets = texts.secretsOf(texts.secretTexts(count))
  return {
    name: `compile ${count}`,
    bytes: 0,
    run: () => compileSecrets(secrets).with(texts.anchors).stride,
  }
}

/** CPU seconds of one run: other work on the machine counts less than on the clock. */
export function seconds(one: Case): number {
  const before = process.cpuUsage()
  one.run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function print(cases: readonly Case[], rounds: number): void {
  const times = cases.map(() => [] as number[])
  for (let round = -1; round < rounds; round++) {
    cases.forEach((one, i) => {
      const took = seconds(one)
      if (round >= 0) times[i]?.push(took)
    })
  }
  cases.forEach(({ name, bytes }, i) => {
    const sorted = (times[i] ?? []).sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN
    const show = (time: number) =>
      bytes > 0 ? `${(bytes / 1e6 / time).toFixed(0)} MB/s` : `${(time * 1e3).toFixed(2)} ms`
    process.stdout.write(
      `${name.padEnd(28)} ${show(at(0.5)).padStart(12)}  (${show(at(1))} to ${show(at(0))})\n`,
    )
  })
}

if (import.meta.main) {
  const size = 16 << 20
  const literals = texts.secretTexts(64)
  const secrets = compileSecrets(texts.secretsOf(literals))
  const plain = texts.plainJson(size)
  const small = texts.smallValues(size)
  const base64 = texts.base64Text(size)
  const only = process.argv[3] ?? ''
  const cases = [
    copyCase(plain),
    scrubCase('plain: scrubber', plain, secrets),
    scrubCase('plain: envelope', plain, secrets, 'envelope'),
    scrubCase('plain: both', plain, secrets, 'both'),
    scrubCase('small: scrubber', small, secrets),
    scrubCase('small: envelope', small, secrets, 'envelope'),
    scrubCase('small: both', small, secrets, 'both'),
    scrubCase('base64: scrubber', base64, secrets),
    scrubCase('base64: both', base64, secrets, 'both'),
    scrubCase('hits, 1 in 1 KiB: scrubber', texts.manyHits(size, literals, 1024), secrets),
    scrubCase('hits, 1 in 256 B: scrubber', texts.manyHits(size, literals, 256), secrets),
    scrubCase('hostile, 8 MiB', texts.hostile(size / 2, literals), secrets),
    scrubCase('hostile, 16 MiB', texts.hostile(size, literals), secrets),
    scrubCase('one gram, 8 MiB', texts.repeatedGram(size / 2, literals[1] ?? ''), secrets),
    scrubCase('one gram, 16 MiB', texts.repeatedGram(size, literals[1] ?? ''), secrets),
    compileCase(1),
    compileCase(64),
  ]
  print(
    cases.filter(({ name }) => name === 'memcpy' || name.startsWith(only)),
    Number(process.argv[2] ?? 5),
  )
}
