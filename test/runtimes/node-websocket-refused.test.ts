import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answerOnNode } from '../../src/runtimes/node-answer.ts'
import { createNodeWebSockets } from '../../src/runtimes/node-websocket.ts'
import { connectTo } from './loopback.ts'

const webSockets = createNodeWebSockets({ refusedMs: 100 })
const server = createServer({ shouldUpgradeCallback: () => true } as object)
/** Bytes of the refusal. */
let bytes: number
let near: Socket

beforeEach(async () => {
  bytes = 2
  webSockets.listen(server)
  server.on('request', (incoming, outgoing) => {
    near = incoming.socket
    const headers = new Headers({ 'content-length': `${bytes}` })
    const reply = { status: 401, headers, body: { ...bodyOf(bytes), length: bytes } }
    void answerOnNode(outgoing, reply, 200)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(() => {
  webSockets.closeAll()
  server.removeAllListeners('upgrade').removeAllListeners('request').close()
})

/** So many bytes, in chunks of a million. */
function bodyOf(total: number) {
  let left = total
  return {
    async read() {
      if (left === 0) return undefined
      const chunk = new Uint8Array(Math.min(left, 1_000_000))
      left -= chunk.length
      return chunk
    },
    cancel: async () => {},
  }
}

async function ask(): Promise<Socket> {
  const client = await connectTo((server.address() as AddressInfo).port)
  const asked = once(server, 'request')
  client.write(
    'GET /lb/w/chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
  )
  await asked
  return client
}

describe('a client whose WebSocket was refused', () => {
  test('is left where it does not close the connection', async () => {
    const client = await ask()
    // A socket that is ended here would close the connection itself.
    client.allowHalfOpen = true
    client.resume()
    await Promise.all([once(client, 'end'), once(near, 'close')])
    client.destroy()
  })

  test('is left where it does not read the refusal', async () => {
    bytes = 64_000_000
    const client = await ask()
    client.pause()
    await once(near, 'close')
    client.destroy()
  })

  test('reads a long refusal to its end', async () => {
    bytes = 8_000_000
    const client = await ask()
    let read = 0
    client.on('data', (chunk) => {
      read += chunk.length
    })
    await once(client, 'end')
    expect(read).toBeGreaterThan(bytes)
    client.destroy()
  })
})
