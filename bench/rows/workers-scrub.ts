import { createHash } from 'node:crypto'
import { type Contest, cpuPerMegabyte, growth, rate } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { scaled } from '../load/scale.ts'
import { residentBytes } from '../process.ts'
import { blockBytes, lengthOf, piecesOf, secrets } from '../sinks/leaky-body.ts'
import { launch, stopAll } from '../subjects/launch.ts'
import { authorization, gatewayEntry, startWorkersGateway } from '../workers/gateway.ts'
import { measure } from '../workers/measure.ts'
import { bundleWorker, type Workerd } from '../workers/workerd.ts'

const blocks = Math.max(1, Math.round(scaled(512) / blockBytes))
const warmUpBlocks = 16
const headers = { authorization, 'content-type': 'application/json' }

/** Submits the job with an `s3Config` of the caller's own, whose secrets its grant remembers. */
async function submit({ url }: Workerd): Promise<void> {
  const s3Config = { accounts: secrets.map((token) => ({ token })) }
  const body = JSON.stringify({ input: {}, s3Config })
  const answer = await fetch(`${url}/v2/bench/run`, { method: 'POST', headers, body })
  if (answer.status !== 200) throw new Error(`The gateway refused the job: ${await answer.text()}`)
  await answer.arrayBuffer()
}

function statusUrl({ url }: Workerd, count: number): string {
  return `${url}/v2/bench/status/j1?blocks=${count}`
}

/** @throws {Error} where a byte is not as it must be */
async function verify(process: Workerd, as: 'sent' | 'scrubbed'): Promise<void> {
  const { body } = await fetch(statusUrl(process, blocks), { headers })
  const arrived = createHash('sha256')
  for await (const chunk of body ?? []) arrived.update(chunk)
  const expected = createHash('sha256')
  for (const piece of piecesOf(blocks, as)) expected.update(piece)
  if (arrived.digest('hex') !== expected.digest('hex')) {
    throw new Error(`The answer of ${blocks} MiB did not arrive ${as}`)
  }
}

export const contest: Contest = {
  id: 'workers-scrub',
  title: 'Workers: scrub end to end, 512 MiB',
  about:
    'A job answer of 512 MiB in which secrets stand 1,024 times, downloaded through the gateway on ' +
    'workerd, which looks for 67 of them; against a Worker that relays it with one buffer of ' +
    '512 KiB through an IdentityTransformStream.',
  async open() {
    const upstream = await launch('bench/sinks/leaky-upstream.ts')
    const load = await startLoad()
    const gateway = await bundleWorker(gatewayEntry)
    const limits = await bundleWorker('bench/workers/isolate/limits.ts')

    // A process of its own for each turn: what workerd collects late would add up from turn to turn.
    const turn = async (process: Workerd, as: 'sent' | 'scrubbed') => {
      const idleBytes = residentBytes(process.pid).now
      const download = (count: number) => load.download({ url: statusUrl(process, count), headers })
      await download(warmUpBlocks)
      const result = await measure({ pid: process.pid, idleBytes }, () => download(blocks))
      if (result.bytes !== lengthOf(blocks)) throw new Error(`${result.bytes} bytes arrived`)
      await verify(process, as)
      await process.stop()
      return result
    }

    return {
      turns: {
        async gateway() {
          const process = await startWorkersGateway(gateway, upstream.url)
          await submit(process)
          return await turn(process, 'scrubbed')
        },
        relay: async () => await turn(await limits.start({ UPSTREAM: upstream.url }), 'sent'),
      },
      async close() {
        await stopAll([upstream, load])
        await Promise.all([gateway.remove(), limits.remove()])
      },
    }
  },
  goals: [
    {
      figure: 'rate × relay',
      unit: '×',
      target: { atLeast: 0.6 },
      of: ({ gateway, relay }) => rate(gateway) / rate(relay),
    },
    { figure: 'rate', unit: 'MB/s', of: ({ gateway }) => rate(gateway) },
    {
      figure: 'CPU over relay',
      unit: 'ms/MB',
      target: { atMost: 1 },
      of: ({ gateway, relay }) => cpuPerMegabyte(gateway) - cpuPerMegabyte(relay),
    },
    { figure: 'peak over idle', unit: 'MB', of: ({ gateway }) => growth(gateway) },
    {
      figure: 'peak',
      unit: 'MB',
      of: ({ gateway }) => (gateway?.peakBytes ?? Number.NaN) / 1e6,
    },
  ],
}
