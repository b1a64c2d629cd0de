import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/errors.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { type BufferPool, createBufferPool } from '../../src/store/buffer-pool.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { createStagedWriter, type StagedWriter } from '../../src/store/staged-writer.ts'
import { type Fault, startTinyS3, type TinyS3 } from './tiny-s3.ts'

const partBytes = 12
let tiny: TinyS3
let pool: BufferPool
let counted: { out: number; most: number }
const node = createNodePlatform({ write() {} })
// Backoff without its minutes: what is waited for is not what is tested.
const platform = { ...node, wait: async () => {} }

beforeAll(async () => {
  tiny = await startTinyS3()
})
afterAll(() => tiny.stop())
afterEach(() => tiny.clear())

function open(
  options: { parts?: number; mayWait?: boolean; signal?: AbortSignal; pool?: BufferPool } = {},
): StagedWriter {
  counted = { out: 0, most: 0 }
  const { parts = 4, mayWait = true } = options
  pool = options.pool ?? counting(createBufferPool({ parts, partBytes, mayWait }))
  return createStagedWriter({
    store: createS3Store(tiny.config, platform, { idleTimeoutMs: 300, presignSeconds: 60 }),
    pool,
    name: (first) => ({ key: `k/${first.length}.bin`, contentType: 'text/x-test' }),
    partBytes,
    partsInFlight: 2,
    platform,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
}

function counting(inner: BufferPool): BufferPool {
  const count = <T>(buffer: T): T => {
    if (buffer !== undefined) counted.most = Math.max(counted.most, ++counted.out)
    return buffer
  }
  return {
    partBytes,
    take: async (signal) => count(await inner.take(signal)),
    tryTake: () => count(inner.tryTake()),
    give(buffer) {
      // What comes back must not be read any more.
      buffer.fill(0xee)
      counted.out--
      inner.give(buffer)
    },
  }
}

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + 1) % 251)
}

/** Drives the writer as the intake does: through its room, in multiples of 3. */
async function fill(writer: StagedWriter, bytes: Uint8Array, step: number): Promise<void> {
  let at = 0
  while (at < bytes.length) {
    const room = writer.room()
    if (room.length === 0) {
      await writer.flush()
      continue
    }
    expect(room.length % 3).toBe(0)
    const taken = bytes.subarray(at, at + Math.min(step * 3, room.length))
    room.set(taken)
    writer.advance(taken.length)
    at += taken.length
  }
}

function expectClean(): void {
  expect(counted.out).toBe(0)
  expect([...tiny.objects.keys()]).toEqual([])
  expect(tiny.open.size).toBe(0)
}

function failing(pattern: RegExp, fault: Fault, times = 1): void {
  let left = times
  tiny.fault = (line) => (pattern.test(line) && left-- > 0 ? fault : 'none')
}

describe('a staged writer', () => {
  test('stores the same bytes whatever the size and the cuts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
        async (cuts) => {
          tiny.clear()
          const writer = open()
          for (const cut of cuts) await writer.write(cut)
          const staged = await writer.finish()
          const all = Buffer.concat(cuts)
          expect(staged.bytes).toBe(all.length)
          expect(tiny.objects.get(staged.key)?.bytes.equals(all)).toBe(true)
          expect(tiny.open.size).toBe(0)
          expect(counted.out).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('stores the same bytes through its room, at every length and step', async () => {
    for (let length = 0; length <= 3 * partBytes + 2; length++) {
      for (const step of [1, 2, 3, 9]) {
        const writer = open()
        await fill(writer, bytesOf(length), step)
        const staged = await writer.finish()
        expect(tiny.objects.get(staged.key)?.bytes.equals(Buffer.from(bytesOf(length)))).toBe(true)
        expect(counted.out).toBe(0)
        tiny.clear()
      }
    }
  })

  test('puts a payload of up to one part in one request, with its type', async () => {
    for (const length of [0, 1, partBytes]) {
      const writer = open()
      await writer.write(bytesOf(length))
      const staged = await writer.finish()
      expect(tiny.requests).toEqual([`PUT k/${length}.bin`])
      expect(tiny.objects.get(staged.key)?.contentType).toBe('text/x-test')
      expect(staged.etag).toBe('"whole"')
      tiny.clear()
    }
  })

  test('sends all parts but the last at the same size, and no empty one', async () => {
    const writer = open()
    await fill(writer, bytesOf(2 * partBytes), 4)
    await writer.flush()
    await writer.finish()
    expect(tiny.requests.filter((line) => line.startsWith('PUT'))).toHaveLength(2)
  })

  test('has at most two parts in flight and three buffers', async () => {
    const writer = open({ parts: 10 })
    await writer.write(bytesOf(20 * partBytes))
    await writer.finish()
    expect(tiny.load.most).toBeLessThanOrEqual(2)
    expect(counted.most).toBeLessThanOrEqual(3)
  })

  test('gets along with a single buffer', async () => {
    const writer = open({ parts: 1 })
    await writer.write(bytesOf(5 * partBytes + 1))
    const staged = await writer.finish()
    expect(tiny.objects.get(staged.key)?.bytes).toHaveLength(5 * partBytes + 1)
    expect(counted.most).toBe(1)
  })

  test('never locks up when many writers share few buffers', async () => {
    const shared = createBufferPool({ parts: 2, partBytes, mayWait: true })
    const all = Array.from({ length: 12 }, async (_, index) => {
      const writer = createStagedWriter({
        store: createS3Store(tiny.config, platform, { idleTimeoutMs: 3000, presignSeconds: 60 }),
        pool: shared,
        name: () => ({ key: `many/${index}`, contentType: 'text/plain' }),
        partBytes,
        partsInFlight: 2,
        platform,
      })
      await writer.write(bytesOf(index * 10))
      return await writer.finish()
    })
    const staged = await Promise.all(all)
    for (const [index, { key }] of staged.entries()) {
      expect(tiny.objects.get(key)?.bytes.equals(Buffer.from(bytesOf(index * 10)))).toBe(true)
    }
  })

  test('is busy at once where requests may not wait, before anything is sent', async () => {
    const empty = createBufferPool({ parts: 1, partBytes, mayWait: false })
    await empty.take()
    const writer = open({ pool: empty })
    await expect(writer.flush()).rejects.toMatchObject({ code: 'busy' })
    expect(tiny.requests).toEqual([])
  })

  const passing: [string, Fault][] = [
    ['a 500', { status: 500, code: 'InternalError' }],
    ['a 503 SlowDown', { status: 503, code: 'SlowDown' }],
    ['a reset', 'reset'],
    ['a reset in the middle', 'half'],
    ['a lost answer', 'lost'],
    ['a stall', 'stall'],
  ]
  const steps: [string, RegExp, number][] = [
    ['the one PUT', /^PUT [^?]*$/, 5],
    ['CreateMultipartUpload', /\?uploads$/, 30],
    ['UploadPart', /partNumber/, 30],
    ['CompleteMultipartUpload', /^POST .*uploadId$/, 30],
  ]
  describe.for(steps)('at %s', ([, pattern, length]) => {
    test.for(passing)('survives %s', async ([, fault]) => {
      failing(pattern, fault)
      const writer = open()
      await writer.write(bytesOf(length))
      const staged = await writer.finish()
      expect(tiny.objects.get(staged.key)?.bytes.equals(Buffer.from(bytesOf(length)))).toBe(true)
      expect(tiny.open.size).toBe(0)
      expect(counted.out).toBe(0)
    })

    test.for([...passing, ['a 403', { status: 403, code: 'AccessDenied' }] as [string, Fault]])(
      'leaves nothing behind when %s lasts',
      async ([, fault]) => {
        failing(pattern, fault, Number.POSITIVE_INFINITY)
        const writer = open()
        const work = async () => {
          await writer.write(bytesOf(length))
          await writer.finish()
        }
        await expect(work()).rejects.toMatchObject({ code: 'store_unavailable' })
        expectClean()
      },
    )
  })

  test('does not try a refusal again', async () => {
    failing(/partNumber/, { status: 403, code: 'AccessDenied' }, 9)
    const writer = open()
    await expect(writer.write(bytesOf(100)).then(() => writer.finish())).rejects.toThrow(
      GatewayError,
    )
    expect(tiny.requests.filter((line) => line.includes('partNumber')).length).toBeLessThan(4)
  })

  test('tries the abort itself again', async () => {
    failing(/^DELETE/, { status: 503, code: 'SlowDown' }, 3)
    const writer = open()
    await writer.write(bytesOf(30))
    await writer.abort()
    expectClean()
  })

  test.for([0, 1, partBytes, partBytes + 1, 5 * partBytes])(
    'leaves nothing behind when it is given up after %i bytes',
    async (length) => {
      const writer = open()
      await writer.write(bytesOf(length))
      await writer.abort('enough')
      expectClean()
      await expect(writer.finish()).rejects.toBe('enough')
    },
  )

  test.for([3, 30])(
    'removes a finished payload of %i bytes when it is given up',
    async (length) => {
      const writer = open()
      await writer.write(bytesOf(length))
      await writer.finish()
      expect(tiny.objects.size).toBe(1)
      await writer.abort()
      expectClean()
    },
  )

  test('stops in the middle of a part when the caller goes, and cleans up', async () => {
    const gone = new AbortController()
    const writer = open({ signal: gone.signal })
    tiny.fault = (line) => {
      if (!line.includes('partNumber')) return 'none'
      gone.abort(new Error('client gone'))
      return 'stall'
    }
    const work = async () => {
      await writer.write(bytesOf(100))
      await writer.finish()
    }
    await expect(work()).rejects.toThrow('client gone')
    expectClean()
  })

  test('stops waiting for a buffer when the caller goes', async () => {
    const gone = new AbortController()
    const shared = createBufferPool({ parts: 1, partBytes, mayWait: true })
    const held = await shared.take()
    const waiting = open({ pool: shared, signal: gone.signal }).flush()
    gone.abort(new Error('client gone'))
    await expect(waiting).rejects.toThrow('client gone')
    shared.give(held)
    expect(shared.tryTake()).toBe(held)
  })

  test('is given up safely in every moment of its work', async () => {
    for (let moment = 0; moment < 24; moment++) {
      const writer = open()
      const work = writer
        .write(bytesOf(4 * partBytes))
        .then(() => writer.finish())
        .catch(() => {})
      for (let tick = 0; tick < moment; tick++) await new Promise(setImmediate)
      await writer.abort()
      await work
      expectClean()
      tiny.clear()
    }
  })

  test('names the limit of 10,000 parts', async () => {
    const instant = {
      ...createS3Store(tiny.config, platform, { idleTimeoutMs: 300, presignSeconds: 60 }),
      createUpload: async () => 'id',
      uploadPart: async (_: string, __: string, partNumber: number) => ({ partNumber, etag: 'e' }),
      abortUpload: async () => {},
    }
    const writer = createStagedWriter({
      store: instant,
      pool: createBufferPool({ parts: 3, partBytes: 3, mayWait: true }),
      name: () => ({ key: 'huge', contentType: 'text/plain' }),
      partBytes: 3,
      partsInFlight: 2,
      platform,
    })
    await expect(writer.write(bytesOf(30_004)).then(() => writer.finish())).rejects.toMatchObject({
      code: 'body_too_large',
      facts: { limit: 30_000 },
    })
  })
})
