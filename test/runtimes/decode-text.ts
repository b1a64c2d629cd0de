import type { BytePrimitives } from '../../src/platform.ts'

/** Decodes Latin-1 text in the middle of a chunk: hex, or null for -1. Throws on stray writes. */
export function decodeText(bytes: BytePrimitives, text: string): string | null {
  const expected = (text.length / 4) * 3
  const target = new Uint8Array(expected + 5).fill(0xee)
  const chunk = Buffer.from(`"${text}AAAA`, 'latin1')
  const written = bytes.decodeBase64(chunk, 1, 1 + text.length, target, 2)
  if (written === -1) return null
  const around = [...target.subarray(0, 2), ...target.subarray(2 + written)]
  if (written !== expected || around.some((byte) => byte !== 0xee)) {
    throw new Error(`${written} bytes written, ${expected} expected, around them ${around}`)
  }
  return Buffer.from(target.subarray(2, 2 + written)).toString('hex')
}
