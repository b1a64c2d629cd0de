import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createWorkersBody } from '../../src/runtimes/workers-body.ts'

type Options = Parameters<typeof createWorkersBody>[1]

/** A native byte stream of a peer that sends `chunks`, and the bytes that each read asked it for. */
function sending(chunks: readonly Uint8Array[], ends = true) {
  const asked: number[] = []
  const left = [...chunks]
  const cancelled: unknown[] = []
  const source = new ReadableStream<Uint8Array>({
    type: 'bytes',
    pull(controller) {
      const { byobRequest: request } = controller as ReadableByteStreamController
      const view = request?.view
      if (!request || !view) throw new Error('Not a BYOB read')
      asked.push(view.byteLength)
      const next = left.shift()
      if (next === undefined) {
        if (!ends) return
        controller.close()
        request.respond(0)
        return
      }
      const now = next.subarray(0, view.byteLength)
      if (now.length < next.length) left.unshift(next.subarray(now.length))
      new Uint8Array(view.buffer, view.byteOffset).set(now)
      request.respond(now.length)
    },
    cancel: (reason) => {
      cancelled.push(reason)
    },
  } as UnderlyingByteSource as never)
  return { source, asked, cancelled }
}

function bodyOf(source: ReadableStream<Uint8Array>, options: Partial<Options> = {}) {
  return createWorkersBody(source, { drain: false, idleTimeoutMs: 1000, ...options })
}

async function readAll(body: ReturnType<typeof bodyOf>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

test('A long body arrives whole, read with one large buffer', async () => {
  const bytes = Buffer.alloc(3_000_000, 'abcdefg')
  const { source, asked } = sending([bytes])

  expect((await readAll(bodyOf(source, { length: bytes.length }))).equals(bytes)).toBe(true)
  expect(new Set(asked)).toEqual(new Set([524_288]))
})

test('A body that says it is short takes no large buffer', async () => {
  const { source, asked } = sending([Buffer.alloc(2000, 1)])

  expect(await readAll(bodyOf(source, { length: 2000 }))).toHaveLength(2000)
  expect(Math.max(...asked)).toBe(2001)
})

test('A body longer than it said arrives whole', async () => {
  const bytes = Buffer.alloc(100_000, 'xyz')

  expect((await readAll(bodyOf(sending([bytes]).source, { length: 10 }))).equals(bytes)).toBe(true)
})

test('A body of unknown length takes a large buffer once it fills a small one', async () => {
  const short = sending([Buffer.alloc(500), Buffer.alloc(500)])
  await readAll(bodyOf(short.source))
  const long = sending([Buffer.alloc(1_000_000)])
  await readAll(bodyOf(long.source))

  expect(Math.max(...short.asked)).toBe(16_385)
  expect(long.asked.slice(0, 2)).toEqual([16_385, 524_288])
})

test('A chunk is given on as soon as it is there, however small', async () => {
  const { source } = sending([Buffer.from('a')], false)
  const body = bodyOf(source, { length: 1_000_000 })

  expect(await body.read()).toEqual(new Uint8Array([0x61]))
})

test('A peer that sends nothing for the idle time is given up', async () => {
  const body = bodyOf(sending([Buffer.from('a')], false).source, { idleTimeoutMs: 50 })
  await body.read()

  await expect(body.read()).rejects.toThrow('No byte of the body arrived for 50 ms')
})

test('Time between reads is not idle time', async () => {
  const body = bodyOf(sending([Buffer.from('a'), Buffer.from('b')]).source, { idleTimeoutMs: 50 })
  await body.read()
  await wait(120)

  expect(await body.read()).toEqual(new Uint8Array([0x62]))
})

test('A peer that is slow but not idle is never given up', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const bytes = readable.getReader()
  const slow = new ReadableStream<Uint8Array>({
    type: 'bytes',
    async pull(controller) {
      const { value } = await bytes.read()
      const request = (controller as ReadableByteStreamController).byobRequest
      if (value === undefined || !request?.view) throw new Error('Not a BYOB read')
      new Uint8Array(request.view.buffer)[0] = value[0] ?? 0
      request.respond(1)
    },
  } as UnderlyingByteSource as never)
  const body = bodyOf(slow, { idleTimeoutMs: 100 })
  for (let i = 0; i < 6; i++) {
    const read = body.read()
    await wait(40)
    await writer.write(new Uint8Array([i]))
    expect(await read).toEqual(new Uint8Array([i]))
  }
})

test('Giving up tells the sending side, once', async () => {
  const { source, cancelled } = sending([Buffer.alloc(10), Buffer.alloc(10)])
  const body = bodyOf(source)
  await body.read()
  await body.cancel('enough')
  await body.cancel('again')

  expect(cancelled).toEqual(['enough'])
  expect(await body.read()).toBeUndefined()
})

test('Where the sender must not be cut off, giving up reads the rest', async () => {
  const { source, cancelled } = sending([Buffer.alloc(10), Buffer.alloc(10)])
  const body = bodyOf(source, { drain: true })
  await body.read()
  await body.cancel('enough')

  expect(cancelled).toEqual([])
})

test('Giving up while a read is pending reads the rest after it: workerd takes one at a time', async () => {
  const { source, cancelled } = sending([Buffer.alloc(10), Buffer.alloc(10), Buffer.alloc(10)])
  const reader = source.getReader({ mode: 'byob' })
  let busy = false
  let reads = 0
  const single = {
    getReader: () => ({
      cancel: (reason: unknown) => reader.cancel(reason),
      async read(view: Uint8Array<ArrayBuffer>) {
        if (busy) throw new TypeError('This ReadableStream only supports a single pending read')
        busy = true
        reads++
        try {
          return await reader.read(view)
        } finally {
          busy = false
        }
      },
    }),
  } as unknown as ReadableStream<Uint8Array>
  const body = bodyOf(single, { drain: true })
  const pending = body.read()
  await body.cancel('enough')

  expect(await pending).toBeDefined()
  expect(reads).toBe(4)
  expect(cancelled).toEqual([])
})
