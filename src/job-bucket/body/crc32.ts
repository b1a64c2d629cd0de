import type { Crc } from './checksum.ts'

/** Tables for slicing by eight: entry k * 256 + b is byte b followed by k zero bytes. */
function tabulate(polynomial: number): Uint32Array {
  const table = new Uint32Array(2048)
  for (let b = 0; b < 256; b++) {
    let crc = b
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    table[b] = crc
  }
  for (let i = 256; i < 2048; i++) {
    const before = table[i - 256] ?? 0
    table[i] = (before >>> 8) ^ (table[before & 255] ?? 0)
  }
  return table
}

const ieee = tabulate(0xedb88320)
const castagnoli = tabulate(0x82f63b78)

/** A reflected CRC of 32 bits, its tables given. */
class Crc32 implements Crc {
  readonly #table: Uint32Array
  #crc = 0xffffffff

  constructor(table: Uint32Array) {
    this.#table = table
  }

  update(bytes: Uint8Array): void {
    const t = this.#table
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let crc = this.#crc
    let at = 0
    for (; at + 8 <= bytes.length; at += 8) {
      const low = crc ^ view.getUint32(at, true)
      const high = view.getUint32(at + 4, true)
      crc =
        (t[1792 + (low & 255)] ?? 0) ^
        (t[1536 + ((low >>> 8) & 255)] ?? 0) ^
        (t[1280 + ((low >>> 16) & 255)] ?? 0) ^
        (t[1024 + (low >>> 24)] ?? 0) ^
        (t[768 + (high & 255)] ?? 0) ^
        (t[512 + ((high >>> 8) & 255)] ?? 0) ^
        (t[256 + ((high >>> 16) & 255)] ?? 0) ^
        (t[high >>> 24] ?? 0)
    }
    for (; at < bytes.length; at++) {
      crc = (crc >>> 8) ^ (t[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0)
    }
    this.#crc = crc
  }

  digest(): Uint8Array {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setUint32(0, ~this.#crc)
    return bytes
  }
}

/** CRC-32 of IEEE 802.3, as in zlib. */
export function createCrc32(): Crc {
  return new Crc32(ieee)
}

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function createCrc32c(): Crc {
  return new Crc32(castagnoli)
}
