import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Contest, cpuPerMegabyte, growth, rate, type Turn } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { measure } from '../load/measure.ts'
import { scaled } from '../load/scale.ts'
import { residentBytes } from '../process.ts'
import { blockBytes, lengthOf, piecesOf, secrets } from '../sinks/leaky-body.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'

const blocks = Math.max(1, Math.round(scaled(512) / blockBytes))
const headers = { authorization: 'Bearer rpa_bench', 'content-type': 'application/json' }

type As = 'sent' | 'scrubbed'

function call(
  url: string,
  body?: string,
): Promise<{ status: number; incoming: NodeJS.ReadableStream }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: body === undefined ? 'GET' : 'POST', headers })
    outgoing.on('response', (incoming) => resolve({ status: incoming.statusCode ?? 0, incoming }))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Submits the job with an `s3Config` of the caller's own, whose secrets its grant remembers. */
async function submit(gateway: Launched): Promise<void> {
  const s3Config = { accounts: secrets.map((token) => ({ token })) }
  const body = JSON.stringify({ input: {}, s3Config })
  const { status, incoming } = await call(`${gateway.url}/v2/bench/run`, body)
  const answer = await text(incoming)
  if (status !== 200) throw new Error(`The gateway refused the job: ${status} ${answer}`)
}

function hashOf(pieces: Iterable<Buffer>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

/** Reads an answer and compares its SHA-256; throws when a byte is not as it must be. */
async function verify(url: string, count: number, as: As): Promise<void> {
  const { incoming } = await call(`${url}/v2/bench/status/j1?blocks=${count}`)
  const hash = createHash('sha256')
  for await (const chunk of incoming) hash.update(chunk)
  if (hash.digest('hex') !== hashOf(piecesOf(count, as))) {
    throw new Error(`The answer of ${count} MiB did not arrive ${as}`)
  }
}

export const contest: Contest = {
  id: 'scrub-download-node',
  title: 'Scrub end to end, 512 MiB, Node',
  about:
    'A job answer of 512 MiB in which secrets stand 1,024 times, downloaded through the gateway, which looks for 67 of them; against a raw node:http pass-through.',
  async open() {
    const upstream = await launch('bench/sinks/leaky-upstream.ts')
    const env = { BULKWAY_LOG: 'warn', UPSTREAM: upstream.url }
    const raw = await launch('bench/subjects/raw.ts', env)
    const gateway = await launch('bench/subjects/gateway.ts', env)
    const idle = { raw: residentBytes(raw.pid).now, gateway: residentBytes(gateway.pid).now }
    const load = await startLoad()
    await submit(gateway)
    // All of it once, so that a border of any kind is met.
    await verify(gateway.url, blocks, 'scrubbed')
    await verify(raw.url, blocks, 'sent')

    async function turn(name: 'raw' | 'gateway', process: Launched): Promise<Turn> {
      await verify(process.url, Math.ceil(blocks / 16), name === 'raw' ? 'sent' : 'scrubbed')
      const url = `${process.url}/v2/bench/status/j1?blocks=${blocks}`
      const [{ seconds, bytes }, used] = await measure(process, () =>
        load.download({ url, headers }),
      )
      if (bytes !== lengthOf(blocks))
        throw new Error(`${bytes} bytes arrived of ${lengthOf(blocks)}`)
      return { seconds, bytes, ...used, idleBytes: idle[name] }
    }
    return {
      turns: { raw: () => turn('raw', raw), gateway: () => turn('gateway', gateway) },
      close: () => stopAll([upstream, raw, gateway, load]),
    }
  },
  goals: [
    {
      figure: 'rate × raw',
      unit: '×',
      target: { atLeast: 0.8 },
      of: ({ raw, gateway }) => rate(gateway) / rate(raw),
    },
    { figure: 'rate', unit: 'MB/s', of: ({ gateway }) => rate(gateway) },
    {
      figure: 'CPU over raw',
      unit: 'ms/MB',
      of: ({ raw, gateway }) => cpuPerMegabyte(gateway) - cpuPerMegabyte(raw),
    },
    { figure: 'peak over idle', unit: 'MB', of: ({ gateway }) => growth(gateway) },
  ],
}
