import type { Platform, StreamHash } from '../../platform.ts'
import { encodeBase64 } from '../../sigv4/encode.ts'
import { createCrc32, createCrc32c } from './crc32.ts'
import { createCrc64Nvme } from './crc64.ts'

/** A running checksum; `finish` gives it as S3 writes it: base64 of the big-endian bytes. */
export interface Checksum {
  update(bytes: Uint8Array): void | Promise<void>
  finish(): Promise<string>
}

/** Headers of the checksums that can be verified. */
export const checksumHeaders = [
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
] as const

/** Checksums by the header (or trailer) that carries them. */
export function createChecksum(header: string, platform: Platform): Checksum | undefined {
  if (header === 'x-amz-checksum-crc32') return ofCrc(nativeCrc32(platform) ?? createCrc32())
  if (header === 'x-amz-checksum-crc32c') return ofCrc(createCrc32c())
  if (header === 'x-amz-checksum-crc64nvme') return ofCrc(createCrc64Nvme())
  if (header === 'x-amz-checksum-sha1') return ofHash(platform.sha1())
  if (header === 'x-amz-checksum-sha256') return ofHash(platform.sha256())
  return undefined
}

/** A running CRC; `digest` gives it big-endian. */
export interface Crc {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

function ofCrc(crc: Crc): Checksum {
  return {
    update: (bytes) => crc.update(bytes),
    finish: async () => encodeBase64(crc.digest()),
  }
}

function ofHash(hash: StreamHash): Checksum {
  return {
    update: (bytes) => hash.update(bytes),
    finish: async () => encodeBase64(await hash.digest()),
  }
}

function nativeCrc32({ crc32 }: Platform): Crc | undefined {
  if (crc32 === undefined) return undefined
  let crc = 0
  return {
    update(bytes) {
      crc = crc32(bytes, crc)
    },
    digest() {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, crc)
      return bytes
    },
  }
}
