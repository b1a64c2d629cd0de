import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { cpuUsage } from 'node:process'
import type { Contestants, Turn } from '../contest.ts'
import { type Body, type BodyKind, makeBody } from './splice-bodies.ts'
import { checkSplice, chunksOf, createSplice, optionsFor } from './splice-once.ts'

const scale = Number(process.env['BULKWAY_BENCH_SCALE'] ?? 1)

/**
 * What stands beside the splicer: the body in one piece, `JSON.parse`, and the payload, if there is
 * one, decoded by `Buffer.from`.
 *
 * @returns the payload
 */
function parseNaively(bytes: Buffer): Buffer | undefined {
  const document = JSON.parse(Buffer.concat([...chunksOf(bytes)]).toString())
  const { payload } = document.input
  return payload === undefined ? undefined : Buffer.from(payload, 'base64')
}

function checkNaive(body: Body): void {
  const payload = parseNaively(body.bytes)
  const sha256 = payload && createHash('sha256').update(payload).digest('hex')
  if (sha256 !== body.sha256) throw new Error('parsed wrongly')
}

function timed(work: () => void, times: number, bytes: number): Turn {
  const cpu = cpuUsage()
  const start = performance.now()
  for (let time = 0; time < times; time++) work()
  const seconds = (performance.now() - start) / 1e3
  const { user, system } = cpuUsage(cpu)
  return {
    seconds,
    bytes: bytes * times,
    cpuSeconds: (user + system) / 1e6,
  }
}

/** The splicer and `JSON.parse` on the same body in this process; `times` bodies a turn. */
export async function openSplice(kind: BodyKind, times = 1): Promise<Contestants> {
  const body = makeBody(kind, 64 * scale)
  const count = Math.ceil(times * (times > 1 ? scale : 1))
  const { length } = body.bytes
  const splice = createSplice(optionsFor(kind))
  return {
    turns: {
      async splicer() {
        checkSplice(splice, body)
        return timed(() => splice(body.bytes), count, length)
      },
      async naive() {
        checkNaive(body)
        return timed(() => parseNaively(body.bytes), count, length)
      },
    },
    async close() {},
  }
}
