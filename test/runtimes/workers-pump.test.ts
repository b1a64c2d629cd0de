import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { OutgoingBody } from '../../src/platform.ts'
import { pump } from '../../src/runtimes/workers-pump.ts'

/** A body that gives `chunks` in one buffer, used again for each; a number is a wait in ms. */
function bodyOf(chunks: readonly (Buffer | number | Error)[]) {
  const left = [...chunks]
  const buffer = Buffer.alloc(2_000_000)
  const cancelled: unknown[] = []
  const body: OutgoingBody = {
    length: undefined,
    async read() {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        if (next instanceof Error) throw next
        if (typeof next === 'number') await wait(next)
        else {
          buffer.fill(0x2a)
          next.copy(buffer)
          return buffer.subarray(0, next.length)
        }
      }
      return undefined
    },
    cancel: async (reason) => {
      cancelled.push(reason)
    },
  }
  return { body, cancelled }
}

/** A stream that looks at its chunks only after a while, as a slow socket does. */
function sink(slowMs = 0) {
  const writes: Buffer[] = []
  let aborted: unknown
  const stream = new WritableStream<Uint8Array>({
    async write(chunk, { signal }) {
      if (slowMs > 0) await wait(slowMs, undefined, { signal })
      writes.push(Buffer.from(chunk))
    },
    abort(reason) {
      aborted = reason
    },
  })
  return { stream, writes, all: () => Buffer.concat(writes), aborted: () => aborted }
}

const numbered = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, at) => Buffer.alloc(bytes, `${at}-`))

test('Chunks of any size arrive whole and in order at a slow reader', async () => {
  for (const bytes of [1, 100, 5000, 200_000, 524_287, 524_288, 600_000]) {
    const chunks = numbered(5, bytes)
    const { stream, all } = sink(2)
    await pump(bodyOf(chunks).body, stream, 1000)

    expect(all().equals(Buffer.concat(chunks)), `${bytes}`).toBe(true)
  }
})

test('Small and large chunks in turns arrive whole', async () => {
  const chunks = numbered(30, 700).flatMap((small, at) => [small, Buffer.alloc(400_000, `${at}`)])
  const { stream, all } = sink()
  await pump(bodyOf(chunks).body, stream, 1000)

  expect(all().equals(Buffer.concat(chunks))).toBe(true)
})

test('Chunks that are there at once go in one write', async () => {
  const { stream, writes } = sink()
  await pump(bodyOf(numbered(50, 1000)).body, stream, 1000)

  expect(writes).toHaveLength(1)
})

test('A chunk never waits for one that is not there yet', async () => {
  const { stream, writes } = sink()
  const done = pump(bodyOf([Buffer.from('a'), 150, Buffer.from('b')]).body, stream, 1000)
  await wait(60)

  expect(writes.map(String)).toEqual(['a'])
  await done
  expect(writes.map(String)).toEqual(['a', 'b'])
})

test('A body that fails aborts the stream', async () => {
  const { stream, writes, aborted } = sink()
  const error = new Error('lost')
  const { body, cancelled } = bodyOf([Buffer.from('a'), 20, error])

  await expect(pump(body, stream, 1000)).rejects.toBe(error)
  expect(aborted()).toBe(error)
  expect(cancelled).toEqual([error])
  expect(writes.map(String)).toEqual(['a'])
})

test('A reader that takes nothing for the idle time is given up', async () => {
  const { body, cancelled } = bodyOf([Buffer.from('a')])

  await expect(pump(body, sink(60_000).stream, 50)).rejects.toThrow('50 ms')
  expect(cancelled).toHaveLength(1)
})
