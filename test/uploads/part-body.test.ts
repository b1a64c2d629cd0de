import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Body } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { PartBody } from '../../src/uploads/part-body.ts'
import { answer } from '../intake/memory-store.ts'

const platform = createNodePlatform({ write() {} })
const bytes = new TextEncoder().encode('the bytes of one part')
const sha256 = createHash('sha256').update(bytes).digest('hex')

/** A body in the given chunks, all in one buffer that is used again. */
function bodyOf(chunks: readonly Uint8Array[]): Body {
  const left = [...chunks]
  const buffer = new Uint8Array(100)
  return {
    ...answer(200).body,
    async read() {
      const chunk = left.shift()
      if (chunk === undefined) return undefined
      buffer.fill(0).set(chunk)
      return buffer.subarray(0, chunk.length)
    },
  }
}

function partOf(body: Body | undefined, length: number, digest?: string): PartBody {
  const claim = { uploadId: 'any', partNumber: 3, length, expiresAt: 0 }
  return new PartBody(body, digest === undefined ? claim : { ...claim, sha256: digest }, platform)
}

async function readAll(part: PartBody): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for (let chunk = await part.read(); chunk !== undefined; chunk = await part.read()) {
    chunks.push(chunk.slice())
  }
  return Buffer.concat(chunks)
}

describe('a part on its way', () => {
  it('passes as it came, wherever it is cut', async () => {
    for (let at = 0; at <= bytes.length; at++) {
      const part = partOf(bodyOf([bytes.subarray(0, at), bytes.subarray(at)]), bytes.length, sha256)
      expect(part.isWhole).toBe(false)
      expect((await readAll(part)).equals(bytes)).toBe(true)
      expect(part.isWhole).toBe(true)
    }
  })

  it('never leaves whole when its digest is another', async () => {
    for (let at = 0; at < bytes.length; at++) {
      const altered = bytes.slice()
      altered[at] = 0
      const chunks = [...altered].map((byte) => Uint8Array.of(byte))
      const part = partOf(bodyOf(chunks), bytes.length, sha256)
      const sent: number[] = []
      const reading = (async () => {
        for (let chunk = await part.read(); chunk !== undefined; chunk = await part.read()) {
          sent.push(...chunk)
        }
      })()
      await expect(reading).rejects.toMatchObject({
        code: 'upload_mismatch',
        facts: { partNumber: 3 },
      })
      expect(sent.length).toBe(bytes.length - 1)
      expect(part.isWhole).toBe(false)
    }
  })

  it('is refused when it is longer or shorter than it was signed for', async () => {
    for (const length of [bytes.length - 1, bytes.length + 1]) {
      const part = partOf(bodyOf([bytes]), length)
      await expect(readAll(part)).rejects.toMatchObject({ code: 'upload_mismatch' })
      expect(part.failure?.code).toBe('upload_mismatch')
      expect(part.isWhole).toBe(false)
    }
  })

  it('never leaves whole when more comes, wherever it is cut', async () => {
    const longer = Buffer.concat([bytes, Buffer.from('X')])
    for (let at = 0; at <= longer.length; at++) {
      const part = partOf(bodyOf([longer.subarray(0, at), longer.subarray(at)]), bytes.length)
      let sent = 0
      const reading = (async () => {
        for (let chunk = await part.read(); chunk !== undefined; chunk = await part.read()) {
          sent += chunk.length
        }
      })()
      await expect(reading).rejects.toMatchObject({ code: 'upload_mismatch' })
      expect(sent).toBeLessThan(bytes.length)
      expect(part.isWhole).toBe(false)
    }
    const empty = partOf(bodyOf([new Uint8Array(0), Buffer.from('X')]), 0)
    await expect(empty.read()).rejects.toMatchObject({ code: 'upload_mismatch' })
    expect(empty.isWhole).toBe(false)
  })

  it('may be empty, and must not be missing', async () => {
    const empty = partOf(undefined, 0, createHash('sha256').digest('hex'))
    expect(await empty.read()).toBeUndefined()
    expect(empty.isWhole).toBe(true)
    await expect(partOf(undefined, 1).read()).rejects.toMatchObject({ code: 'upload_mismatch' })
  })

  it('says that the client is gone', async () => {
    const broken: Body = { ...answer(200).body, read: () => Promise.reject(new Error('reset')) }
    const part = partOf(broken, 5)
    await expect(part.read()).rejects.toMatchObject({ code: 'client_gone' })
    expect(part.failure?.code).toBe('client_gone')
  })
})
