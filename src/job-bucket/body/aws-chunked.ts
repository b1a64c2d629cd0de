import { S3Error } from '../s3-error.ts'

// Imitates the unsigned streaming form of "SigV4: transferring payload in multiple chunks": chunks of
// `hex[;extension]\r\n data \r\n`, a last chunk of size 0, trailers, an empty line. Signed chunks are
// not verified here: their extension would be ignored, so callers must refuse them beforehand.

const maxLineBytes = 1024
const maxTrailers = 16

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done'

/**
 * Takes the `aws-chunked` coding off a body. A synchronous machine, indifferent to where the input is
 * cut; decoded bytes are moved together within the input's own memory.
 */
export class AwsChunkedDecoder {
  #state: State = 'size'
  #line = ''
  #left = 0
  readonly #trailers = new Map<string, string>()

  /** Whether the final empty line has been seen. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** Trailers by lower-case name, complete once done. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers
  }

  /**
   * The payload bytes in `chunk`, perhaps none, as a view of its memory, which is overwritten.
   * @throws {S3Error} InvalidRequest or MalformedTrailerError
   */
  decode(chunk: Uint8Array): Uint8Array {
    let from = -1
    let to = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'data') {
        const end = Math.min(chunk.length, at + this.#left)
        if (from < 0) {
          from = at
          to = end
        } else {
          chunk.copyWithin(to, at, end)
          to += end - at
        }
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#state = 'data-end'
      } else {
        at = this.#takeLine(chunk, at)
      }
    }
    return from < 0 ? chunk.subarray(0, 0) : chunk.subarray(from, to)
  }

  #takeLine(chunk: Uint8Array, from: number): number {
    if (this.#state === 'done') throw malformed('bytes after the end')
    const end = chunk.indexOf(0x0a, from)
    const to = end < 0 ? chunk.length : end
    if (this.#line.length + to - from > maxLineBytes) throw malformed('a line is too long')
    this.#line += String.fromCharCode(...chunk.subarray(from, to))
    if (end < 0) return to
    if (!this.#line.endsWith('\r')) throw malformed('a line does not end in CRLF')
    const line = this.#line.slice(0, -1)
    this.#line = ''
    this.#acceptLine(line)
    return end + 1
  }

  #acceptLine(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw malformed('a chunk is longer than its size')
      this.#state = 'size'
    } else if (this.#state === 'size') {
      const size = /^([0-9a-fA-F]{1,13})(;.*)?$/.exec(line)?.[1]
      if (size === undefined) throw malformed('a chunk size is not hexadecimal')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'data'
    } else if (line === '') {
      this.#state = 'done'
    } else {
      const at = line.indexOf(':')
      const name = line.slice(0, at).trim().toLowerCase()
      if (
        at < 1 ||
        name === '' ||
        this.#trailers.has(name) ||
        this.#trailers.size === maxTrailers
      ) {
        throw new S3Error('MalformedTrailerError')
      }
      this.#trailers.set(name, line.slice(at + 1).trim())
    }
  }
}

function malformed(reason: string): S3Error {
  return new S3Error('InvalidRequest', 'The aws-chunked body is not well-formed', reason)
}
