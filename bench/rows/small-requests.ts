import type { Contest, Round, Turn } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { measure } from '../load/measure.ts'
import { scaledCount } from '../load/scale.ts'
import { authorization } from '../load/upload-scene.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'

const requests = scaledCount(10_000)
const warmUps = scaledCount(4_000)
const concurrency = 16
const body = JSON.stringify({ input: { prompt: 'x'.repeat(1_000) } })

export const contest: Contest = {
  id: 'small-requests',
  title: '1 KB request that needs nothing',
  about:
    `A submit of 1 KB without anything for the gateway to do, ${concurrency} at a time on kept ` +
    'connections, against a bare Hono proxy with the same upstream client. The log is at warn.',
  rounds: 7,
  async open() {
    const upstream = await launch('bench/sinks/upstream.ts')
    const load = await startLoad()
    const env = { BULKWAY_LOG: 'warn', UPSTREAM: upstream.url }
    const hono = await launch('bench/peers/bare-hono.ts', env)
    const gateway = await launch('bench/subjects/gateway.ts', env)
    const headers = { authorization, 'content-type': 'application/json' }
    const warm = new Set<Launched>()

    const turn = (subject: Launched) => async (): Promise<Turn> => {
      const burst = { url: `${subject.url}/v2/bench/run`, headers, body, concurrency }
      if (!warm.has(subject)) await load.burst({ ...burst, requests: warmUps })
      warm.add(subject)
      await upstream.ask('take')
      const [{ seconds, latencies }, used] = await measure(subject, () =>
        load.burst({ ...burst, requests }),
      )
      const arrived = await upstream.ask<Arrivals>('take')
      if (arrived.requests !== requests || arrived.bytes !== requests * body.length) {
        throw new Error(`${arrived.requests} requests arrived of ${requests}`)
      }
      return { seconds, bytes: arrived.bytes, latencies, ...used }
    }

    return {
      turns: { hono: turn(hono), gateway: turn(gateway) },
      close: () => stopAll([upstream, load, hono, gateway]),
    }
  },
  goals: [
    {
      figure: 'time × bare Hono',
      unit: '×',
      target: { atMost: 1.1 },
      of: ratio(({ seconds }) => seconds),
    },
    {
      figure: 'p50 × bare Hono',
      unit: '×',
      target: { atMost: 1.1 },
      of: ratio((turn) => quantile(turn, 0.5)),
    },
    {
      figure: 'p99 × bare Hono',
      unit: '×',
      target: { atMost: 1.1 },
      of: ratio((turn) => quantile(turn, 0.99)),
    },
    {
      figure: 'CPU × bare Hono',
      unit: '×',
      target: { atMost: 1.1 },
      of: ratio(({ cpuSeconds }) => cpuSeconds ?? Number.NaN),
    },
    {
      figure: 'CPU a request',
      unit: 'ms',
      of: ({ gateway }) => ((gateway?.cpuSeconds ?? Number.NaN) * 1e3) / requests,
    },
    { figure: 'p50', unit: 'ms', of: ({ gateway }) => quantile(gateway, 0.5) * 1e3 },
    { figure: 'p99', unit: 'ms', of: ({ gateway }) => quantile(gateway, 0.99) * 1e3 },
  ],
}

function ratio(of: (turn: Turn) => number): (round: Round) => number {
  return ({ gateway, hono }) =>
    gateway === undefined || hono === undefined ? Number.NaN : of(gateway) / of(hono)
}

function quantile(turn: Turn | undefined, share: number): number {
  const sorted = [...(turn?.latencies ?? [])].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}
