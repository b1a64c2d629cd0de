import { Buffer } from 'node:buffer'
import type { BytePrimitives } from '../platform.ts'

/** The method of the ES2026 base64 proposal, present in workerd and Node 26. */
interface NativeDecoder {
  setFromBase64(
    text: string,
    options: { alphabet: 'base64' | 'base64url' },
  ): { read: number; written: number }
}

/** Characters decoded at a time; a multiple of 4. */
const PIECE_CHARACTERS = 65_536

/** Whether `bytes` can decode base64 by itself. */
export function hasNativeDecoder(bytes: object): bytes is NativeDecoder {
  return 'setFromBase64' in bytes && typeof bytes.setFromBase64 === 'function'
}

function view(chunk: Uint8Array): Buffer {
  return chunk instanceof Buffer
    ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

type Decode = (source: Buffer, from: number, to: number, target: Buffer, at: number) => boolean

/** Decodes piece by piece: V8 makes short strings much faster than long ones. */
function inPieces(decode: Decode): BytePrimitives['decodeBase64'] {
  return (chunk, from, to, target, at) => {
    const source = view(chunk)
    const place = view(target)
    let written = 0
    for (let piece = from; piece < to; piece += PIECE_CHARACTERS) {
      const end = Math.min(to, piece + PIECE_CHARACTERS)
      if (!decode(source, piece, end, place, at + written)) return -1
      written += bytesOf(end - piece)
    }
    return written
  }
}

const decodeNatively = inPieces((source, from, to, target, at) => {
  const text = source.toString('latin1', from, to)
  const place: object = target.subarray(at, at + bytesOf(to - from))
  if (!hasNativeDecoder(place)) throw new TypeError('setFromBase64 is missing')
  const expected = bytesOf(to - from)
  return (
    decodesStrictly(place, text, 'base64', expected) ||
    decodesStrictly(place, text, 'base64url', expected) ||
    decodesStrictly(place, text.replaceAll('-', '+').replaceAll('_', '/'), 'base64', expected)
  )
})

const decodeWithBuffer = inPieces((source, from, to, target, at) => {
  const expected = bytesOf(to - from)
  // Buffer skips what is foreign to it, so that fewer bytes come out.
  return target.write(source.toString('latin1', from, to), at, expected, 'base64') === expected
})

function bytesOf(characters: number): number {
  return (characters / 4) * 3
}

/** White space and padding, which the method takes, make what it writes shorter. */
function decodesStrictly(
  place: NativeDecoder,
  text: string,
  alphabet: 'base64' | 'base64url',
  expected: number,
): boolean {
  try {
    return place.setFromBase64(text, { alphabet }).written === expected
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

export interface BytePrimitivesOptions {
  /** `native` is `Uint8Array.prototype.setFromBase64`; default: native where it exists. */
  readonly decoder?: 'native' | 'buffer'
}

/** Byte search and base64 decoding at native speed, on Node and, with nodejs_compat, on workerd. */
export function createBytePrimitives(options: BytePrimitivesOptions = {}): BytePrimitives {
  const decoder = options.decoder ?? (hasNativeDecoder(Buffer.prototype) ? 'native' : 'buffer')
  return {
    // A string, not a byte: workerd searches a byte with V8's scalar loop, a string with memchr.
    indexOfQuote: (chunk, from) => view(chunk).indexOf('"', from),
    indexOfBackslash: (chunk, from) => view(chunk).indexOf('\\', from),
    decodeBase64: decoder === 'native' ? decodeNatively : decodeWithBuffer,
  }
}
