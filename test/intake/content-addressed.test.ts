import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createHashingWriter } from '../../src/intake/content-addressed.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createBufferPool } from '../../src/store/buffer-pool.ts'
import { createStagedWriter } from '../../src/store/staged-writer.ts'
import { MemoryStore } from './memory-store.ts'

const partBytes = 30
const platform = createNodePlatform({ write: () => {} })
const payload = Uint8Array.from({ length: 100 }, (_, at) => (at * 37) & 0xff)
const digest = createHash('sha256').update(payload).digest('hex')

function bed() {
  const store = new MemoryStore()
  const pool = createBufferPool({ partBytes, parts: 3, mayWait: true })
  const writer = createStagedWriter({
    store,
    pool,
    platform,
    partBytes,
    partsInFlight: 2,
    name: () => ({ key: 'a/b.bin', contentType: 'text/plain' }),
  })
  return { store, writer: createHashingWriter(writer, platform.sha256()) }
}

describe('the digest of a payload that is staged', () => {
  test.each(Array.from(payload.keys()))('is that of its bytes, cut at %i', async (cut) => {
    const { store, writer } = bed()
    await writer.write(payload.subarray(0, cut))
    await writer.write(payload.subarray(cut))
    expect(await writer.finish()).toMatchObject({ sha256: digest, bytes: 100, key: 'a/b.bin' })
    expect(Buffer.from(store.objects.get('a/b.bin')?.bytes ?? []).equals(payload)).toBe(true)
  })

  test.each([3, 6, 15, 30])(
    'is that of its bytes, written %i at a time into rooms',
    async (step) => {
      const { store, writer } = bed()
      for (let at = 0; at < payload.length; ) {
        if (writer.room().length === 0) await writer.flush()
        const piece = payload.subarray(at, at + Math.min(step, writer.room().length))
        writer.room().set(piece)
        writer.advance(piece.length)
        at += piece.length
      }
      expect(await writer.finish()).toMatchObject({ sha256: digest, bytes: 100 })
      expect(Buffer.from(store.objects.get('a/b.bin')?.bytes ?? []).equals(payload)).toBe(true)
    },
  )

  test('is that of nothing where there are no bytes', async () => {
    const { writer } = bed()
    const empty = createHash('sha256').digest('hex')
    expect(await writer.finish()).toMatchObject({ sha256: empty, bytes: 0 })
  })
})
