import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createUploadBody } from '../../src/job-bucket/body/upload-body.ts'
import { Secret } from '../../src/log.ts'
import type { Body } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import type { ChunkSeed } from '../../src/sigv4/chunk-chain.ts'
import { deriveSigner } from '../../src/sigv4/sign.ts'

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

/** A body of signed chunks and trailers, and what its signatures hang on. */
async function frameSigned(pieces: readonly Uint8Array[]) {
  const scope = { date: '20261121', region: 'r', service: 's3' }
  const seed = {
    secret: new Secret('secret'),
    scope,
    timestamp: '20261121T000000Z',
    signature: 'a'.repeat(64),
  }
  const sign = await deriveSigner(seed.secret, scope)
  let previous = seed.signature
  const next = async (algorithm: string, ...hashes: string[]) => {
    const lines = [algorithm, seed.timestamp, '20261121/r/s3/aws4_request', previous, ...hashes]
    previous = await sign(lines.join('\n'))
    return previous
  }
  const framed: Uint8Array[] = []
  for (const piece of [...pieces, Buffer.of()]) {
    const hashes = [sha256(Buffer.of()), sha256(piece)]
    const signature = await next('AWS4-HMAC-SHA256-PAYLOAD', ...hashes)
    framed.push(Buffer.from(`${piece.length.toString(16)};chunk-signature=${signature}\r\n`))
    if (piece.length > 0) framed.push(piece, Buffer.from('\r\n'))
  }
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(Buffer.concat(pieces)))
  const trailer = `x-amz-checksum-crc32:${crc.toString('base64')}`
  const signature = await next('AWS4-HMAC-SHA256-TRAILER', sha256(Buffer.from(`${trailer}\n`)))
  framed.push(Buffer.from(`${trailer}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`))
  return { bytes: Buffer.concat(framed), seed }
}

async function readSigned(bytes: Uint8Array, size: number, length: number, seed: ChunkSeed) {
  const headers = new Headers({
    'x-amz-decoded-content-length': String(length),
    'x-amz-trailer': 'x-amz-checksum-crc32',
  })
  const hash = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'
  const body = createUploadBody(bodyOf(bytes, size), headers, hash, platform, seed)
  const found: number[] = []
  try {
    for (let chunk = await body.read(); chunk; chunk = await body.read()) found.push(...chunk)
  } catch {
    expect(body.failure).toBeDefined()
  }
  return { found, body }
}

test('passes signed chunks however they and the input are cut', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 }),
    fc.integer({ min: 1, max: 400 }),
    async (pieces, size) => {
      const { bytes, seed } = await frameSigned(pieces)
      const whole = Buffer.concat(pieces)
      const { found, body } = await readSigned(bytes, size, whole.length, seed)
      expect(found).toEqual([...whole])
      expect(body.isVerified).toBe(true)
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

test('never lets the last byte of signed chunks go with any one bit flipped', async () => {
  const whole = Buffer.from('hello, world')
  const { bytes, seed } = await frameSigned([whole.subarray(0, 5), whole.subarray(5)])
  let accepted = 0
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const { found, body } = await readSigned(damaged, 1 + (bit % 97), whole.length, seed)
    if (body.isVerified) {
      // Only what means the same: the case of a size or of a trailer's name.
      expect(Buffer.from(found)).toEqual(whole)
      accepted++
    } else expect(found.length).toBeLessThan(whole.length)
  }
  expect(accepted).toBeLessThan(40)
})
