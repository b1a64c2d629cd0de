import { S3Error } from '../s3-error.ts'

// Imitates the streaming forms of "SigV4: transferring payload in multiple chunks": chunks of
// `hex[;extension]\r\n data \r\n`, a last chunk of size 0, trailers, an empty line. Signed chunks say
// `;chunk-signature=` and nothing else; whether a signature is right is not decided here. minio-go
// ends trailers with a lone LF and has an empty line too many, before the trailers' signature or at
// the end.

const maxLineBytes = 1024
const maxTrailers = 16
const signaturePattern = /^;chunk-signature=([0-9a-f]{64})$/

/** What of a body is signed beside its request: its chunks, its trailers. */
export type ChunkSigning = 'unsigned' | 'chunks' | 'chunks-and-trailers'

/** The trailer that signs the others. */
export const trailerSignature = 'x-amz-trailer-signature'

/** The end of a signed chunk. */
export interface ChunkEnd {
  /** How many of the bytes just decoded belong to it and the chunks before. */
  readonly at: number
  /** What the chunk says its signature is: 64 digits of lower-case hex. */
  readonly signature: string
}

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done'

/**
 * Takes the `aws-chunked` coding off a body. A synchronous machine, indifferent to where the input is
 * cut; decoded bytes are moved together within the input's own memory.
 */
export class AwsChunkedDecoder {
  readonly #signing: ChunkSigning
  #state: State = 'size'
  #line = ''
  #left = 0
  #signature = ''
  #ends: ChunkEnd[] = []
  #hasPad = false
  readonly #trailers = new Map<string, string>()

  constructor(signing: ChunkSigning = 'unsigned') {
    this.#signing = signing
  }

  /** Whether the final empty line has been seen. */
  get isDone(): boolean {
    return this.#state === 'done' && this.#line === ''
  }

  /** Trailers by lower-case name, complete once done. */
  get trailers(): ReadonlyMap<string, string> {
    return this.#trailers
  }

  /** The chunks that ended in what was decoded last, in order; none when they are not signed. */
  get ends(): readonly ChunkEnd[] {
    return this.#ends
  }

  /**
   * The payload bytes in `chunk`, perhaps none, as a view of its memory, which is overwritten.
   * @throws {S3Error} InvalidRequest or MalformedTrailerError
   */
  decode(chunk: Uint8Array): Uint8Array {
    let from = -1
    let to = 0
    let at = 0
    if (this.#ends.length > 0) this.#ends = []
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
        if (this.#left === 0) {
          this.#state = 'data-end'
          this.#endChunk(to - from)
        }
      } else {
        at = this.#takeLine(chunk, at)
        // The last chunk has no bytes: its end is that of its line.
        if (this.#state === 'trailer' && this.#signature !== '') {
          this.#endChunk(from < 0 ? 0 : to - from)
        }
      }
    }
    return from < 0 ? chunk.subarray(0, 0) : chunk.subarray(from, to)
  }

  #endChunk(at: number): void {
    if (this.#signing === 'unsigned') return
    this.#ends.push({ at, signature: this.#signature })
    this.#signature = ''
  }

  #takeLine(chunk: Uint8Array, from: number): number {
    if (this.#state === 'done' && this.#hasPad) throw malformed('bytes after the end')
    const end = chunk.indexOf(0x0a, from)
    const to = end < 0 ? chunk.length : end
    if (this.#line.length + to - from > maxLineBytes) throw malformed('a line is too long')
    this.#line += String.fromCharCode(...chunk.subarray(from, to))
    if (this.#state === 'done' && this.#line !== '\r') throw malformed('bytes after the end')
    if (end < 0) return to
    const isEnded = this.#line.endsWith('\r')
    if (!isEnded && (this.#state !== 'trailer' || this.#line === '')) {
      throw malformed('a line does not end in CRLF')
    }
    const line = isEnded ? this.#line.slice(0, -1) : this.#line
    this.#line = ''
    this.#acceptLine(line)
    return end + 1
  }

  #acceptLine(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw malformed('a chunk is longer than its size')
      this.#state = 'size'
    } else if (this.#state === 'size') {
      this.#acceptSize(line)
    } else if (this.#state === 'done') {
      this.#hasPad = true
    } else if (line === '') {
      this.#acceptEmptyLine()
    } else {
      this.#acceptTrailer(line)
    }
  }

  #acceptSize(line: string): void {
    const [, size, extension = ''] = /^([0-9a-fA-F]{1,13})(;.*)?$/.exec(line) ?? []
    if (size === undefined) throw malformed('a chunk size is not hexadecimal')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
    if (this.#signing === 'unsigned') return
    const signature = signaturePattern.exec(extension)?.[1]
    if (signature === undefined) throw malformed('a chunk is not signed')
    this.#signature = signature
  }

  #acceptEmptyLine(): void {
    if (this.#signing !== 'chunks-and-trailers' || this.#trailers.has(trailerSignature)) {
      this.#state = 'done'
    } else if (this.#hasPad) {
      throw new S3Error('MalformedTrailerError', undefined, 'the trailers are not signed')
    } else {
      this.#hasPad = true
    }
  }

  #acceptTrailer(line: string): void {
    const trailers = this.#trailers
    const at = line.indexOf(':')
    const name = line.slice(0, at).trim().toLowerCase()
    const isFull = trailers.size === maxTrailers || trailers.has(trailerSignature)
    if (at < 1 || name === '' || trailers.has(name) || isFull) {
      throw new S3Error('MalformedTrailerError')
    }
    trailers.set(name, line.slice(at + 1).trim())
  }
}

function malformed(reason: string): S3Error {
  return new S3Error('InvalidRequest', 'The aws-chunked body is not well-formed', reason)
}
