import { crc32 } from 'node:zlib'
import { createCrc64Nvme } from '../../src/job-bucket/body/crc64.ts'

/** How a PUT carries its bytes; the chunked ones are `aws-chunked` with a checksum as trailer. */
export type Carriage = 'plain' | 'crc32' | 'crc64nvme'

/** Bytes of payload in one aws-chunked frame, as the SDK for JavaScript makes them of a file. */
const frameBytes = 65_536
const frameHead = Buffer.from(`${frameBytes.toString(16)}\r\n`)
const frameEnd = Buffer.from('\r\n')

/** Payload that is no text and no zeros, with a period that no buffer size divides. */
const pattern = Buffer.alloc(frameBytes * 16)
for (let at = 0; at < pattern.length; at++) pattern[at] = (at * 31 + (at >> 8) * 7) & 255

/** Sends go out four frames at a time, made once: a load client must be cheap. */
const framed = Buffer.concat(
  [0, 1, 2, 3].flatMap((at) => [
    frameHead,
    pattern.subarray(at * frameBytes, (at + 1) * frameBytes),
    frameEnd,
  ]),
)
const plain = pattern.subarray(0, 4 * frameBytes)

/** Payload bytes of one piece: sizes are multiples of it. */
export const pieceBytes: number = plain.length

/** The pieces of a body of `bytes` payload bytes, and what comes after them. */
export function pieceOf(carriage: Carriage): Buffer {
  return carriage === 'plain' ? plain : framed
}

/** Bytes on the wire. */
export function wireBytes(carriage: Carriage, bytes: number, checksum: string): number {
  return (bytes / pieceBytes) * pieceOf(carriage).length + endOf(carriage, checksum).length
}

/** The last chunk and the trailer; nothing where the body is plain. */
export function endOf(carriage: Carriage, checksum: string): Buffer {
  const text = carriage === 'plain' ? '' : `0\r\nx-amz-checksum-${carriage}:${checksum}\r\n\r\n`
  return Buffer.from(text)
}

/** The checksum of such a payload as S3 writes it; empty where none is sent. */
export function checksumOf(carriage: Carriage, bytes: number): string {
  if (carriage === 'plain') return ''
  const digest = Buffer.alloc(4)
  if (carriage === 'crc32') {
    let crc = 0
    for (let at = 0; at < bytes; at += pieceBytes) crc = crc32(plain, crc)
    digest.writeUInt32BE(crc)
    return digest.toString('base64')
  }
  const crc = createCrc64Nvme()
  for (let at = 0; at < bytes; at += pieceBytes) crc.update(plain)
  return Buffer.from(crc.digest()).toString('base64')
}
