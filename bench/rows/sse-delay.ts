import type { Contest, Goal, Turn } from '../contest.ts'
import type { EventStreams, EventsRead } from '../load/events.ts'
import { measure } from '../load/measure.ts'
import { scaledCount } from '../load/scale.ts'
import { authorization } from '../load/upload-scene.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'
import { gatewayEntry, startWorkersGateway } from '../workers/gateway.ts'
import { bundleWorker } from '../workers/workerd.ts'

// On Workers six files are staged at once, at most.
const streams = 6
const events = scaledCount(500)
const path = `/v2/bench/openai/v1/chat/completions?events=${events}`
const headers = { authorization, 'content-type': 'application/json' }
const prompt = (content: unknown) =>
  JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content }] })
const url = `data:image/png;base64,${Buffer.alloc(99_000, 7).toString('base64')}`
/** Goes on as it came, and so does its answer. */
const plain = prompt('hello')
/** Its file becomes a link, of which the answer is cleaned. */
const withFile = prompt([{ type: 'image_url', image_url: { url } }])

/** Takes turns at one URL; every event must arrive, each by itself is timed. */
async function turnsAt(subject: { readonly url: string; readonly pid: number }, body: string) {
  const load = await launch('bench/load/events.ts')
  const read = (count: number) =>
    load.ask<EventsRead>('read', {
      url: subject.url + path,
      headers,
      body,
      streams: count,
    } satisfies EventStreams)
  await read(2)
  async function turn(): Promise<Turn> {
    const [{ seconds, bytes, delays }, used] = await measure(subject, () => read(streams))
    if (delays.length !== streams * events) throw new Error(`${delays.length} events arrived`)
    return { seconds, bytes, latencies: delays, ...used }
  }
  return { turn, load }
}

function percentile({ latencies = [] }: Turn, share: number): number {
  const sorted = [...latencies].sort((one, other) => one - other)
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1e3
}

function added(name: string, figure: string, share: number, atMost?: number): Goal {
  return {
    figure,
    unit: 'ms',
    ...(atMost !== undefined && { target: { atMost } }),
    of: (round) => {
      const { [name]: through, platform } = round
      if (through === undefined || platform === undefined) return Number.NaN
      return percentile(through, share) - percentile(platform, share)
    },
  }
}

export const contest: Contest = {
  id: 'sse-delay',
  title: 'Delay of a streamed event',
  about:
    `${streams} streams of ${events} events, 8 ms apart, on the OpenAI route: how much later than ` +
    'from the platform itself an event arrives through the gateway, as it came and cleaned.',
  async open() {
    const platform = await launch('bench/sinks/events.ts')
    const bundle = await bundleWorker(gatewayEntry)
    const staged = { as: 'url', stage: 'always', access: 'none' }
    const gateway = await launch('bench/subjects/gateway.ts', {
      BULKWAY_LOG: 'warn',
      UPSTREAM: platform.url,
      ENDPOINT: JSON.stringify(staged),
    })
    const workers = await startWorkersGateway(bundle, platform.url, staged)
    const subjects = {
      platform: await turnsAt(platform, plain),
      plain: await turnsAt(gateway, plain),
      cleaned: await turnsAt(gateway, withFile),
      workers: await turnsAt(workers, withFile),
    }
    const loads: Launched[] = Object.values(subjects).map(({ load }) => load)
    return {
      turns: Object.fromEntries(
        Object.entries(subjects).map(([name, { turn }]) => [name, turn] as const),
      ),
      async close() {
        await stopAll([platform, gateway, workers, ...loads])
        await bundle.remove()
      },
    }
  },
  goals: [
    added('plain', 'p50 as it came', 0.5, 1),
    added('cleaned', 'p50 cleaned', 0.5, 1),
    added('cleaned', 'p99 cleaned', 0.99),
    added('workers', 'p50 cleaned, workerd', 0.5, 1),
    added('workers', 'p99 cleaned, workerd', 0.99),
  ],
}
