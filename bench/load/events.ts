import { type IncomingMessage, request } from 'node:http'
import { takeCommands } from '../subjects/control.ts'

/** Streams of events to be read, all at once. */
export interface EventStreams {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly streams: number
}

export interface EventsRead {
  readonly seconds: number
  readonly bytes: number
  /** Seconds between the writing of each event and its arrival. */
  readonly delays: readonly number[]
}

/** Reads `streams` answers at once; throws where one is no stream that came to its end. */
async function read({ url, headers, body, streams }: EventStreams): Promise<EventsRead> {
  const startedAt = performance.now()
  const all = await Promise.all(Array.from({ length: streams }, () => one(url, headers, body)))
  return {
    seconds: (performance.now() - startedAt) / 1e3,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    delays: all.flatMap(({ delays }) => delays),
  }
}

function one(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ bytes: number; delays: number[] }> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': `${Buffer.byteLength(body)}` }
    const outgoing = request(url, { method: 'POST', headers: { ...headers, ...length } })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming: IncomingMessage) => {
      const delays: number[] = []
      let bytes = 0
      let rest = ''
      incoming.on('data', (chunk: Buffer) => {
        const now = process.hrtime.bigint()
        bytes += chunk.length
        const events = (rest + chunk.toString('latin1')).split('\n\n')
        rest = events.pop() ?? ''
        for (const event of events) {
          const sent = /"sentNs":"(\d+)"/.exec(event)?.[1]
          if (sent !== undefined) delays.push(Number(now - BigInt(sent)) / 1e9)
          else if (event === 'data: [DONE]') rest = event
        }
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        if (rest === 'data: [DONE]') resolve({ bytes, delays })
        else reject(new Error(`${incoming.statusCode}: ${rest.slice(0, 500)}`))
      })
    })
    outgoing.end(body)
  })
}

await takeCommands({ read })
