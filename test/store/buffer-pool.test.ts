import { describe, expect, test } from 'vitest'
import { createBufferPool } from '../../src/store/buffer-pool.ts'

describe('a buffer pool', () => {
  test('hands out no more than its parts, and the same ones again', async () => {
    const pool = createBufferPool({ parts: 2, partBytes: 6, mayWait: true })
    const first = await pool.take()
    expect(first).toHaveLength(6)
    expect(pool.tryTake()).toBeDefined()
    expect(pool.tryTake()).toBeUndefined()
    pool.give(first)
    expect(pool.tryTake()).toBe(first)
  })

  test('serves those who wait in order of arrival, before anyone who only tries', async () => {
    const pool = createBufferPool({ parts: 1, partBytes: 6, mayWait: true })
    const buffer = await pool.take()
    const order: string[] = []
    const a = pool.take().then((given) => {
      order.push('a')
      expect(pool.tryTake()).toBeUndefined()
      pool.give(given)
    })
    const b = pool.take().then((given) => {
      order.push('b')
      pool.give(given)
    })
    pool.give(buffer)
    await Promise.all([a, b])
    expect(order).toEqual(['a', 'b'])
    expect(pool.tryTake()).toBe(buffer)
  })

  test('lets a waiter leave', async () => {
    const pool = createBufferPool({ parts: 1, partBytes: 6, mayWait: true })
    const buffer = await pool.take()
    const gone = new AbortController()
    const waiting = pool.take(gone.signal)
    gone.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    pool.give(buffer)
    expect(pool.tryTake()).toBe(buffer)
  })

  test('is busy with a time to come back where requests may not wait', async () => {
    const pool = createBufferPool({ parts: 1, partBytes: 6, mayWait: false })
    await pool.take()
    await expect(pool.take()).rejects.toMatchObject({
      code: 'busy',
      facts: { retryAfterSeconds: 1, limitName: 'staging.poolParts', limit: 1 },
    })
  })

  test('refuses a buffer that is not out', async () => {
    const pool = createBufferPool({ parts: 1, partBytes: 6, mayWait: true })
    const buffer = await pool.take()
    pool.give(buffer)
    expect(() => pool.give(buffer)).toThrow(TypeError)
    expect(() => pool.give(new Uint8Array(6))).toThrow(TypeError)
  })
})
