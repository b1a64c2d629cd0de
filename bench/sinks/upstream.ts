import { createHash, type Hash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { PREFIX, SUFFIX } from '../load/body.ts'
import { listen, takeCommands } from '../subjects/control.ts'

/**
 * The platform behind the contestants: takes any body, answers `/run` with a job id. Commands:
 * `verify` {on} has it hash the payloads of giant bodies; `take` gives and forgets what arrived.
 */

let verifying = false
let requests = 0
let bytes = 0
let hashes: string[] = []

const server = createServer((request, response) => {
  const hash = verifying ? createHash('sha256') : undefined
  const payload = hash === undefined ? undefined : new Payload(hash)
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    payload?.add(chunk)
  })
  request.on('end', () => {
    requests++
    if (hash !== undefined) hashes.push(hash.digest('hex'))
    answer(request, response)
  })
})
server.requestTimeout = 0

function answer(request: IncomingMessage, response: ServerResponse): void {
  const submits = request.method === 'POST' && /\/run(sync)?$/.test(request.url ?? '')
  const body = submits
    ? `{"id":"${randomUUID()}-u1","status":"IN_QUEUE"}`
    : '{"jobs":{"inQueue":0},"workers":{"idle":1}}'
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

/** Finds the base64 text of a giant body and hashes what it stands for. */
class Payload {
  readonly #hash: Hash
  #skip = PREFIX.length
  #rest: Buffer = Buffer.alloc(0)
  #ended = false

  constructor(hash: Hash) {
    this.#hash = hash
  }

  add(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    if (this.#ended) return
    const all = Buffer.concat([this.#rest, chunk.subarray(skipped)])
    const end = all.indexOf(SUFFIX[0] ?? 0)
    this.#ended = end >= 0
    const usable = this.#ended ? end : all.length - (all.length % 4)
    this.#hash.update(Buffer.from(all.toString('latin1', 0, usable), 'base64'))
    this.#rest = all.subarray(usable)
  }
}

await takeCommands(
  {
    verify({ on }: { on: boolean }) {
      verifying = on
    },
    take() {
      const taken = { requests, bytes, hashes }
      requests = 0
      bytes = 0
      hashes = []
      return taken
    },
  },
  await listen(server),
)
