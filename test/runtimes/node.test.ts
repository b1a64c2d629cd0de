import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTinyS3, type TinyS3 } from '../store/tiny-s3.ts'
import { type Loopback, serveLoopback } from './loopback.ts'

const half = Buffer.alloc(100_000, 'a')
let directory: string
let store: TinyS3
let upstream: Loopback
/** The answer that upstream has half given. */
let begun: Promise<ServerResponse>
let child: ChildProcess

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-node-'))
  store = await startTinyS3()
  // It has one ETag for all: the stale one of the gateway's probe is refused here.
  let probes = 0
  store.fault = (line) =>
    line.startsWith('PUT probes/') && ++probes === 4
      ? { status: 412, code: 'PreconditionFailed' }
      : 'none'
  const { promise, resolve } = Promise.withResolvers<ServerResponse>()
  begun = promise
  upstream = await serveLoopback((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write(half)
    resolve(response)
  })
})
afterEach(async () => {
  child.kill('SIGKILL')
  await upstream[Symbol.asyncDispose]()
  await store.stop()
  await rm(directory, { recursive: true, force: true })
})

/** Starts the gateway as an operator does; gives its URL. */
async function start(): Promise<string> {
  const { endpoint, region, bucket, pathStyle } = store.config
  const secret = { env: 'STORE_SECRET' }
  const main = { kind: 's3', endpoint, region, bucket, pathStyle }
  const document = {
    publicUrl: 'https://gateway.example',
    stores: { main: { ...main, accessKeyId: secret, secretAccessKey: secret } },
    stateStore: 'main',
    endpoints: { '*': { upstream: `${upstream.url}v2` } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
  }
  const path = join(directory, 'bulkway.jsonc')
  await writeFile(path, JSON.stringify(document))
  child = spawn(process.execPath, ['src/runtimes/node.ts'], {
    env: {
      PATH: process.env['PATH'],
      BULKWAY_CONFIG: path,
      HOST: '127.0.0.1',
      PORT: '0',
      STORE_SECRET: 'testtest',
      KEYS: `k1:${btoa('a'.repeat(32))}`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return await new Promise((resolve, reject) => {
    let out = ''
    child.stdout?.on('data', (chunk) => {
      out += String(chunk)
      const url = /^ready (\S+)$/m.exec(out)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', () => reject(new Error(`The gateway did not start: ${out}`)))
  })
}

/** Begins a download on a connection of its own, which ends with it. */
function download(url: string): Promise<IncomingMessage> {
  const headers = { authorization: 'Bearer a-key' }
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers }, resolve).once('error', reject)
  })
}

/** Resolves when nobody listens any more. */
async function closed(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  for (;;) {
    const socket = connect(Number(port), hostname)
    const refused = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false))
      socket.once('error', () => resolve(true))
    })
    socket.destroy()
    if (refused) return
  }
}

describe('a gateway that is told to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'takes nothing new on %s, ends the download under way whole and exits with 0',
    async (signal) => {
      const url = await start()
      const exit = once(child, 'exit')
      const response = await download(`${url}/v2/demo/openai/v1/models`)
      child.kill(signal)
      await closed(url)
      const answer = await begun
      answer.end(half)
      expect((await buffer(response)).length).toBe(2 * half.length)
      expect(await exit).toEqual([0, null])
    },
  )
})
