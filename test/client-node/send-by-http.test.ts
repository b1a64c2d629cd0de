import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Uploadable } from '../../src/client/client.ts'
import { partOf } from '../../src/client/source.ts'
import { openFile } from '../../src/client-node/client.ts'
import { sendByHttp } from '../../src/client-node/send-by-http.ts'

const bytes = randomBytes(5_000_000)
let directory: string
let path: string
let url: string
let take: (request: IncomingMessage, response: ServerResponse) => unknown
const server = createServer((request, response) => take(request, response))

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-send-'))
  path = join(directory, 'film.mp4')
  await writeFile(path, bytes)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/part`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(directory, { recursive: true, force: true })
})

const send = sendByHttp()
interface Range {
  readonly start: number
  readonly end: number
  readonly signal?: AbortSignal
  onSent?(bytes: number): void
}
function sendPart(file: Uploadable, range: Range) {
  const { start, end, signal = new AbortController().signal, onSent = () => {} } = range
  const body = partOf(file, start, end)
  return send({ url, headers: { host: 'other' }, body, signal, stallMs: 10_000, onSent })
}
async function keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client may leave in the middle.
  const body = await buffer(request).catch(() => undefined)
  if (body === undefined) return
  arrived.push(body)
  response.setHeader('etag', '"one"').end()
}
let arrived: Buffer[] = []

test('sends parts at once and one after the other, each with its own bytes', async () => {
  arrived = []
  take = keep
  const file = await openFile(path)
  const third = (at: number) => ({ start: at * 1_600_000, end: Math.min(5e6, at * 1.6e6 + 1.6e6) })
  for (const turn of [
    [0, 1, 2, 3],
    [3, 2],
    [1, 0],
  ]) {
    const before = arrived.length
    const answers = await Promise.all(turn.map((at) => sendPart(file, third(at))))

    expect(answers.map(({ status, etag }) => [status, etag])).toEqual(
      turn.map(() => [200, '"one"']),
    )
    const wanted = turn.map((at) => bytes.subarray(third(at).start, third(at).end))
    for (const piece of arrived.slice(before))
      expect(wanted.some((one) => one.equals(piece))).toBe(true)
  }
  expect(arrived).toHaveLength(8)
})

test('leaves the memory of a file alone whose streams lend none', async () => {
  arrived = []
  take = keep
  const chunk = new Uint8Array(1_048_576).fill(7)
  const held = {
    size: chunk.length,
    stream: (start: number, end: number) =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(chunk.subarray(start, end))
          controller.close()
        },
      }),
  }
  const file = await openFile(path)
  await sendPart(held, { start: 0, end: chunk.length })
  await Promise.all([
    sendPart(held, { start: 0, end: chunk.length }),
    sendPart(file, { start: 0, end: 3_000_000 }),
  ])
  expect(chunk.length).toBe(1_048_576)
  expect(chunk.every((byte) => byte === 7)).toBe(true)
})

test('takes Blobs', async () => {
  arrived = []
  take = keep
  await sendPart(new Blob([bytes]), { start: 100, end: 4_000_000 })
  expect(arrived[0]?.equals(bytes.subarray(100, 4_000_000))).toBe(true)
})

test('tells what has left, up to the end', async () => {
  take = keep
  const told: number[] = []
  const onSent = (sent: number) => void told.push(sent)
  await sendPart(await openFile(path), { start: 0, end: bytes.length, onSent })

  expect(told).toEqual([...told].sort((one, other) => one - other))
  expect(told.at(-1)).toBe(bytes.length)
})

test('leaves with what the listener of its progress throws', async () => {
  take = keep
  const onSent = () => {
    throw new Error('a fault of the page')
  }
  const file = await openFile(path)
  await expect(sendPart(file, { start: 0, end: bytes.length, onSent })).rejects.toThrow('a fault')
})

test('stops reading where the store answers before the end', async () => {
  take = (_, response) => response.writeHead(403, { connection: 'close' }).end('<Code>No</Code>')
  const told: number[] = []
  const endless = { size: 1e12, stream: () => repeated(() => told.push(1)) }
  const answer = await sendPart(endless, { start: 0, end: 1e12 }).catch((error) => error)

  // A connection that is closed under what is being written may be all that is seen.
  expect(answer.status === 403 || answer.code === 'network_error').toBe(true)
  expect(told.length).toBeLessThan(1_000)
})

test('leaves with the signal’s reason, in the middle of a part', async () => {
  take = () => {}
  const leaving = new AbortController()
  const sending = sendPart(
    { size: 1e12, stream: () => repeated(() => leaving.abort(new Error('enough'))) },
    { start: 0, end: 1e12, signal: leaving.signal },
  )
  await expect(sending).rejects.toThrow('enough')
})

function repeated(onPull: () => unknown): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      onPull()
      controller.enqueue(new Uint8Array(65_536))
    },
  })
}
