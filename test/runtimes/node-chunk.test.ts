import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { expect, test } from 'vitest'
import type { Body } from '../../src/platform.ts'
import { createNodeBody } from '../../src/runtimes/node-body.ts'
import { NodeLine } from '../../src/runtimes/node-line.ts'
import { serveLoopback } from './loopback.ts'

const mebi = 1_048_576

/** A request to a server that takes nothing, with so much on its way that the kernel takes no more. */
async function stuckRequest(url: string): Promise<ClientRequest> {
  const outgoing = request(url, { method: 'PUT' })
  outgoing.on('error', () => {})
  outgoing.flushHeaders()
  await once(outgoing, 'socket')
  outgoing.write(Buffer.alloc(32 * mebi))
  return outgoing
}

test('A chunk that a socket still holds is not freed by a second reader', async () => {
  await using stuck = await serveLoopback((incoming) => void incoming.pause())
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<Body>()
  await using source = await serveLoopback((incoming) => arrive(createNodeBody(incoming, 20_000)))
  const sender = request(source.url, { method: 'POST' })
  sender.on('error', () => {})
  sender.write(Buffer.alloc(mebi, 7))

  const body = await arrived
  const readLarge = async () => {
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      if (chunk.length >= 4_096) return chunk
    }
    throw new Error('The body has ended')
  }
  const chunk = await readLarge()
  const { length } = chunk
  const outgoing = await stuckRequest(stuck.url)
  const line = new NodeLine(outgoing, () => {})
  let isSent = false
  const sending = line.send(chunk).then(() => {
    isSent = true
  })
  const next = await readLarge()
  expect(isSent).toBe(false)
  expect(chunk).toHaveLength(length)
  expect(chunk.every((byte) => byte === 7)).toBe(true)

  outgoing.destroy()
  await sending
  // Nobody holds the next one.
  await body.read()
  expect(next).toHaveLength(0)
  sender.destroy()
})
