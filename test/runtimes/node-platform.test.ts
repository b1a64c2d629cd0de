import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../../src/log.ts'
import type { OutgoingBody } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'

const logged: LogEvent[] = []
const platform = createNodePlatform({ write: (_, event) => void logged.push(event) })

/** Chunks in one buffer that is written over by every read. */
function reused(texts: string[]): OutgoingBody & { reads: number; cancelled: unknown } {
  const buffer = new Uint8Array(3)
  const body = {
    length: undefined,
    reads: 0,
    cancelled: undefined as unknown,
    async read() {
      const text = texts[body.reads++]
      if (text === undefined) return undefined
      buffer.set(new TextEncoder().encode(text))
      return buffer
    },
    async cancel(reason?: unknown) {
      body.cancelled = reason
    },
  }
  return body
}

describe('the native stream of an outgoing body', () => {
  test('keeps chunks whose buffer is reused', async () => {
    const reader = platform.toStream(reused(['one', 'two'])).getReader()
    const chunks = [await reader.read(), await reader.read(), await reader.read()]
    const texts = chunks.map(({ value }) => value && Buffer.from(value).toString())
    expect(texts).toEqual(['one', 'two', undefined])
  })

  test('reads nothing before it is asked, and one chunk at a time', async () => {
    const body = reused(['one', 'two'])
    const reader = platform.toStream(body).getReader()
    await new Promise(setImmediate)
    expect(body.reads).toBe(0)
    await reader.read()
    await new Promise(setImmediate)
    expect(body.reads).toBe(1)
  })

  test('tells the body when its reader is gone', async () => {
    const body = reused(['one'])
    await platform.toStream(body).cancel('gone')
    expect(body.cancelled).toBe('gone')
  })

  test('fails when the body does', async () => {
    const body = { ...reused([]), read: () => Promise.reject(new Error('broken')) }
    await expect(new Response(platform.toStream(body)).text()).rejects.toThrow('broken')
  })
})

describe('the Node platform', () => {
  test('settles when all background work is done, that begun meanwhile too', async () => {
    const order: string[] = []
    platform.waitUntil(
      Promise.resolve().then(() => {
        order.push('first')
        platform.waitUntil(new Promise(setImmediate).then(() => void order.push('second')))
      }),
    )
    await platform.settled()
    expect(order).toEqual(['first', 'second'])
  })

  test('logs background work that fails, without the queries of URLs', async () => {
    logged.length = 0
    platform.waitUntil(Promise.reject(new Error('at https://store.example/k?X-Amz-Signature=1')))
    await platform.settled()
    expect(logged).toEqual([
      { event: 'background_task_failed', reason: 'Error: at https://store.example/k?…' },
    ])
  })

  test('hashes what comes in pieces', async () => {
    for (const name of ['sha1', 'sha256'] as const) {
      const hash = platform[name]()
      for (const text of ['one', '', 'two']) await hash.update(new TextEncoder().encode(text))
      const expected = createHash(name).update('onetwo').digest('hex')
      expect(Buffer.from(await hash.digest()).toString('hex')).toBe(expected)
    }
  })

  test('knows the addresses of names, and of addresses', async () => {
    expect(await platform.resolve('127.0.0.1')).toEqual(['127.0.0.1'])
    const local = await platform.resolve('localhost')
    expect(local.filter((address) => !['127.0.0.1', '::1'].includes(address))).toEqual([])
    expect(local.length).toBeGreaterThan(0)
    await expect(platform.resolve('no-such-host.invalid')).rejects.toThrow()
  })
})
