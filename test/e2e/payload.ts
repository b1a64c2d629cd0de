import { createCipheriv, createHash } from 'node:crypto'

/** `length` bytes that look random and are the same for the same seed. */
export function bytesOf(length: number, seed = 1): Buffer {
  const key = createHash('sha256').update(`${seed}`).digest().subarray(0, 16)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length))
}

/** Lower-case hex SHA-256. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Base64 of `bytesOf`. */
export function base64Of(length: number, seed = 1): string {
  return bytesOf(length, seed).toString('base64')
}

/** Size of the large payloads, in bytes: 20 MB unless BULKWAY_E2E_BYTES says otherwise. */
export const largeBytes = Number(process.env['BULKWAY_E2E_BYTES'] ?? 20_000_000)

/** More than the 6 MiB of one part, so that the payload goes up in several. */
export const multipartBytes = 14_000_000
