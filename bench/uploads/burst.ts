/** Many small uploads, several at a time on kept connections: a load client of its own process. */
import { createHash, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { authorization } from '../load/upload-scene.ts'
import { takeCommands } from '../subjects/control.ts'

export interface UploadBurst {
  /** The gateway, or the store itself. */
  readonly url: string
  readonly to: 'gateway' | 'store'
  readonly uploads: number
  /** Of each file. */
  readonly bytes: number
  readonly concurrency: number
}

export interface UploadBurstDone {
  readonly seconds: number
  /** Seconds of each upload, from the start of its first request to the end of its last. */
  readonly latencies: readonly number[]
}

const random = randomBytes(1_000_000)
const bodyOf = (bytes: number) => random.subarray(0, bytes)
let made = 0

interface Answer {
  readonly etag: string
  readonly text: string
}

type Send = (method: string, url: string, body: Uint8Array | string) => Promise<Answer>

function sender(agent: Agent): Send {
  return (method, url, body) =>
    new Promise((resolve, reject) => {
      const headers = { authorization, 'content-length': Buffer.byteLength(body) }
      const outgoing = request(url, { method, agent, headers }, async (incoming) => {
        const answer = await text(incoming)
        const { statusCode = 0, headers } = incoming
        if (statusCode >= 300) reject(new Error(`${method} ${url}: ${statusCode} ${answer}`))
        else resolve({ etag: headers.etag ?? '', text: answer })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
}

/** By the gateway: start, the one part, complete. */
async function byGateway(send: Send, url: string, file: Uint8Array): Promise<void> {
  const uploads = `${url}/v2/bench/uploads`
  const facts = { filename: 'file.bin', size: file.length }
  const { uploadId, parts } = JSON.parse((await send('POST', uploads, JSON.stringify(facts))).text)
  const { etag } = await send(parts[0].method, parts[0].url, file)
  const reported = JSON.stringify({ parts: [{ partNumber: 1, etag }] })
  await send('POST', `${uploads}/${uploadId}/complete`, reported)
}

/** The same three steps at the store, which asks for no signature. */
async function atStore(send: Send, url: string, file: Uint8Array): Promise<void> {
  const object = `${url}/bench/small-${++made}`
  const started = await send('POST', `${object}?uploads=`, '')
  const uploadId = /<UploadId>(.+?)</.exec(started.text)?.[1]
  const { etag } = await send('PUT', `${object}?partNumber=1&uploadId=${uploadId}`, file)
  const part = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
  const parts = `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`
  await send('POST', `${object}?uploadId=${uploadId}`, parts)
}

async function burst(facts: UploadBurst): Promise<UploadBurstDone> {
  const { url, to, uploads, bytes, concurrency } = facts
  const agent = new Agent({ keepAlive: true })
  const send = sender(agent)
  const upload = to === 'gateway' ? byGateway : atStore
  const latencies: number[] = []
  let left = uploads
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) {
        const beganAt = performance.now()
        await upload(send, url, bodyOf(bytes))
        latencies.push((performance.now() - beganAt) / 1e3)
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1e3
  agent.destroy()
  return { seconds, latencies }
}

await takeCommands({
  burst,
  hash: ({ bytes }: { bytes: number }) => createHash('sha256').update(bodyOf(bytes)).digest('hex'),
})
