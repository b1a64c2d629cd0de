import { Refusal } from './refusal.ts'

/** A body in `aws-chunked` coding, as far as it goes. */
export interface Unchunked {
  readonly content: readonly number[]
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** Whether the empty line at the end is there. */
  readonly done: boolean
  /** What is wrong with it, if anything, behind `content`. */
  readonly refusal: Refusal | undefined
}

/**
 * Reads a whole body of chunks `hex-size[;extension] CRLF data CRLF`, a chunk of size 0, trailers
 * `name:value CRLF` and an empty line. Lines have 1,024 bytes with their CR at most, a size 13
 * digits, a body 16 trailers, white space around names and values does not count.
 */
export function readAwsChunked(body: Uint8Array): Unchunked {
  const text = Array.from(body, (byte) => String.fromCharCode(byte)).join('')
  const content: number[] = []
  const trailers: (readonly [string, string])[] = []
  let at = 0
  const malformed = new Refusal('InvalidRequest')
  const as = (done: boolean, refusal?: Refusal): Unchunked => ({ content, trailers, done, refusal })
  const nextLine = (): string | undefined => {
    const end = text.indexOf('\n', at)
    const line = text.slice(at, end < 0 ? text.length : end)
    if (line.length > 1024 || (end >= 0 && !line.endsWith('\r'))) throw malformed
    if (end < 0) return undefined
    at = end + 1
    return line.slice(0, -1)
  }
  try {
    for (;;) {
      const line = nextLine()
      if (line === undefined) return as(false)
      const [digits = '', ...extensions] = line.split(';')
      if (digits.length > 13 || !/^[0-9a-fA-F]+$/.test(digits)) throw malformed
      if (extensions.join(';').includes('\r')) throw malformed
      const size = Number(`0x${digits}`)
      if (size === 0) break
      content.push(...body.subarray(at, at + size))
      if (body.length - at < size) return as(false)
      at += size
      const empty = nextLine()
      if (empty === undefined) return as(false)
      if (empty !== '') throw malformed
    }
    for (;;) {
      const line = nextLine()
      if (line === undefined) return as(false)
      if (line === '') break
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
      const again = trailers.some(([other]) => other === name)
      if (name === '' || again || trailers.length === 16) throw new Refusal('MalformedTrailerError')
      trailers.push([name, line.slice(colon + 1).trim()])
    }
    if (at < text.length) throw malformed
    return as(true)
  } catch (error) {
    if (error instanceof Refusal) return as(false, error)
    throw error
  }
}
