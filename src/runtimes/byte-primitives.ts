import { Buffer } from 'node:buffer'
import type { BytePrimitives } from '../platform.ts'
import { createUnescapeSlashes } from './slashes.ts'

/** The method of the ES2026 base64 proposal, present in workerd and Node 26. */
interface NativeDecoder {
  setFromBase64(
    text: string,
    options: { alphabet: 'base64' | 'base64url' },
  ): { read: number; written: number }
}

/** Characters decoded at a time; a multiple of 4. */
const PIECE_CHARACTERS = 65_536
/** Bytes encoded at a time; a multiple of 3. */
const PIECE_BYTES = 12_288
/** In random content one character of 32 tells the alphabet. */
const PROBE_CHARACTERS = 512
const PLUS = 0x2b
const SLASH = 0x2f
const MINUS = 0x2d
const UNDERSCORE = 0x5f

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
  const text = source.toString('latin1', from, to)
  // Either takes both alphabets, but the other one slowly. Buffer skips what is foreign to it, so
  // that fewer bytes come out.
  const alphabet = isUrlSafe(source, from, to) ? 'base64url' : 'base64'
  return target.write(text, at, expected, alphabet) === expected
})

function encodeWithBuffer(
  chunk: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): void {
  const source = view(chunk)
  const place = view(target)
  let written = at
  for (let piece = from; piece < to; piece += PIECE_BYTES) {
    const text = source.toString('base64', piece, Math.min(to, piece + PIECE_BYTES))
    written += place.write(text, written, 'latin1')
  }
}

/** Guesses from the first character that tells the alphabets apart, in the piece's beginning. */
function isUrlSafe(source: Buffer, from: number, to: number): boolean {
  const end = Math.min(to, from + PROBE_CHARACTERS)
  for (let at = from; at < end; at++) {
    const byte = source[at]
    if (byte === PLUS || byte === SLASH) return false
    if (byte === MINUS || byte === UNDERSCORE) return true
  }
  return false
}

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
  /** `slashesModule`, compiled: without it there is no `unescapeSlashes`. */
  readonly slashes?: WebAssembly.Module
}

/** Byte search and base64 at native speed, on Node and, with nodejs_compat, on workerd. */
export function createBytePrimitives(options: BytePrimitivesOptions = {}): BytePrimitives {
  const { slashes } = options
  const decoder = options.decoder ?? (hasNativeDecoder(Buffer.prototype) ? 'native' : 'buffer')
  return {
    // A string, not a byte: workerd searches a byte with V8's scalar loop, a string with memchr.
    indexOfQuote: (chunk, from) => view(chunk).indexOf('"', from),
    indexOfBackslash: (chunk, from) => view(chunk).indexOf('\\', from),
    indexOf: (chunk, needle, from) => view(chunk).indexOf(needle, from),
    encodeBase64: encodeWithBuffer,
    decodeBase64: decoder === 'native' ? decodeNatively : decodeWithBuffer,
    ...(slashes === undefined ? {} : { unescapeSlashes: createUnescapeSlashes(slashes) }),
  }
}
