import type { Crc } from './checksum.ts'
import { createCrc64Loop } from './crc64-loop.ts'

// 64 bits in two halves, for BigInt is many times slower. Reflected polynomial 0x9a6c9329ac4bc9b5;
// slicing by eight: entry k * 256 + b is byte b followed by k zero bytes.
const low = new Uint32Array(2048)
const high = new Uint32Array(2048)
for (let b = 0; b < 256; b++) {
  let l = b
  let h = 0
  for (let i = 0; i < 8; i++) {
    const isOdd = (l & 1) === 1
    l = (l >>> 1) | (h << 31)
    h >>>= 1
    if (isOdd) {
      l ^= 0xac4bc9b5
      h ^= 0x9a6c9329
    }
  }
  low[b] = l
  high[b] = h
}
for (let i = 256; i < 2048; i++) {
  const l = low[i - 256] ?? 0
  const h = high[i - 256] ?? 0
  low[i] = ((l >>> 8) | (h << 24)) ^ (low[l & 255] ?? 0)
  high[i] = (h >>> 8) ^ (high[l & 255] ?? 0)
}

const loop = createCrc64Loop(
  BigUint64Array.from(low, (l, i) => (BigInt(high[i] ?? 0) << 32n) | BigInt(l)),
)
/** Shorter runs are not worth the way into WebAssembly. */
const loopMinBytes = 1024

/** CRC-64/NVME (NVM Express), the default of newer AWS SDKs; `fast` false keeps to JavaScript. */
export function createCrc64Nvme({ fast = true }: { readonly fast?: boolean } = {}): Crc {
  let l = 0xffffffff
  let h = 0xffffffff

  function update(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    if (fast && loop !== undefined && bytes.length >= loopMinBytes) {
      at = bytes.length & ~7
      const before = (BigInt(h >>> 0) << 32n) | BigInt(l >>> 0)
      const crc = loop.run(before, bytes.subarray(0, at))
      l = Number(crc & 0xffffffffn)
      h = Number(crc >> 32n)
    }
    for (; at + 8 <= bytes.length; at += 8) {
      const x = l ^ view.getUint32(at, true)
      const y = h ^ view.getUint32(at + 4, true)
      const a = 1792 + (x & 255)
      const b = 1536 + ((x >>> 8) & 255)
      const c = 1280 + ((x >>> 16) & 255)
      const d = 1024 + (x >>> 24)
      const e = 768 + (y & 255)
      const f = 512 + ((y >>> 8) & 255)
      const g = 256 + ((y >>> 16) & 255)
      const k = y >>> 24
      l =
        (low[a] ?? 0) ^
        (low[b] ?? 0) ^
        (low[c] ?? 0) ^
        (low[d] ?? 0) ^
        (low[e] ?? 0) ^
        (low[f] ?? 0) ^
        (low[g] ?? 0) ^
        (low[k] ?? 0)
      h =
        (high[a] ?? 0) ^
        (high[b] ?? 0) ^
        (high[c] ?? 0) ^
        (high[d] ?? 0) ^
        (high[e] ?? 0) ^
        (high[f] ?? 0) ^
        (high[g] ?? 0) ^
        (high[k] ?? 0)
    }
    for (; at < bytes.length; at++) {
      const index = (l ^ (bytes[at] ?? 0)) & 255
      l = ((l >>> 8) | (h << 24)) ^ (low[index] ?? 0)
      h = (h >>> 8) ^ (high[index] ?? 0)
    }
  }

  function digest(): Uint8Array {
    const bytes = new Uint8Array(8)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, ~h)
    view.setUint32(4, ~l)
    return bytes
  }

  return { update, digest }
}
