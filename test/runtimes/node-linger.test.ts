import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { serve } from '@hono/node-server'
import { describe, expect, test } from 'vitest'
import { createNodeBody } from '../../src/runtimes/node-body.ts'
import { lingerAfterAnswers } from '../../src/runtimes/node-linger.ts'
import { connectTo, serveLoopback } from './loopback.ts'

const total = 48 * 1024 * 1024

/** Sends a whole body before it reads a byte, as many clients do; what it reads then. */
async function sendAllThenRead(port: number, headers = ''): Promise<string> {
  const socket = await connectTo(port)
  socket.pause()
  const failed = new Promise<string>((resolve) => socket.once('error', (e) => resolve(String(e))))
  const sent = (async () => {
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${total}\r\n\r\n`)
    const chunk = Buffer.alloc(65_536)
    for (let at = 0; at < total; at += chunk.length) await writeAll(socket, chunk)
    return 'sent'
  })()
  const outcome = await Promise.race([sent, failed])
  const text = outcome === 'sent' ? await readHead(socket) : outcome
  socket.destroy()
  return text
}

function writeAll(socket: Socket, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(chunk, () => resolve()))
}

async function readHead(socket: Socket): Promise<string> {
  let text = ''
  try {
    for await (const chunk of socket) {
      text += chunk
      if (text.includes('too large')) break
    }
  } catch (error) {
    return String(error)
  }
  return text
}

/** Answers at once, or once a little of the body has been read. */
function refusing(reads: number): RequestListener {
  return async (incoming, outgoing) => {
    const body = createNodeBody(incoming, 5000, () => {})
    for (let read = 0; read < reads; read++) await body.read()
    await body.cancel()
    outgoing.writeHead(413, { 'content-length': '9' }).end('too large')
  }
}

describe('a server that lingers after its answers', () => {
  test.each([0, 1, 3])(
    'is read by a client that sends everything first, after %i reads of the body',
    async (reads) => {
      await using served = await serveLoopback(refusing(reads), lingerAfterAnswers)
      const text = await sendAllThenRead(served.port)
      expect(text).toMatch(/^HTTP\/1\.1 413 /)
      expect(text).toMatch(/too large$/)
    },
  )

  test('is read, too, by a client that wants no other answer on the connection', async () => {
    await using served = await serveLoopback(refusing(1), lingerAfterAnswers)
    const text = await sendAllThenRead(served.port, 'Connection: close\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect(text).toMatch(/too large$/)
  })

  test.each(['', 'Connection: close\r\n'])(
    'is read, too, behind the server that the gateway uses (%j)',
    async (headers) => {
      const { promise: listening, resolve } = Promise.withResolvers<number>()
      const server = serve(
        {
          async fetch(_request, bindings) {
            if ('incoming' in bindings) {
              await createNodeBody(bindings.incoming as never, 5000, () => {}).read()
            }
            return new Response('too large', { status: 413 })
          },
          hostname: '127.0.0.1',
          port: 0,
          autoCleanupIncoming: false,
        },
        ({ port }) => resolve(port),
      )
      lingerAfterAnswers(server as never)
      try {
        const text = await sendAllThenRead(await listening, headers)
        expect(text).toMatch(/^HTTP\/1\.1 413 /)
        expect(text).toContain('too large')
      } finally {
        if ('closeAllConnections' in server) server.closeAllConnections()
        server.close()
      }
    },
  )

  test('answers the next request on the connection of a client that sends everything', async () => {
    await using served = await serveLoopback(refusing(1), lingerAfterAnswers)
    const socket = await connectTo(served.port)
    const one = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n'
    let text = ''
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        text += chunk
        if (text.split('too large').length === 3) resolve()
      })
    })
    for (let at = 0; at < 2; at++) {
      await writeAll(socket, Buffer.from(one))
      await writeAll(socket, Buffer.alloc(1_000_000))
    }
    await answered
    expect(text.match(/HTTP\/1\.1 413 /g)).toHaveLength(2)
    socket.destroy()
  })
})
