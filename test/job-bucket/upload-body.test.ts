import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createUploadBody } from '../../src/job-bucket/body/upload-body.ts'
import type { Body } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'

const platform = createNodePlatform({ write: () => {} })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A body whose chunks all come in one buffer, which the next read overwrites. */
function bodyOf(bytes: Uint8Array, size: number): Body & { cancelled: number } {
  const buffer = new Uint8Array(size)
  let at = 0
  return {
    cancelled: 0,
    async read() {
      buffer.fill(0xee)
      if (at >= bytes.length) return undefined
      const piece = bytes.subarray(at, at + size)
      buffer.set(piece)
      at += piece.length
      return buffer.subarray(0, piece.length)
    },
    async cancel() {
      this.cancelled++
    },
    stream: () => new ReadableStream(),
  }
}

function upload(source: Body, length: number, hash: string) {
  return createUploadBody(source, new Headers({ 'content-length': String(length) }), hash, platform)
}

test('passes every byte of a good body, whatever its chunks, the last one once it is verified', async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 70 }),
    async (bytes, size) => {
      const body = upload(bodyOf(bytes, size), bytes.length, sha256(bytes))
      const found: number[] = []
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
        found.push(...chunk)
        expect(body.isVerified).toBe(found.length === bytes.length)
      }
      expect(found).toEqual([...bytes])
    },
  )
  await fc.assert(property)
})

test('never lets the last byte of a bad body go', async () => {
  const property = fc.asyncProperty(
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom('hash', 'short', 'long'),
    async (bytes, size, fault) => {
      const length = bytes.length + (fault === 'short' ? 1 : fault === 'long' ? -1 : 0)
      const hash = fault === 'hash' ? sha256(Uint8Array.of(...bytes, 0)) : sha256(bytes)
      const body = upload(bodyOf(bytes, size), length, hash)
      let passed = 0
      const drain = async () => {
        for (let chunk = await body.read(); chunk; chunk = await body.read()) passed += chunk.length
      }
      await expect(drain()).rejects.toThrow()
      expect(body.isVerified).toBe(false)
      expect(passed).toBeLessThan(Math.max(length, 1))
      expect(body.failure?.code).toBe(
        fault === 'hash' ? 'XAmzContentSHA256Mismatch' : 'IncompleteBody',
      )
    },
  )
  await fc.assert(property)
})

test('reads nothing more once it is given up, and drops the rest only when told to', async () => {
  const source = bodyOf(new Uint8Array(100), 10)
  const body = upload(source, 100, 'UNSIGNED-PAYLOAD')
  await body.read()
  await body.cancel()
  await expect(body.read()).rejects.toThrow('given up')
  expect(source.cancelled).toBe(0)
  await body.discard(1000)
  expect(await source.read()).toBeUndefined()
})

test('cuts a sender off who has more to send than is dropped', async () => {
  const source = bodyOf(new Uint8Array(100), 10)
  const body = upload(source, 100, 'UNSIGNED-PAYLOAD')
  await body.discard(30)
  expect(source.cancelled).toBe(1)
  expect(await source.read()).toBeDefined()
})
