import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IncomingResponse } from '../../src/platform.ts'
import { createNodeSend } from '../../src/runtimes/node-send.ts'
import { makeCertificate } from './certificate.ts'
import { turns } from './loopback.ts'

// All connections of an agent are read into one memory: what one answer holds must never show in
// another, however slowly it is read.
const answers = Array.from({ length: 6 }, () => randomBytes(3_000_000))
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let folder = ''
let tls = { key: '', cert: '' }
const usual = getCACertificates()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkway-agent-'))
  tls = await makeCertificate(join(folder, 'cert.pem'), join(folder, 'key.pem'))
  setDefaultCACertificates([...usual, tls.cert])
})
afterAll(async () => {
  setDefaultCACertificates(usual)
  await rm(folder, { recursive: true, force: true })
})

async function serve(scheme: string, listener: RequestListener) {
  const server = scheme === 'http' ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Reads a whole answer, with `pause` between its chunks. */
async function digest({ body }: IncomingResponse, pause: () => Promise<unknown>): Promise<string> {
  const hash = createHash('sha256')
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    await pause()
    hash.update(chunk)
  }
  return hash.digest('hex')
}

describe.each(['http', 'https'])('Answers over %s', (scheme) => {
  test('are each whole and their own, many at once, with readers fast and slow', async () => {
    const listener: RequestListener = ({ url }, response) => {
      const answer = answers[Number(url?.slice(1))] ?? Buffer.alloc(0)
      const isChunked = Number(url?.slice(1)) % 2 === 1
      if (!isChunked) response.setHeader('content-length', answer.length)
      for (let at = 0; at < answer.length; at += 100_003)
        response.write(answer.subarray(at, at + 100_003))
      response.end()
    }
    await using served = await serve(scheme, listener)
    const send = createNodeSend()
    for (let round = 0; round < 2; round++) {
      const hashes = await Promise.all(
        answers.map(async (_, at) => {
          const headers = new Headers()
          const how = { method: 'GET', headers, idleTimeoutMs: 20_000, idempotent: true }
          const response = await send({ ...how, url: `${served.url}${at}` })
          return digest(response, () => (at < 3 ? turns(1) : Promise.resolve()))
        }),
      )
      expect(hashes).toEqual(answers.map(hashOf))
    }
  })

  test('that nobody reads stop their sender', async () => {
    let sent = 0
    const piece = Buffer.alloc(1_000_000)
    const listener: RequestListener = (_, response) => {
      const write = () => {
        while (sent++ < 1_000 && response.write(piece));
      }
      response.on('drain', write)
      write()
    }
    await using served = await serve(scheme, listener)
    const how = { method: 'GET', headers: new Headers(), idleTimeoutMs: 20_000 }
    const { body } = await createNodeSend()({ ...how, url: served.url })
    await body.read()
    let before = 0
    const isStill = () => {
      const wasSent = before
      before = sent
      return wasSent === sent
    }
    await expect.poll(isStill, { interval: 300, timeout: 10_000 }).toBe(true)
    expect(sent).toBeLessThan(100)
    await body.cancel()
  })
})
