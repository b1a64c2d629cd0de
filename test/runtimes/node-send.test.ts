import type { IncomingMessage } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { IncomingResponse, OutgoingBody, OutgoingRequest } from '../../src/platform.ts'
import { createNodeSend } from '../../src/runtimes/node-send.ts'
import { serveLoopback, turns } from './loopback.ts'

const mib = 1024 * 1024

function request(url: string, changes: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return { method: 'GET', url, headers: new Headers(), idleTimeoutMs: 5000, ...changes }
}

async function textOf({ body }: IncomingResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(chunk.slice())
  }
  return Buffer.concat(chunks).toString()
}

interface Counted extends OutgoingBody {
  reads: number
  readonly cancels: unknown[]
}

/** `chunks` chunks in one buffer that is written over by every read. */
function reused(chunks: number, bytes: number, length: number | undefined): Counted {
  const buffer = new Uint8Array(bytes)
  const body: Counted = {
    length,
    reads: 0,
    cancels: [],
    async read() {
      if (body.reads === chunks) {
        buffer.fill(0xff)
        return undefined
      }
      return buffer.fill(body.reads++ % 251)
    },
    async cancel(reason) {
      body.cancels.push(reason)
    },
  }
  return body
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A server of the bare protocol: `serve` gets each connection, with its number. */
async function serveBare(serve: (socket: Socket, number: number) => void) {
  const sockets = new Set<Socket>()
  let number = 0
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket, ++number)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    connections: () => number,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('what is sent from Node', () => {
  test('has its method, path, headers and whole body, with a Content-Length', async () => {
    const { promise: seen, resolve: see } = Promise.withResolvers<unknown>()
    await using served = await serveLoopback(async (incoming, outgoing) => {
      const { method, url, headers } = incoming
      see({ method, url, type: headers['content-type'], length: headers['content-length'] })
      outgoing.writeHead(201).end(await collect(incoming))
    })
    const headers = new Headers({ 'content-type': 'text/x-test' })
    const body = new TextEncoder().encode('the body')
    const send = createNodeSend()
    const response = await send(
      request(`${served.url}a%2Fb?c=%20`, { method: 'PUT', headers, body }),
    )
    expect(response.status).toBe(201)
    expect(await textOf(response)).toBe('the body')
    expect(await seen).toEqual({
      method: 'PUT',
      url: '/a%2Fb?c=%20',
      type: 'text/x-test',
      length: '8',
    })
  })

  test.each([
    [3 * mib, String(3 * mib), undefined],
    [undefined, undefined, 'chunked'],
  ])(
    'streams a body of length %j, its chunks intact though the buffer is reused',
    async (length, announced, coding) => {
      const { promise: seen, resolve: see } = Promise.withResolvers<IncomingMessage['headers']>()
      await using served = await serveLoopback(async (incoming, outgoing) => {
        see(incoming.headers)
        const bytes = await collect(incoming)
        const wrong = bytes.findIndex((byte, at) => byte !== Math.floor(at / 65_536) % 251)
        outgoing.end(`${bytes.length} ${wrong}`)
      })
      const body = reused(48, 65_536, length)
      const send = createNodeSend()
      const response = await send(request(served.url, { method: 'POST', body }))
      expect(await textOf(response)).toBe(`${3 * mib} -1`)
      const headers = await seen
      expect(headers['content-length']).toBe(announced)
      expect(headers['transfer-encoding']).toBe(coding)
      expect(body.cancels).toEqual([])
    },
  )

  test('is read no faster than a slow receiver takes it', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await using served = await serveLoopback(async (incoming, outgoing) => {
      incoming.pause()
      await released
      outgoing.end(String((await collect(incoming)).length))
    })
    const body = reused(1024, 65_536, 64 * mib)
    const send = createNodeSend()
    const sending = send(request(served.url, { method: 'POST', body }))
    let before = -1
    while (before !== body.reads) {
      before = body.reads
      await turns(200)
    }
    expect(body.reads * 65_536).toBeLessThan(24 * mib)
    release()
    expect(await textOf(await sending)).toBe(String(64 * mib))
  })

  test('follows no redirect and decodes no content coding', async () => {
    await using served = await serveLoopback((_, outgoing) => {
      outgoing.writeHead(307, { location: '/other', 'content-encoding': 'gzip' }).end('not gzip')
    })
    const response = await createNodeSend()(request(served.url))
    expect(response.status).toBe(307)
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(await textOf(response)).toBe('not gzip')
  })

  test('is aborted when its body fails, before its last byte', async () => {
    const { promise: seen, resolve: see } = Promise.withResolvers<boolean>()
    await using served = await serveLoopback((incoming) => {
      incoming.on('error', () => {})
      incoming.on('close', () => see(incoming.complete))
      incoming.resume()
    })
    for (const length of [1000, undefined]) {
      const body = reused(5, 100, length)
      const failing: OutgoingBody = {
        ...body,
        async read() {
          if (body.reads === 3) throw new Error('the source broke')
          return await body.read()
        },
      }
      const sending = createNodeSend()(request(served.url, { method: 'POST', body: failing }))
      await expect(sending).rejects.toThrow('the source broke')
      expect(await seen).toBe(false)
      expect(body.cancels).toHaveLength(1)
    }
  })

  test('fails when its body is longer than announced: the rest would be another request', async () => {
    const seen: string[] = []
    await using served = await serveLoopback(async (incoming, outgoing) => {
      seen.push(`${incoming.method} ${incoming.url}`)
      outgoing.end(String((await collect(incoming).catch(() => '')).length))
    })
    const parts = ['12345', 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n']
    const body: OutgoingBody = {
      length: 5,
      async read() {
        const part = parts.shift()
        return part === undefined ? undefined : new TextEncoder().encode(part)
      },
      async cancel() {},
    }
    const sending = createNodeSend()(request(served.url, { method: 'POST', body }))
    const outcome = await sending.then(textOf).then(
      () => 'answered',
      () => 'failed',
    )
    await turns(50)
    expect(seen).not.toContain('GET /smuggled')
    expect(outcome).toBe('failed')
  })

  test('fails at once when its body ends before the length it announced', async () => {
    await using served = await serveLoopback(async (incoming, outgoing) => {
      outgoing.end(String((await collect(incoming).catch(() => '')).length))
    })
    const body = reused(2, 100, 1000)
    const sending = createNodeSend()(
      request(served.url, { method: 'POST', body, idleTimeoutMs: 1500 }),
    )
    const failure = await sending.then(String, String)
    expect(failure).toContain('Error')
    expect(failure).not.toContain('No byte went either way')
  })
})

describe('an answer that comes early', () => {
  test('is there while the body is still leaving', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    await using served = await serveLoopback(async (incoming, outgoing) => {
      outgoing.writeHead(413).flushHeaders()
      outgoing.end((await collect(incoming)).toString())
    })
    const parts = ['one', 'two', undefined]
    const body: OutgoingBody = {
      length: undefined,
      async read() {
        const part = parts.shift()
        if (part === 'two') await released
        return part === undefined ? undefined : new TextEncoder().encode(part)
      },
      async cancel() {},
    }
    const response = await createNodeSend()(request(served.url, { method: 'POST', body }))
    expect(response.status).toBe(413)
    release()
    expect(await textOf(response)).toBe('onetwo')
  })

  test('is whole, and the body told to stop, when the connection ends with it', async () => {
    const answer = 'HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno'
    await using served = await serveBare((socket) => {
      socket.once('data', () => socket.end(answer))
      socket.resume()
    })
    const body = reused(Number.POSITIVE_INFINITY, 65_536, undefined)
    const response = await createNodeSend()(request(served.url, { method: 'POST', body }))
    expect(response.status).toBe(403)
    expect(await textOf(response)).toBe('no')
    while (body.cancels.length === 0) await turns(1)
    expect(body.cancels).toHaveLength(1)
  })
})

describe('a connection that is dropped', () => {
  test('in the middle of the body fails the request and stops the body', async () => {
    await using served = await serveBare((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    const body = reused(Number.POSITIVE_INFINITY, 65_536, undefined)
    await expect(createNodeSend()(request(served.url, { method: 'POST', body }))).rejects.toThrow()
    while (body.cancels.length === 0) await turns(1)
    expect(body.cancels).toHaveLength(1)
  })

  test('stops the body also where its next chunk is still awaited', async () => {
    await using served = await serveBare((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    const { promise: stopped, resolve: stop } = Promise.withResolvers<string>()
    let reads = 0
    const body: OutgoingBody = {
      length: undefined,
      read: () => (reads++ === 0 ? Promise.resolve(new Uint8Array(10)) : new Promise(() => {})),
      cancel: async () => stop('stopped'),
    }
    const sending = createNodeSend()(request(served.url, { method: 'POST', body }))
    await expect(sending).rejects.toThrow()
    expect(await Promise.race([stopped, turns(200)])).toBe('stopped')
  })

  test('before an answer fails the request', async () => {
    for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
      await using served = await serveBare((socket) => {
        socket.once('data', () => socket[end]())
      })
      await expect(createNodeSend()(request(served.url))).rejects.toThrow()
    }
  })

  test.each(['Content-Length: 100\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'])(
    'in the middle of the answer fails the read of it: %j',
    async (rest) => {
      for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
        const { promise: taken, resolve: take } = Promise.withResolvers<void>()
        await using served = await serveBare((socket) => {
          socket.once('data', async () => {
            socket.write(`HTTP/1.1 200 OK\r\n${rest}`)
            await taken
            socket[end]()
          })
        })
        const response = await createNodeSend()(request(served.url))
        expect(Buffer.from((await response.body.read()) ?? []).toString()).toBe('half')
        take()
        await expect(response.body.read(), end).rejects.toThrow()
      }
    },
  )

  test('by the reader ends the answer for the server', async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>()
    await using served = await serveLoopback((_, outgoing) => {
      outgoing.once('close', close)
      outgoing.write('endless')
    })
    const response = await createNodeSend()(request(served.url))
    await response.body.read()
    await response.body.cancel()
    await closed
  })
})

describe('the idle time', () => {
  test('ends a request that gets no answer', async () => {
    await using served = await serveBare(() => {})
    await expect(createNodeSend()(request(served.url, { idleTimeoutMs: 50 }))).rejects.toThrow(
      'No byte went either way for 50 ms',
    )
  })

  test('ends an answer that stalls', async () => {
    await using served = await serveLoopback((_, outgoing) => void outgoing.write('half'))
    // The time holds for the head too, which a busy machine may need longer for.
    async function answerBegun(idleTimeoutMs: number): Promise<IncomingResponse> {
      try {
        return await createNodeSend()(request(served.url, { idleTimeoutMs }))
      } catch (error) {
        if (idleTimeoutMs > 5000) throw error
        return await answerBegun(idleTimeoutMs * 4)
      }
    }
    await expect(textOf(await answerBegun(50))).rejects.toThrow()
  })

  test('does not end an answer whose reader is busy', async () => {
    const all = Buffer.alloc(16 * mib, 'x')
    await using served = await serveLoopback((_, outgoing) => void outgoing.end(all))
    const { body } = await createNodeSend()(request(served.url, { idleTimeoutMs: 500 }))
    let bytes = 0
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      if (bytes === 0) await wait(1500)
      bytes += chunk.length
    }
    expect(bytes).toBe(all.length)
  })

  test('ends a body that is not taken', async () => {
    await using served = await serveBare((socket) => void socket.pause())
    const body = reused(Number.POSITIVE_INFINITY, 65_536, undefined)
    await expect(
      createNodeSend()(request(served.url, { method: 'POST', body, idleTimeoutMs: 200 })),
    ).rejects.toThrow()
    while (body.cancels.length === 0) await turns(1)
  })

  test('of one request is not that of the next on the same connection', async () => {
    await using served = await serveLoopback((incoming, outgoing) => {
      if (incoming.url === '/slow') setTimeout(() => outgoing.end('slow'), 150)
      else outgoing.end('fast')
    })
    const send = createNodeSend()
    expect(await textOf(await send(request(served.url, { idleTimeoutMs: 60 })))).toBe('fast')
    await turns(5)
    expect(await textOf(await send(request(`${served.url}slow`)))).toBe('slow')
  })
})

describe('a signal', () => {
  test('that is aborted already sends nothing', async () => {
    let asked = 0
    await using served = await serveLoopback((_, outgoing) => {
      asked++
      outgoing.end()
    })
    const signal = AbortSignal.abort(new Error('given up'))
    await expect(createNodeSend()(request(served.url, { signal }))).rejects.toThrow()
    await turns(50)
    expect(asked).toBe(0)
  })

  test('ends a request that waits for its answer, and its body', async () => {
    const abort = new AbortController()
    await using served = await serveLoopback((incoming) => {
      incoming.on('error', () => {})
      incoming.once('data', () => abort.abort(new Error('given up')))
    })
    const body = reused(Number.POSITIVE_INFINITY, 65_536, undefined)
    const { signal } = abort
    await expect(
      createNodeSend()(request(served.url, { method: 'POST', body, signal })),
    ).rejects.toThrow()
    while (body.cancels.length === 0) await turns(1)
  })

  test('ends an answer that is being read', async () => {
    const abort = new AbortController()
    await using served = await serveLoopback((_, outgoing) => void outgoing.write('half'))
    const response = await createNodeSend()(request(served.url, { signal: abort.signal }))
    await response.body.read()
    abort.abort(new Error('given up'))
    await expect(response.body.read()).rejects.toThrow()
  })
})

describe('pinned addresses', () => {
  test('are used without asking for the name', async () => {
    await using served = await serveLoopback((incoming, outgoing) => {
      outgoing.end(incoming.headers.host)
    })
    const url = `http://no-such-host.invalid:${served.port}/`
    const pinned = request(url, { addresses: ['127.0.0.1'] })
    const response = await createNodeSend()(pinned)
    expect(await textOf(response)).toBe(`no-such-host.invalid:${served.port}`)
    await expect(createNodeSend()(request(url))).rejects.toThrow()
  })

  test('do not share a kept connection, neither taken nor left', async () => {
    const ports: number[] = []
    await using served = await serveLoopback((incoming, outgoing) => {
      ports.push(incoming.socket.remotePort ?? 0)
      outgoing.end('fine')
    })
    const send = createNodeSend()
    const url = `http://localhost:${served.port}/`
    const pinned = { addresses: ['127.0.0.1'] }
    for (const changes of [{}, pinned, pinned, {}]) {
      await textOf(await send(request(url, changes)))
      await turns(20)
    }
    expect(new Set(ports).size).toBe(3)
    expect(ports[3]).toBe(ports[0])
  })

  test('that do not answer fail the request: no other is tried', async () => {
    await using served = await serveLoopback((_, outgoing) => void outgoing.end())
    const url = `http://localhost:${served.port}/`
    const closed = await serveLoopback(() => {})
    await closed[Symbol.asyncDispose]()
    const wrong = request(`http://localhost:${closed.port}/`, { addresses: ['127.0.0.1'] })
    await expect(createNodeSend()(wrong)).rejects.toThrow()
    const none = request(url, { addresses: [] })
    await expect(createNodeSend()(none)).rejects.toThrow()
  })
})

describe('a kept connection', () => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine'

  /** Answers the first request, resets at the second one; the next connection answers all. */
  function staleServer() {
    return serveBare((socket, number) => {
      let requests = 0
      socket.on('data', () => {
        if (number === 1 && ++requests === 2) socket.resetAndDestroy()
        else socket.write(answer)
      })
    })
  }

  async function second(changes: Partial<OutgoingRequest>) {
    await using served = await staleServer()
    const send = createNodeSend()
    await textOf(await send(request(served.url)))
    await turns(5)
    const outcome = await send(request(served.url, changes)).then(textOf, (error: unknown) => error)
    return { outcome, connections: served.connections() }
  }

  test('is used again', async () => {
    await using served = await serveLoopback((incoming, outgoing) => {
      outgoing.end(String(incoming.socket.remotePort))
    })
    const send = createNodeSend()
    const first = await textOf(await send(request(served.url)))
    await turns(5)
    expect(await textOf(await send(request(served.url)))).toBe(first)
  })

  test('keeps nothing of the requests that were on it', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    await using served = await serveLoopback((_, response) => response.end('answer'))
    const send = createNodeSend()
    for (let at = 0; at < 30; at++) await textOf(await send(request(served.url)))
    await turns(2)
    process.off('warning', note)
    expect(warnings.map(({ name }) => name)).not.toContain('MaxListenersExceededWarning')
  })

  test('that was stale is retried for a request that may be repeated', async () => {
    expect(await second({ idempotent: true })).toEqual({ outcome: 'fine', connections: 2 })
    const put = { method: 'PUT', idempotent: true, body: new Uint8Array(10) }
    expect(await second(put)).toEqual({ outcome: 'fine', connections: 2 })
  })

  test('that was stale is not retried for any other', async () => {
    const streamed = { method: 'PUT', idempotent: true, body: reused(1, 10, 10) }
    for (const changes of [{}, { idempotent: false }, streamed]) {
      const { outcome, connections } = await second(changes)
      expect(outcome).toMatchObject({ code: 'ECONNRESET' })
      expect(connections).toBe(1)
    }
  })

  test('is retried once and no more', async () => {
    await using served = await serveBare((socket, number) => {
      let requests = 0
      socket.on('data', () => {
        if (number === 1 && ++requests === 1) socket.write(answer)
        else socket.resetAndDestroy()
      })
    })
    const send = createNodeSend()
    await textOf(await send(request(served.url)))
    await turns(5)
    await expect(send(request(served.url, { idempotent: true }))).rejects.toMatchObject({
      code: 'ECONNRESET',
    })
    expect(served.connections()).toBe(2)
  })

  test('that is new is not retried', async () => {
    await using served = await serveBare((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    await expect(createNodeSend()(request(served.url, { idempotent: true }))).rejects.toMatchObject(
      { code: 'ECONNRESET' },
    )
    expect(served.connections()).toBe(1)
  })
})

describe('the head of an answer', () => {
  test('keeps headers that repeat', async () => {
    await using served = await serveLoopback((_, outgoing) => {
      outgoing.setHeader('set-cookie', ['a=1', 'b=2'])
      outgoing.setHeader('via', ['1.1 one', '1.1 two'])
      outgoing.end()
    })
    const { headers } = await createNodeSend()(request(served.url))
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(headers.get('via')).toBe('1.1 one, 1.1 two')
  })

  test('takes values beyond ASCII as they are', async () => {
    await using served = await serveBare((socket) => {
      socket.once('data', () => {
        const head =
          'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Name: caf\u00e9 \u0080\r\nX-Empty:\r\n\r\n'
        socket.write(head, 'latin1')
      })
    })
    const { headers } = await createNodeSend()(request(served.url))
    expect(headers.get('x-name')).toBe('caf\u00e9 \u0080')
    expect(headers.get('x-empty')).toBe('')
  })

  test('comes after informational ones', async () => {
    await using served = await serveLoopback((_, outgoing) => {
      outgoing.writeContinue()
      outgoing.writeProcessing()
      outgoing.writeEarlyHints({ link: '</a>; rel=preload' })
      outgoing.writeHead(202, { 'x-real': 'yes' }).end('done')
    })
    const response = await createNodeSend()(request(served.url))
    expect(response.status).toBe(202)
    expect(response.headers.get('x-real')).toBe('yes')
    expect(response.headers.has('link')).toBe(false)
    expect(await textOf(response)).toBe('done')
  })

  test('of a protocol nobody asked for fails the request', async () => {
    await using served = await serveBare((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
      })
    })
    await expect(createNodeSend()(request(served.url))).rejects.toThrow()
  })

  test('that is no HTTP fails the request', async () => {
    await using served = await serveBare((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-nothing\r\n'))
    })
    await expect(createNodeSend()(request(served.url))).rejects.toThrow()
  })

  test('of HEAD has its length and no body', async () => {
    await using served = await serveLoopback((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': '1000' }).end()
    })
    const response = await createNodeSend()(request(served.url, { method: 'HEAD' }))
    expect(response.headers.get('content-length')).toBe('1000')
    expect(await textOf(response)).toBe('')
  })
})
