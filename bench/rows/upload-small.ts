import type { Contest, Turn } from '../contest.ts'
import { measure } from '../load/measure.ts'
import { scaledCount } from '../load/scale.ts'
import { percentile } from '../report/summary.ts'
import type { Arrivals } from '../sinks/arrivals.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'
import type { UploadBurst, UploadBurstDone } from '../uploads/burst.ts'

const uploads = scaledCount(1_000)
const bytes = 100_000
const concurrency = 32
const warmUps = scaledCount(500)
const checked = 4

/** Many files of one part each: what is lost between the requests of an upload. */
export const contest: Contest = {
  id: 'upload-small',
  title: '1,000 uploads of 100 KB, 32 at a time',
  about:
    'A file of one part by start, PUT of the part and complete, timed as one, 1,000 times, 32 at a time on kept connections; beside it the same client with the three steps at the store itself, unsigned. CPU is of the gateway, and of the store where there is none. The log is at warn.',
  async open() {
    const upstream = await launch('bench/sinks/upstream.ts')
    const store = await launch('bench/sinks/s3.ts')
    const env = { BULKWAY_LOG: 'warn', UPSTREAM: upstream.url, STORE: store.url }
    const gateway = await launch('bench/subjects/gateway.ts', env)
    const client = await launch('bench/uploads/burst.ts')
    const warm = new Set<Launched>()

    const turn = (to: UploadBurst['to'], subject: Launched) => async (): Promise<Turn> => {
      const facts = { url: subject.url, to, bytes, concurrency }
      const send = (count: number) =>
        client.ask<UploadBurstDone>('burst', { ...facts, uploads: count })
      if (!warm.has(subject)) await send(warmUps)
      warm.add(subject)
      await store.ask('take')
      await store.ask('verify', { on: true })
      await send(checked)
      await store.ask('verify', { on: false })
      const { hashes } = await store.ask<Arrivals>('take')
      const expected = await client.ask<string>('hash', { bytes })
      if (hashes.filter((hash) => hash === expected).length !== checked) {
        throw new Error(`${hashes.length} files arrived, not all as they were sent`)
      }
      const [{ seconds, latencies }, used] = await measure(subject, () => send(uploads))
      const arrived = await store.ask<Arrivals>('take')
      if (arrived.bytes !== uploads * bytes) {
        throw new Error(`${arrived.bytes} bytes arrived of ${uploads * bytes}`)
      }
      const extra = { 'store requests': arrived.requests }
      return { seconds, bytes: arrived.bytes, latencies, extra, ...used }
    }

    return {
      turns: { gateway: turn('gateway', gateway), store: turn('store', store) },
      close: () => stopAll([upstream, store, gateway, client]),
    }
  },
  goals: [
    {
      figure: 'to the store, an upload',
      unit: 'requests',
      // What docs/uploads.md says.
      target: { atMost: 7 },
      of: ({ gateway }) => (gateway?.extra?.['store requests'] ?? Number.NaN) / uploads,
    },
    { figure: 'p50', unit: 'ms', of: ({ gateway }) => latency(gateway, 0.5) },
    { figure: 'p99', unit: 'ms', of: ({ gateway }) => latency(gateway, 0.99) },
    { figure: 'p50 × the store itself', unit: '×', of: ratio(0.5) },
    { figure: 'p99 × the store itself', unit: '×', of: ratio(0.99) },
    {
      figure: 'CPU an upload',
      unit: 'ms',
      of: ({ gateway }) => ((gateway?.cpuSeconds ?? Number.NaN) * 1e3) / uploads,
    },
  ],
}

function latency(turn: Turn | undefined, share: number): number {
  return percentile(turn?.latencies ?? [], share) * 1e3
}

function ratio(share: number): Contest['goals'][number]['of'] {
  return ({ gateway, store }) => latency(gateway, share) / latency(store, share)
}
