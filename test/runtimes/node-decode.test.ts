import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Body } from '../../src/platform.ts'
import { decodeOnNode } from '../../src/runtimes/node-decode.ts'

const text = `{"output":"${'größer and greater '.repeat(5000)}"}`
const encoded: Record<string, Buffer> = {
  gzip: zlib.gzipSync(text),
  'x-gzip': zlib.gzipSync(text),
  deflate: zlib.deflateSync(text),
  br: zlib.brotliCompressSync(text),
  zstd: zlib.zstdCompressSync(text),
}

/** A source of one reused buffer, as a connection's is. */
function source(chunks: Iterable<Uint8Array>) {
  const buffer = new Uint8Array(100_000)
  const iterator = chunks[Symbol.iterator]()
  const seen = { reads: 0, cancelled: undefined as unknown }
  const body: Body = {
    async read() {
      seen.reads++
      buffer.fill(0x23)
      const { value, done } = iterator.next()
      if (done === true) return undefined
      buffer.set(value)
      return buffer.subarray(0, value.length)
    },
    async cancel(reason) {
      seen.cancelled ??= reason ?? 'cancelled'
    },
    stream: () => new ReadableStream(),
  }
  return { body, seen }
}

function* pieces(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function all(body: Body | undefined): Promise<string> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = await body?.read()
    if (chunk === undefined) return Buffer.concat(chunks).toString()
    chunks.push(chunk.slice())
  }
}

describe('A coded body', () => {
  test.each(Object.keys(encoded))('of %s is read as it was, however it is cut', async (coding) => {
    const bytes = encoded[coding] ?? Buffer.alloc(0)
    for (const size of [1, 7, 1000, bytes.length]) {
      expect(await all(decodeOnNode(source(pieces(bytes, size)).body, coding))).toBe(text)
    }
  })

  test('of deflate without its head is read too', async () => {
    const bytes = zlib.deflateRawSync(text)
    expect(await all(decodeOnNode(source([bytes]).body, 'deflate'))).toBe(text)
  })

  test('of nothing is nothing', async () => {
    expect(await all(decodeOnNode(source([]).body, 'gzip'))).toBe('')
  })

  test.each(['compress', 'identity', 'exi', ''])('of %s cannot be undone', (coding) => {
    expect(decodeOnNode(source([]).body, coding)).toBeUndefined()
  })

  test.each(Object.keys(encoded))('of %s that is cut short or broken fails', async (coding) => {
    const bytes = encoded[coding] ?? Buffer.alloc(0)
    const short = source([bytes.subarray(0, bytes.length - 20)]).body
    await expect(all(decodeOnNode(short, coding))).rejects.toThrow()
    await expect(all(decodeOnNode(source([Buffer.from(text)]).body, coding))).rejects.toThrow()
  })

  test('that breaks off fails with what its source said', async () => {
    const { body } = source([])
    let reads = 0
    const broken: Body = {
      ...body,
      read: async () => {
        if (reads++ > 0) throw new Error('reset')
        return encoded['gzip']?.subarray(0, 50)
      },
    }
    await expect(all(decodeOnNode(broken, 'gzip'))).rejects.toThrow('reset')
  })

  test('gives an event before the next one comes', async () => {
    const gzip = zlib.createGzip()
    const chunks = gzip[Symbol.asyncIterator]()
    const live: Body = { ...source([]).body, read: async () => (await chunks.next()).value }
    const decoded = decodeOnNode(live, 'gzip')
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const read = decoded?.read()
      gzip.write(event)
      gzip.flush(zlib.constants.Z_SYNC_FLUSH)
      let seen = Buffer.from((await read) ?? []).toString()
      while (seen !== event) seen += Buffer.from((await decoded?.read()) ?? []).toString()
      expect(seen).toBe(event)
    }
    gzip.destroy()
    await decoded?.cancel()
  })

  test('that unfolds to a thousand times its size is read as slowly as it is taken', async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024))
    const { body, seen } = source(pieces(bomb, 1000))
    const decoded = decodeOnNode(body, 'gzip')
    const before = process.memoryUsage().rss
    for (let i = 0; i < 16; i++) expect((await decoded?.read())?.length).toBeLessThanOrEqual(65_536)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(seen.reads).toBeLessThan(20)
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024)
    await decoded?.cancel('enough')
    expect(seen.cancelled).toBe('enough')
    expect(await decoded?.read()).toBeUndefined()
  })
})
