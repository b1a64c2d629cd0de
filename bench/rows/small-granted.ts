import type { Contest, Turn } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { measure } from '../load/measure.ts'
import { scaledCount } from '../load/scale.ts'
import { authorization } from '../load/upload-scene.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'

const requests = scaledCount(500)
const delayMs = 5
/** The grant is written, then the job's record, then the grant with its job. */
const callsEach = 3
const body = JSON.stringify({ input: { prompt: 'x'.repeat(1_000) } })

export const contest: Contest = {
  id: 'small-granted',
  title: '1 KB request with a grant',
  about:
    'A submit of 1 KB to an endpoint with s3Config "always", one at a time: how much longer it ' +
    `lasts than the same through a bare proxy and ${callsEach} PUTs of 1 KB by a bare client to the ` +
    `same store, one after the other. The store takes ${delayMs} ms longer than it must.`,
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
      const taken = await store.ask<{ calls: number }>('take')
      if (subject === gateway && taken.calls !== requests * callsEach) {
        throw new Error(`${taken.calls} store calls for ${requests} grants`)
      }
      return { seconds, bytes: requests * body.length, latencies, ...used }
    }

    /** One call of the store by a client that does nothing else. */
    const storeTurn = async (): Promise<Turn> => {
      const call = { url: `${store.url}/bench/object`, method: 'PUT', body, concurrency: 1 }
      const { seconds, latencies } = await load.burst({ ...call, requests })
      return { seconds, bytes: requests * body.length, latencies }
    }

    return {
      turns: { bare: turn(bare), store: storeTurn, gateway: turn(gateway) },
      close: () => stopAll([upstream, sink, store, load, bare, gateway]),
    }
  },
  goals: [
    {
      figure: 'p50 over bare proxy and store calls',
      unit: 'ms',
      target: { atMost: 2 },
      of: ({ bare, store, gateway }) =>
        (median(gateway) - median(bare) - callsEach * median(store)) * 1e3,
    },
    { figure: 'p50', unit: 'ms', of: ({ gateway }) => median(gateway) * 1e3 },
    {
      figure: 'p50 of its store calls',
      unit: 'ms',
      of: ({ store }) => callsEach * median(store) * 1e3,
    },
    {
      figure: 'CPU a request',
      unit: 'ms',
      of: ({ gateway }) => ((gateway?.cpuSeconds ?? Number.NaN) * 1e3) / requests,
    },
  ],
}

function median(turn: Turn | undefined): number {
  const sorted = [...(turn?.latencies ?? [])].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
