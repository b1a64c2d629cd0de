import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Body } from '../../src/platform.ts'
import { createNodeBody } from '../../src/runtimes/node-body.ts'
import { connectTo, serveLoopback, turns } from './loopback.ts'

async function collect(body: Body): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return Buffer.concat(chunks)
}

/** Serves one request and hands its body to `use`; what that gives is awaited by `used`. */
async function bodyServer<T>(use: (body: Body) => Promise<T>, idleTimeoutMs = 5000) {
  const { promise: used, resolve, reject } = Promise.withResolvers<T>()
  used.catch(() => {})
  const served = await serveLoopback((incoming, outgoing) => {
    use(createNodeBody(incoming, idleTimeoutMs))
      .then(resolve, reject)
      .finally(() => outgoing.end())
  })
  return Object.assign(served, { used })
}

const head = 'POST / HTTP/1.1\r\nHost: x\r\n'

describe('a body on Node', () => {
  test('gives every byte, then undefined as often as it is asked', async () => {
    const sent = Buffer.alloc(1_000_000, 'some bytes ')
    await using served = await bodyServer(async (body) => {
      const bytes = await collect(body)
      return [bytes, await body.read(), await body.read()] as const
    })
    await fetch(served.url, { method: 'POST', body: sent })
    const [bytes, ...after] = await served.used
    expect(bytes.equals(sent)).toBe(true)
    expect(after).toEqual([undefined, undefined])
  })

  test('gives chunks whose slices are copies', async () => {
    const source = new PassThrough()
    source.end('some bytes')
    const chunk = await createNodeBody(source, 5000).read()
    const copy = chunk?.slice().fill(0x2a, 5, 4096)
    expect(Buffer.from(copy ?? []).toString()).toBe('some *****')
    expect(Buffer.from(chunk ?? []).toString()).toBe('some bytes')
  })

  test('gives the memory of a chunk back when the next one is asked for', async () => {
    await using served = await bodyServer(async (body) => {
      const lengths: (readonly [number, number])[] = []
      let before: Uint8Array | undefined
      let chunk = await body.read()
      while (chunk !== undefined) {
        const { length } = chunk
        before = chunk
        chunk = await body.read()
        lengths.push([length, before.length])
      }
      return lengths
    })
    await fetch(served.url, { method: 'POST', body: Buffer.alloc(1_000_000) })
    const lengths = await served.used
    const large = lengths.filter(([length]) => length >= 4_096)
    expect(large.length).toBeGreaterThan(5)
    expect(large.map(([, after]) => after)).toEqual(large.map(() => 0))
  })

  test('is empty where nothing was sent', async () => {
    await using served = await bodyServer(collect)
    await fetch(served.url, { method: 'POST' })
    expect(await served.used).toHaveLength(0)
  })

  test('gives chunks as they come, and never an empty one', async () => {
    const seen: string[] = []
    const { promise: first, resolve: firstSeen } = Promise.withResolvers<void>()
    await using served = await bodyServer(async (body) => {
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
        seen.push(Buffer.from(chunk).toString())
        firstSeen()
      }
    })
    const socket = await connectTo(served.port)
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n`)
    await first
    expect(seen).toEqual(['one'])
    socket.write('3\r\ntwo\r\n0\r\n\r\n')
    await served.used
    expect(seen).toEqual(['one', 'two'])
    socket.destroy()
  })

  test('stops the sender while nothing is read', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await using served = await bodyServer(async (body) => {
      await body.read()
      await released
      return (await collect(body)).length
    })
    const socket = await connectTo(served.port)
    const total = 64 * 1024 * 1024
    socket.write(`${head}Content-Length: ${total}\r\n\r\n`)
    const chunk = Buffer.alloc(262_144)
    let written = 0
    const sending = (async () => {
      for (; written < total; written += chunk.length) {
        if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve))
      }
    })()
    // Until the kernel's buffers are full nothing moves any more.
    let before = -1
    while (before !== written) {
      before = written
      await turns(200)
    }
    expect(written).toBeLessThan(24 * 1024 * 1024)
    release()
    await sending
    expect(await served.used).toBeGreaterThan(total - 1024 * 1024)
    socket.destroy()
  })

  test.each(['destroy', 'resetAndDestroy'] as const)(
    'fails when the sender is gone in the middle (%s)',
    async (end) => {
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
      await using served = await bodyServer(async (body) => {
        await body.read()
        begin()
        return await collect(body)
      })
      const socket = await connectTo(served.port)
      socket.write(`${head}Content-Length: 100\r\n\r\nten bytes.`)
      await begun
      socket[end]()
      await expect(served.used).rejects.toThrow()
    },
  )

  test('fails when the sender went away between two reads', async () => {
    const { promise: gone, resolve: goes } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    await using served = await bodyServer(async (body) => {
      await body.read()
      begin()
      await gone
      await turns(50)
      return await collect(body)
    })
    const socket = await connectTo(served.port)
    socket.write(`${head}Content-Length: 100\r\n\r\nten bytes.`)
    await begun
    socket.destroy()
    goes()
    await expect(served.used).rejects.toThrow()
  })

  test('fails after the idle time without a byte, and ends the connection', async () => {
    await using served = await bodyServer(collect, 50)
    const socket = await connectTo(served.port)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.write(`${head}Content-Length: 100\r\n\r\nten bytes.`)
    await expect(served.used).rejects.toThrow('No byte of the body arrived for 50 ms')
    socket.resume()
    await closed
  })

  test('is not idle while bytes trickle in', async () => {
    await using served = await bodyServer(collect, 400)
    const socket = await connectTo(served.port)
    socket.write(`${head}Content-Length: 10\r\n\r\n`)
    for (let at = 0; at < 10; at++) {
      socket.write('x')
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    expect((await served.used).toString()).toBe('xxxxxxxxxx')
    socket.destroy()
  })

  test('destroys its source when it is given up, once and at any time', async () => {
    const source = new PassThrough()
    const body = createNodeBody(source, 1000)
    const reading = body.read()
    await body.cancel(new Error('enough'))
    await body.cancel()
    expect(source.destroyed).toBe(true)
    await expect(reading).rejects.toThrow('enough')
    await body.cancel()
  })

  test('does with its source what its owner says when it is given up', async () => {
    const source = new PassThrough()
    const reasons: unknown[] = []
    const body = createNodeBody(source, 1000, (reason) => reasons.push(reason))
    await body.cancel('enough')
    expect(reasons).toEqual(['enough'])
    expect(source.destroyed).toBe(false)
  })

  test('does not take it for the end when somebody else has let go of the rest', async () => {
    const source = new PassThrough()
    const body = createNodeBody(source, 1000)
    source.write('one')
    expect(Buffer.from((await body.read()) ?? []).toString()).toBe('one')
    source.removeAllListeners('data')
    source.resume()
    source.end('two')
    await turns(20)
    await expect(body.read()).rejects.toThrow('The rest of the body was dropped')
  })

  test('gives what has arrived before it says that the sender is gone', async () => {
    const source = new PassThrough()
    const body = createNodeBody(source, 1000)
    source.write('one')
    await body.read()
    source.write('two')
    await turns(20)
    source.destroy(new Error('reset'))
    await turns(20)
    expect(Buffer.from((await body.read()) ?? []).toString()).toBe('two')
    await expect(body.read()).rejects.toThrow('reset')
  })

  test('is nothing to give up once it has ended', async () => {
    const source = new PassThrough()
    const reasons: unknown[] = []
    const body = createNodeBody(source, 1000, (reason) => reasons.push(reason))
    source.end('all')
    expect((await collect(body)).toString()).toBe('all')
    await body.cancel('late')
    expect(reasons).toEqual([])
  })
})

describe('the native stream of a body on Node', () => {
  test('holds what is left after reads', async () => {
    const source = new PassThrough()
    const body = createNodeBody(source, 1000)
    source.write('one')
    expect(Buffer.from((await body.read()) ?? []).toString()).toBe('one')
    const rest = new Response(body.stream()).text()
    source.write('two')
    source.end('three')
    expect(await rest).toBe('twothree')
  })

  test('stops its source while nothing is taken', async () => {
    let made = 0
    const source = new PassThrough()
    const body = createNodeBody(source, 1000)
    const reader = body.stream().getReader()
    const chunk = Buffer.alloc(65_536)
    const total = 1000
    const filling = (async () => {
      for (; made < total; made++) {
        if (!source.write(chunk)) await new Promise((resolve) => source.once('drain', resolve))
      }
      source.end()
    })()
    await reader.read()
    await turns(100)
    expect(made).toBeLessThan(20)
    let bytes = chunk.length
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      bytes += value.length
    }
    await filling
    expect(bytes).toBe(total * chunk.length)
  })

  test('fails when its source does', async () => {
    const source = new PassThrough()
    const taken = new Response(createNodeBody(source, 1000).stream()).text()
    source.write('one')
    source.destroy(new Error('reset'))
    await expect(taken).rejects.toThrow()
  })

  test('destroys its source when it is cancelled', async () => {
    const source = new PassThrough()
    const stream = createNodeBody(source, 1000).stream()
    source.write('one')
    const reader = stream.getReader()
    await reader.read()
    await reader.cancel()
    expect(source.destroyed).toBe(true)
  })
})
