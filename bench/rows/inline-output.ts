import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Contest, cpuPerMegabyte, growth, rate, type Turn } from '../contest.ts'
import { startLoad } from '../load/load.ts'
import { measure } from '../load/measure.ts'
import { scaled } from '../load/scale.ts'
import { residentBytes } from '../process.ts'
import { type Launched, launch, stopAll } from '../subjects/launch.ts'

/** Bytes of the file, a multiple of three, so that its base64 needs no padding. */
const fileBytes = Math.floor(scaled(512) / 3) * 3
const fewBytes = Math.floor(fileBytes / 24) * 3
const headers = { authorization: 'Bearer rpa_bench', 'content-type': 'application/json' }

type Kind = 'file' | 'text'

const answerBytes = (bytes: number) =>
  '{"delayTime":5,"id":"j1","output":"","status":"COMPLETED"}'.length + (bytes / 3) * 4

const statusUrl = (gateway: Launched, kind: Kind, bytes: number) =>
  `${gateway.url}/v2/bench/status/j1?${kind}=${bytes}`

async function ask(url: string, body?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const outgoing = request(url, { method: body === undefined ? 'GET' : 'POST', headers })
  outgoing.on('response', (incoming) => resolve(text(incoming)))
  outgoing.on('error', reject)
  outgoing.end(body)
  return await promise
}

/** Fails unless a file of a few MB comes as the base64 that it is. */
async function verify(gateway: Launched, kind: Kind): Promise<void> {
  const bytes = 3_000_000
  const { id, output, status } = JSON.parse(await ask(statusUrl(gateway, kind, bytes)))
  const expected = Buffer.alloc(bytes).toString('base64')
  if (id !== 'j1' || status !== 'COMPLETED' || output !== expected) {
    throw new Error(`The answer of ${kind} is not what it has to be`)
  }
}

export const contest: Contest = {
  id: 'inline-output',
  title: 'Put an output of 512 MiB back into its answer, Node',
  about:
    'The status of a job whose worker left 512 MiB in its bucket, read with the file as base64 in the JSON, scrubbed as all answers are; against the same answer whose base64 comes from the platform itself.',
  async open() {
    const store = await launch('bench/sinks/s3.ts')
    const upstream = await launch('bench/sinks/referring-upstream.ts')
    const gateway = await launch('bench/subjects/gateway.ts', {
      BULKWAY_LOG: 'warn',
      UPSTREAM: upstream.url,
      STORE: store.url,
      ENDPOINT: JSON.stringify({ outputs: 'inline' }),
    })
    const idleBytes = residentBytes(gateway.pid).now
    const load = await startLoad()
    const answer = await ask(`${gateway.url}/v2/bench/run`, '{"input":{"a":1}}')
    if (!answer.includes('j1')) throw new Error(`The gateway refused the job: ${answer}`)
    await verify(gateway, 'file')
    await verify(gateway, 'text')

    async function turn(kind: Kind, size: number): Promise<Turn> {
      const url = statusUrl(gateway, kind, size)
      const [{ seconds, bytes }, used] = await measure(gateway, () =>
        load.download({ url, headers }),
      )
      if (bytes !== answerBytes(size)) throw new Error(`${bytes} of ${answerBytes(size)} bytes`)
      return { seconds, bytes, ...used, idleBytes }
    }
    return {
      turns: {
        few: () => turn('file', fewBytes),
        inline: () => turn('file', fileBytes),
        text: () => turn('text', fileBytes),
      },
      close: () => stopAll([store, upstream, gateway, load]),
    }
  },
  goals: [
    {
      figure: 'peak over idle',
      unit: 'MB',
      target: { atMost: 64 },
      of: ({ inline }) => growth(inline),
    },
    {
      figure: 'peak beyond that of an eighth of the file',
      unit: 'MB',
      target: { atMost: 16 },
      of: ({ few, inline }) => growth(inline) - growth(few),
    },
    { figure: 'rate', unit: 'MB/s', of: ({ inline }) => rate(inline) },
    {
      figure: 'rate × the same from the platform',
      unit: '×',
      target: { atLeast: 0.7 },
      of: ({ inline, text: plain }) => rate(inline) / rate(plain),
    },
    { figure: 'CPU', unit: 'ms/MB', of: ({ inline }) => cpuPerMegabyte(inline) },
    {
      figure: 'CPU × the same from the platform',
      unit: '×',
      of: ({ inline, text: plain }) => cpuPerMegabyte(inline) / cpuPerMegabyte(plain),
    },
  ],
}
