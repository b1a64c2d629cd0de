import { describe, expect, it } from 'vitest'
import { readCapped } from '../../src/bytes/read-capped.ts'
import type { Body } from '../../src/platform.ts'

/** A body that reuses one buffer for all its chunks, as the runtimes do. */
function bodyOf(...texts: string[]): Body & { cancelled: unknown } {
  const buffer = new Uint8Array(64)
  return {
    cancelled: undefined,
    async read() {
      const text = texts.shift()
      if (text === undefined) return undefined
      const { written } = new TextEncoder().encodeInto(text, buffer)
      return buffer.subarray(0, written)
    },
    async cancel(reason) {
      this.cancelled = reason
    },
    stream() {
      throw new Error('Not read as a stream')
    },
  }
}

const over = new Error('Too long')

describe('readCapped', () => {
  it('copies chunks whose buffer is reused', async () => {
    const bytes = await readCapped(bodyOf('abc', 'de', 'f'), 6, () => over)
    expect(new TextDecoder().decode(bytes)).toBe('abcdef')
  })

  it('gives no bytes of an empty body', async () => {
    expect(await readCapped(bodyOf(), 0, () => over)).toEqual(new Uint8Array())
  })

  it('throws and cancels when one byte too many comes', async () => {
    const body = bodyOf('abc', 'd', 'never read')
    await expect(readCapped(body, 3, () => over)).rejects.toBe(over)
    expect(body.cancelled).toBe(over)
    expect(await body.read()).toBeDefined()
  })
})
