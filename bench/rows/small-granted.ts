import type { Contest, Turn } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { measure } from '../load/measure.ts'
import { scaledCount } from '../load/scale.ts'
import { authorization } from '../load/upload-scene.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'

const requests = scaledCount(500)
const delayMs = 5
const body = JSON.stringify({ input: { prompt: 'x'.repeat(1_000) } })

interface StoreTime {
  readonly calls: number
  readonly seconds: number
}

export const contest: Contest = {
  id: 'small-granted',
  title: '1 KB request with a grant',
  about:
    'A submit of 1 KB to an endpoint with s3Config "always", one at a time: what it lasts longer ' +
    'than through a bare proxy, less what the store took for its calls, of which none waits for ' +
    `another request. The store takes ${delayMs} ms longer than it must.`,
  async open() {
    const upstream = await launch('bench/sinks/upstream.ts')
    const sink = await launch('bench/sinks/s3.ts')
    const slow = { STORE: sink.url, DELAY_MS: String(delayMs) }
    const store = await launch('bench/job-bucket/slow-store.ts', slow)
    const load = await startLoad()
    const bare = await launch('bench/subjects/raw.ts', { UPSTREAM: upstream.url })
    const gateway = await launch('bench/subjects/gateway.ts', {
      BULKWAY_LOG: 'warn',
      UPSTREAM: upstream.url,
      STORE: store.url,
      ENDPOINT: '{"s3Config":"always"}',
    })
    const headers = { authorization, 'content-type': 'application/json' }
    const warm = new Set<Launched>()

    const turn = (subject: Launched) => async (): Promise<Turn> => {
      const burst = { url: `${subject.url}/v2/bench/run`, headers, body, concurrency: 1 }
      if (!warm.has(subject)) await load.burst({ ...burst, requests: 300 })
      warm.add(subject)
      await store.ask('take')
      const [{ seconds, latencies }, used] = await measure(subject, () =>
        load.burst({ ...burst, requests }),
      )
      const taken = await store.ask<StoreTime>('take')
      if (subject === gateway && taken.calls !== requests * callsEach) {
        throw new Error(`${taken.calls} store calls for ${requests} grants`)
      }
      const extra = { storeSeconds: taken.seconds / requests }
      return { seconds, bytes: requests * body.length, latencies, extra, ...used }
    }

    return {
      turns: { bare: turn(bare), gateway: turn(gateway) },
      close: () => stopAll([upstream, sink, store, load, bare, gateway]),
    }
  },
  goals: [
    {
      figure: 'p50 over bare proxy and store',
      unit: 'ms',
      target: { atMost: 2 },
      of: ({ bare, gateway }) => (median(gateway) - median(bare) - stored(gateway)) * 1e3,
    },
    { figure: 'p50', unit: 'ms', of: ({ gateway }) => median(gateway) * 1e3 },
    { figure: 'store calls', unit: 'ms', of: ({ gateway }) => stored(gateway) * 1e3 },
    {
      figure: 'CPU a request',
      unit: 'ms',
      of: ({ gateway }) => ((gateway?.cpuSeconds ?? Number.NaN) * 1e3) / requests,
    },
  ],
}

/** The grant is written, bound to its job and read twice on the way. */
const callsEach = 5

function stored(turn: Turn | undefined): number {
  return turn?.extra?.['storeSeconds'] ?? Number.NaN
}

function median(turn: Turn | undefined): number {
  const sorted = [...(turn?.latencies ?? [])].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
