import { compileSecrets } from '../../src/scrub/scrubber.ts'
import type { Contest, Goal, Turn } from '../contest.ts'
import { scaled } from '../load/scale.ts'
import { type Case, copyCase, scrubCase } from '../memory/scrub.ts'
import * as texts from '../memory/scrub-texts.ts'

const bytes = scaled(64)
/** Bytes between two hits. */
const every = 512

/** Runs a case once; every byte must come out, but for the masks as it went in. */
function turnOf(one: Case): () => Promise<Turn> {
  return async () => {
    const before = process.cpuUsage()
    const began = performance.now()
    const out = one.run()
    const seconds = (performance.now() - began) / 1e3
    const { user, system } = process.cpuUsage(before)
    if (out !== one.bytes) throw new Error(`${one.name}: ${out} bytes came out of ${one.bytes}`)
    return { seconds, bytes: one.bytes, cpuSeconds: (user + system) / 1e6 }
  }
}

/** Compares what comes out with what a search and replace makes of it; throws when they differ. */
function verify(one: Case, text: Uint8Array, literals: readonly string[]): void {
  let expected = Buffer.from(text).toString('latin1')
  for (const secret of literals) expected = expected.replaceAll(secret, '*'.repeat(secret.length))
  const pieces: Uint8Array[] = []
  one.run((piece) => pieces.push(piece))
  if (Buffer.concat(pieces).toString('latin1') !== expected) {
    throw new Error(`${one.name}: what came out is not the text without its secrets`)
  }
}

/** MB per CPU second: the work is one thread's, and what else the machine does is not counted. */
function speed(turn: Turn | undefined): number {
  return turn?.cpuSeconds === undefined ? Number.NaN : turn.bytes / 1e6 / turn.cpuSeconds
}

function atLeast(figure: string, name: string, target?: number): Goal {
  return {
    figure,
    unit: 'MB/s',
    ...(target === undefined ? {} : { target: { atLeast: target } }),
    of: (round) => speed(round[name]),
  }
}

export const contest: Contest = {
  id: 'scrub-memory',
  title: 'Scrub 64 secrets in memory, Node',
  about:
    'Text in chunks of 64 KiB through the scrubber, which looks for all forms of 64 secrets and for links; "answer" is the whole way of a job answer, the walk through its JSON before. MB/s are per CPU second.',
  async open() {
    const literals = texts.secretTexts(64)
    const secrets = compileSecrets(texts.secretsOf(literals))
    const plain = texts.plainJson(bytes)
    const hits = texts.manyHits(bytes, literals, every)
    const hostile = texts.hostile(bytes / 2, literals)
    const cases: Record<string, Case> = {
      copy: copyCase(plain),
      plain: scrubCase('plain', plain, secrets),
      answer: scrubCase('answer', plain, secrets, 'both'),
      small: scrubCase('small', texts.smallValues(bytes), secrets, 'both'),
      base64: scrubCase('base64', texts.base64Text(bytes), secrets),
      hits: scrubCase('hits', hits, secrets),
      hostileHalf: scrubCase('hostile half', hostile.subarray(0, bytes / 4), secrets),
      hostile: scrubCase('hostile', hostile, secrets),
    }
    const few = hits.subarray(0, 4 * 1024 * 1024)
    for (const one of Object.values(cases)) one.run()
    verify(scrubCase('hits', few, secrets), few, literals)
    return {
      turns: Object.fromEntries(Object.entries(cases).map(([name, one]) => [name, turnOf(one)])),
      close: async () => {},
    }
  },
  goals: [
    atLeast('plain JSON', 'plain', 1000),
    atLeast('base64 text', 'base64', 1000),
    atLeast(`a hit in ${every} B`, 'hits', 300),
    {
      figure: 'hostile text, seconds per byte at twice the size',
      unit: '×',
      target: { atMost: 1.15 },
      of: ({ hostile, hostileHalf }) => speed(hostileHalf) / speed(hostile),
    },
    atLeast('hostile text', 'hostile'),
    atLeast('plain JSON as an answer', 'answer'),
    atLeast('small values as an answer', 'small'),
    {
      figure: 'plain JSON × memcpy',
      unit: '×',
      of: ({ plain, copy }) => speed(plain) / speed(copy),
    },
  ],
}
