import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumHeaders, createChecksum } from '../../src/job-bucket/body/checksum.ts'
import { createCrc32, createCrc32c } from '../../src/job-bucket/body/crc32.ts'
import { createCrc64Nvme } from '../../src/job-bucket/body/crc64.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'

const platform = createNodePlatform({ write: () => {} })
const check = new TextEncoder().encode('123456789')

// Check values of the "Catalogue of parametrised CRC algorithms", and of NIST for SHA-256.
test.for([
  ['CRC-32/ISO-HDLC', createCrc32, 'cbf43926'],
  ['CRC-32/ISCSI', createCrc32c, 'e3069283'],
  ['CRC-64/NVME', createCrc64Nvme, 'ae8b14860a799888'],
] as const)('gives the published check value of %s', ([, create, wanted]) => {
  const crc = create()
  crc.update(check)
  expect(Buffer.from(crc.digest()).toString('hex')).toBe(wanted)
})

test('agrees with zlib on any bytes, however they are cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(500), (bytes, cut) => {
      const crc = createCrc32()
      crc.update(bytes.subarray(0, cut))
      crc.update(bytes.subarray(cut))
      expect(Buffer.from(crc.digest()).readUInt32BE()).toBe(crc32(bytes))
    }),
  )
})

test('gives the same in one piece and byte by byte', async () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 97) & 255)
  for (const header of checksumHeaders) {
    const whole = createChecksum(header, platform)
    const cut = createChecksum(header, platform)
    await whole?.update(bytes)
    for (const byte of bytes) await cut?.update(Uint8Array.of(byte))
    expect(await cut?.finish()).toBe(await whole?.finish())
  }
})

test('is the same CRC-64 in WebAssembly and in JavaScript, at any length and cut', () => {
  const bytes = Uint8Array.from({ length: 150_000 }, (_, i) => (i * 97 + (i >> 7)) & 255)
  fc.assert(
    fc.property(fc.nat(150_000), fc.nat(150_000), fc.nat(9), (length, cut, from) => {
      const digests = [true, false].map((fast) => {
        const crc = createCrc64Nvme({ fast })
        crc.update(bytes.subarray(from, from + Math.min(cut, length)))
        crc.update(bytes.subarray(from + Math.min(cut, length), from + length))
        return crc.digest()
      })
      expect(digests[0]).toEqual(digests[1])
    }),
    { numRuns: 50 },
  )
})

test('is the same with and without a CRC-32 of the runtime', async () => {
  const { crc32: _, ...bare } = platform
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.nat(100), async (bytes, cut) => {
      const [native, own] = [platform, bare].map((one) => createChecksum(checksumHeaders[0], one))
      for (const crc of [native, own]) {
        await crc?.update(bytes.subarray(0, cut))
        await crc?.update(bytes.subarray(cut))
      }
      expect(await native?.finish()).toBe(await own?.finish())
    }),
  )
})

test.for([
  ['x-amz-checksum-sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['x-amz-checksum-sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('gives the published digest as %s', async ([header, wanted]) => {
  const checksum = createChecksum(header, platform)
  await checksum?.update(check)
  expect(await checksum?.finish()).toBe(Buffer.from(wanted, 'hex').toString('base64'))
})

test('knows no checksum that it cannot verify', () => {
  expect(createChecksum('x-amz-checksum-md5', platform)).toBeUndefined()
})
