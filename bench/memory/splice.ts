/**
 * Rates of the JSON splicer in memory, by kind of body: `node bench/memory/splice.ts [KIND…]`.
 * With BULKWAY_BENCH_AGAINST, a second tree's `src/`, that one's rates stand beside, taken in turns.
 */
import { cpuUsage } from 'node:process'
import { type BodyKind, bodyKinds, makeBody } from './splice-bodies.ts'
import { checkSplice, createSplice, optionsFor } from './splice-once.ts'

const ROUNDS = 7
const scale = Number(process.env['BULKWAY_BENCH_SCALE'] ?? 1)
const against = process.env['BULKWAY_BENCH_AGAINST']

const asked = process.argv.slice(2)
const kinds = bodyKinds.filter((kind) => asked.length === 0 || asked.includes(kind))
for (const kind of kinds) {
  const body = makeBody(kind, 64 * scale)
  const contestants = [createSplice(optionsFor(kind))]
  if (against !== undefined) {
    const { JsonSplicer } = await import(`${against}/json/splicer.ts`)
    const { createBytePrimitives } = await import(`${against}/runtimes/byte-primitives.ts`)
    const options = { ...optionsFor(kind), bytes: createBytePrimitives() }
    contestants.push(createSplice(options, JsonSplicer))
  }
  for (const splice of contestants) checkSplice(splice, body)

  const times = kind === '1kb' ? Math.ceil(20_000 * scale) : 1
  const seconds: number[][] = contestants.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    contestants.forEach((splice, index) => {
      const before = cpuUsage()
      for (let time = 0; time < times; time++) splice(body.bytes)
      const { user, system } = cpuUsage(before)
      seconds[index]?.push((user + system) / 1e6 / times)
    })
  }
  console.log(kind.padEnd(14), ...seconds.map((list) => figures(kind, body.bytes.length, list)))
}

/** Median, least and greatest, of CPU time: other processes of the machine do not count. */
function figures(kind: BodyKind, bytes: number, list: readonly number[]): string {
  const sorted = list.toSorted((one, other) => one - other)
  const shown = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map(
    (seconds = Number.NaN) =>
      kind === '1kb'
        ? `${(seconds * 1e6).toFixed(1)} µs`
        : `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`,
  )
  return `${shown[0]} (${shown[1]} … ${shown[2]})`.padEnd(40)
}
