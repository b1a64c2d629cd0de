import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { StreamedReply } from '../../src/http/respond.ts'
import { answerOnNode } from '../../src/runtimes/node-answer.ts'
import { createNodeBody } from '../../src/runtimes/node-body.ts'
import { connectTo, serveLoopback } from './loopback.ts'

const piece = Buffer.alloc(100_000, 'a')
const reply = (body: StreamedReply['body'], status = 200): StreamedReply => ({
  status,
  headers: new Headers(),
  body,
})

/** A body that gives one piece and breaks off. */
function broken(): StreamedReply['body'] {
  let reads = 0
  return {
    length: undefined,
    read: async () => {
      if (reads++ === 0) return piece
      throw new Error('The store is gone')
    },
    cancel: async () => {},
  }
}

/** Serves one answer; gives the server, and the outcome of `answer`. */
async function serveOnce(answer: (outgoing: ServerResponse) => Promise<void>) {
  const { promise: answered, resolve } = Promise.withResolvers<unknown>()
  const server = await serveLoopback((_, outgoing) => {
    resolve(answer(outgoing).then(() => 'settled'))
  })
  return { server, answered }
}

test('Who has gone before the answer begins keeps nothing waiting', async () => {
  const source = Readable.from([piece, piece])
  const { server, answered } = await serveOnce(async (outgoing) => {
    await once(outgoing, 'close')
    await answerOnNode(outgoing, reply(createNodeBody(source, 60_000)), 60_000)
  })
  await using _ = server
  const socket = await connectTo(server.port)
  socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n', () => socket.destroy())

  expect(await answered).toBe('settled')
  expect(source.destroyed).toBe(true)
})

test('A status that cannot be written ends the connection and the body', async () => {
  const source = Readable.from([piece])
  const { server, answered } = await serveOnce((outgoing) =>
    answerOnNode(outgoing, reply(createNodeBody(source, 60_000), 99), 60_000),
  )
  await using _ = server
  const socket = await connectTo(server.port)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')

  await expect(text(socket)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await answered).toBe('settled')
  expect(source.destroyed).toBe(true)
})

test('Half an answer never looks whole, also where the connection is its only end', async () => {
  for (const version of ['1.0', '1.1']) {
    const { server } = await serveOnce((outgoing) =>
      answerOnNode(outgoing, reply(broken()), 60_000),
    )
    await using _ = server
    const socket = await connectTo(server.port)
    socket.write(`GET / HTTP/${version}\r\nHost: x\r\n\r\n`)
    const outcome = await text(socket).catch((error: NodeJS.ErrnoException) => error.code)

    if (version === '1.0') expect(outcome).toBe('ECONNRESET')
    else expect(outcome).not.toMatch(/\r\n0\r\n\r\n$/)
  }
})

/** A body without end. */
function endless(): { body: StreamedReply['body']; cancelled: Promise<unknown>; pieces(): number } {
  const { promise: cancelled, resolve } = Promise.withResolvers<unknown>()
  let pieces = 0
  const read = async () => {
    pieces++
    return piece
  }
  return {
    body: { length: undefined, read, cancel: async () => resolve('cancelled') },
    cancelled,
    pieces: () => pieces,
  }
}

test('A client that takes nothing for too long is given up, whichever way the answer goes', async () => {
  const { body, cancelled } = endless()
  const source = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(100_000)
    })(),
  )
  for (const one of [body, createNodeBody(source, 60_000)]) {
    const { server, answered } = await serveOnce((outgoing) =>
      answerOnNode(outgoing, reply(one), 200),
    )
    await using _ = server
    const socket = await connectTo(server.port)
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await answered).toBe('settled')
    socket.destroy()
  }
  expect(await cancelled).toBe('cancelled')
  expect(source.destroyed).toBe(true)
})

test('A client is not given up while the body takes its time, nor one that takes slowly', async () => {
  const { body, pieces } = endless()
  const slow: StreamedReply['body'] = {
    length: undefined,
    async read() {
      if (pieces() === 1) await wait(500)
      return pieces() < 100 ? await body.read() : undefined
    },
    cancel: (reason) => body.cancel(reason),
  }
  const { server } = await serveOnce((outgoing) => answerOnNode(outgoing, reply(slow), 200))
  await using _ = server
  const socket = await connectTo(server.port)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  let bytes = 0
  let chunks = 0
  for await (const chunk of socket) {
    bytes += chunk.length
    if (++chunks % 10 === 0) await wait(50)
  }
  expect(bytes).toBeGreaterThan(100 * piece.length)
})
