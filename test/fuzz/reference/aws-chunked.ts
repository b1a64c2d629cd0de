import { Refusal } from './refusal.ts'

/** A body in `aws-chunked` coding, as far as it goes. */
export interface Unchunked {
  readonly content: readonly number[]
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** The end of each signed chunk in `content`, and its signature. */
  readonly ends: readonly (readonly [at: number, signature: string])[]
  /** Whether the empty line at the end is there. */
  readonly done: boolean
  /** What is wrong with it, if anything, behind `content`. */
  readonly refusal: Refusal | undefined
}

/**
 * Reads a whole body of chunks `hex-size[;extension] CRLF data CRLF`, a chunk of size 0, trailers
 * `name:value [CR]LF` and an empty line, which may be there twice. Lines have 1,024 bytes with their
 * CR at most, a size 13 digits, a body 16 trailers, white space around names and values does not
 * count. A signed chunk's one extension is `chunk-signature=` and 64 digits; signed trailers end with
 * `x-amz-trailer-signature`, and the second empty line may then stand before it instead.
 */
export function readAwsChunked(
  body: Uint8Array,
  signed: 'nothing' | 'chunks' | 'chunks and trailers',
): Unchunked {
  const text = Array.from(body, (byte) => String.fromCharCode(byte)).join('')
  const content: number[] = []
  const trailers: (readonly [string, string])[] = []
  let at = 0
  const malformed = new Refusal('InvalidRequest')
  const ends: (readonly [number, string])[] = []
  const as = (done: boolean, refusal?: Refusal): Unchunked => ({
    content,
    trailers,
    ends,
    done,
    refusal,
  })
  const nextLine = (isTrailer = false): string | undefined => {
    const end = text.indexOf('\n', at)
    const line = text.slice(at, end < 0 ? text.length : end)
    if (line.length > 1024) throw malformed
    if (end < 0) return undefined
    const isBare = !line.endsWith('\r')
    if (isBare && (!isTrailer || line === '')) throw malformed
    at = end + 1
    return isBare ? line : line.slice(0, -1)
  }
  try {
    for (;;) {
      const line = nextLine()
      if (line === undefined) return as(false)
      const [digits = '', ...extensions] = line.split(';')
      if (digits.length > 13 || !/^[0-9a-fA-F]+$/.test(digits)) throw malformed
      if (extensions.join(';').includes('\r')) throw malformed
      const size = Number(`0x${digits}`)
      const signature = /^chunk-signature=([0-9a-f]{64})$/.exec(extensions.join(';'))?.[1]
      if (signed !== 'nothing' && signature === undefined) throw malformed
      if (size === 0) {
        if (signed !== 'nothing') ends.push([content.length, signature ?? ''])
        break
      }
      content.push(...body.subarray(at, at + size))
      if (body.length - at < size) return as(false)
      at += size
      if (signed !== 'nothing') ends.push([content.length, signature ?? ''])
      const empty = nextLine()
      if (empty === undefined) return as(false)
      if (empty !== '') throw malformed
    }
    let empty = 0
    for (;;) {
      const line = nextLine(true)
      if (line === undefined) return as(false)
      const isSigned = trailers.some(([name]) => name === 'x-amz-trailer-signature')
      if (line === '') {
        empty++
        if (signed !== 'chunks and trailers' || isSigned) break
        if (empty === 2) throw new Refusal('MalformedTrailerError')
        continue
      }
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
      const again = trailers.some(([other]) => other === name)
      if (name === '' || again || isSigned || trailers.length === 16) {
        throw new Refusal('MalformedTrailerError')
      }
      trailers.push([name, line.slice(colon + 1).trim()])
    }
    const rest = text.slice(at)
    if (empty === 2 ? rest !== '' : !'\r\n'.startsWith(rest)) throw malformed
    return as(rest !== '\r')
  } catch (error) {
    if (error instanceof Refusal) return as(false, error)
    throw error
  }
}
