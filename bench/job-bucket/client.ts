import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { takeCommands } from '../subjects/control.ts'
import { type Carriage, checksumOf, endOf, pieceBytes, pieceOf } from './frames.ts'

/** An S3 client that costs next to nothing: its requests are signed, its bytes made beforehand. */

export interface Put {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly carriage: Carriage
  readonly bytes: number
  readonly checksum: string
}

export interface Got {
  readonly seconds: number
  readonly bytes: number
  /** SHA-256 of what came, lower-case hex, where it was asked for. */
  readonly hash?: string
}

function put({ url, headers, carriage, bytes, checksum }: Put): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const outgoing = request(url, { method: 'PUT', agent: false, headers: { ...headers } })
    outgoing.on('error', reject)
    outgoing.on('response', async (incoming) => {
      const answer = await text(incoming)
      if (incoming.statusCode === 200) resolve((performance.now() - startedAt) / 1e3)
      else reject(new Error(`${incoming.statusCode}: ${answer}`))
    })
    const piece = pieceOf(carriage)
    let left = bytes
    const send = () => {
      while (left > 0) {
        left -= pieceBytes
        if (!outgoing.write(piece)) {
          outgoing.once('drain', send)
          return
        }
      }
      outgoing.end(endOf(carriage, checksum))
    }
    send()
  })
}

function get({ url, hashing }: { url: string; hashing: boolean }): Promise<Got> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const outgoing = request(url, { agent: false }, (incoming) => {
      const hash = hashing ? createHash('sha256') : undefined
      let bytes = 0
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        hash?.update(chunk)
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        const seconds = (performance.now() - startedAt) / 1e3
        if (incoming.statusCode !== 200) reject(new Error(`${incoming.statusCode}`))
        else resolve({ seconds, bytes, ...(hash && { hash: hash.digest('hex') }) })
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

function hashOf({ bytes }: { bytes: number }): string {
  const hash = createHash('sha256')
  for (let at = 0; at < bytes; at += pieceBytes) hash.update(pieceOf('plain'))
  return hash.digest('hex')
}

await takeCommands({
  put,
  get,
  hash: hashOf,
  checksum: ({ carriage, bytes }: { carriage: Carriage; bytes: number }) =>
    checksumOf(carriage, bytes),
})
