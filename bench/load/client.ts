import { Agent, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { takeCommands } from '../subjects/control.ts'
import { lengthOf, payloadHash, piecesOf } from './body.ts'
import type { Burst, BurstDone, Download, DownloadDone, Upload, UploadDone } from './load.ts'

/** The load client: a process of its own, so that its work is nobody else's CPU. */

const idleTimeoutMs = 60_000

/** Sends one giant body as fast as the socket takes it; resolves to its seconds. */
function uploadOnce({ url, headers, textBytes }: Upload): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const outgoing = request(url, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        ...headers,
        'content-length': lengthOf(textBytes),
      },
    })
    outgoing.on('error', reject)
    outgoing.setTimeout(idleTimeoutMs, () => outgoing.destroy(new Error('No byte went either way')))
    outgoing.on('response', (incoming) => {
      drain(incoming).then(() => resolve((performance.now() - startedAt) / 1e3), reject)
    })
    outgoing.flushHeaders()
    const pieces = piecesOf(textBytes)
    // Not `for … of`: leaving that loop would end the generator.
    const send = () => {
      for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
        if (!outgoing.write(next.value)) {
          outgoing.once('drain', send)
          return
        }
      }
      outgoing.end()
    }
    send()
  })
}

async function drain(incoming: IncomingMessage): Promise<void> {
  const answer = await text(incoming)
  if (incoming.statusCode !== 200) throw new Error(`${incoming.statusCode}: ${answer}`)
}

async function upload(facts: Upload): Promise<UploadDone> {
  const startedAt = performance.now()
  const each = await Promise.all(
    Array.from({ length: facts.parallel ?? 1 }, () => uploadOnce(facts)),
  )
  const seconds = (performance.now() - startedAt) / 1e3
  return { seconds, each }
}

/** Small requests, `concurrency` at a time on connections that are kept. */
async function burst(facts: Burst): Promise<BurstDone> {
  const { url, headers, body, requests, concurrency, method = 'POST' } = facts
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const bytes = body === undefined ? undefined : Buffer.from(body)
  const latencies: number[] = []
  let left = requests

  const one = () =>
    new Promise<void>((resolve, reject) => {
      const startedAt = performance.now()
      const length = bytes === undefined ? {} : { 'content-length': bytes.length }
      const outgoing = request(url, { method, agent, headers: { ...headers, ...length } })
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        if (incoming.statusCode !== 200) {
          drain(incoming).catch(reject)
          return
        }
        incoming.on('error', reject)
        incoming.on('end', () => {
          latencies.push((performance.now() - startedAt) / 1e3)
          resolve()
        })
        incoming.resume()
      })
      outgoing.end(bytes)
    })

  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await one()
    }),
  )
  const seconds = (performance.now() - startedAt) / 1e3
  agent.destroy()
  return { seconds, latencies }
}

/** Reads one answer to its end and drops it. */
function download({ url, headers }: Download): Promise<DownloadDone> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const outgoing = request(url, { agent: false, headers: { ...headers } }, (incoming) => {
      if (incoming.statusCode !== 200) {
        drain(incoming).catch(reject)
        return
      }
      let bytes = 0
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      incoming.on('error', reject)
      incoming.on('end', () => resolve({ seconds: (performance.now() - startedAt) / 1e3, bytes }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

await takeCommands({
  upload,
  burst,
  download,
  hash: ({ textBytes }: { textBytes: number }) => payloadHash(textBytes),
})
