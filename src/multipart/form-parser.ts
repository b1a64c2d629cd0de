import { GatewayError } from '../errors.ts'
import type { BytePrimitives } from '../platform.ts'
import { type FormLimits, overLimit } from './form-limits.ts'
import { type PartHeaders, readPartHeaders } from './part-headers.ts'

// multipart/form-data by RFC 7578 and RFC 2046 §5.1, lines ended by CRLF alone. Before the first
// boundary, behind the last one and behind any on its line, as much is passed over as a part may
// have headers. A line that only begins with the boundary is refused, for readers differ about it.

/** One part of a form. */
export interface FormPart extends PartHeaders {
  /** Counted from 0 in the order of arrival. */
  readonly index: number
  /** Offset of its headers in the body. */
  readonly offset: number
}

export type FormEvent =
  /** The chunk is used up: push the next one or end. */
  | { readonly kind: 'more' }
  | { readonly kind: 'part'; readonly part: FormPart }
  /** Content of the part, valid until the next push. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'part-end'; readonly part: FormPart }

export interface FormParserOptions {
  /** As `readBoundary` gives it. */
  readonly boundary: string
  readonly bytes: Pick<BytePrimitives, 'indexOf'>
  readonly limits: FormLimits
}

type State = 'preamble' | 'boundary-line' | 'headers' | 'content' | 'epilogue'

const MORE: FormEvent = { kind: 'more' }
const NOTHING = new Uint8Array(0)
const FIRST_HEADER_BYTES = 256
const LF = 0x0a
const CR = 0x0d
const DASH = 0x2d
const encoder = new TextEncoder()

/**
 * Walks one form and hands out its parts as they arrive, their content as views of the chunks.
 * Pulled: `push` a chunk, `step` until it says `more`. Every method may throw a GatewayError that
 * names the byte at fault (`invalid_form`, or `body_too_large` with the limit's name); the parser is
 * of no use afterwards.
 */
export class FormParser {
  readonly #options: FormParserOptions
  readonly #delimiter: Uint8Array
  #state: State = 'preamble'
  #chunk: Uint8Array = NOTHING
  #at = 0
  /** Offset of the chunk in the body. */
  #base = 0
  /** Bytes of the delimiter at the end of what was read; a body begins as if behind a line's end. */
  #matched = 2
  /** How many of these are of the line before and no content. */
  #borrowed = 2
  /** Where the delimiter is known to begin in the chunk, or -1. */
  #found = -1
  /** Bytes of the current preamble, line, headers, content or epilogue. */
  #length = 0
  #line = ''
  #headers: Uint8Array = NOTHING
  #lineStart = 0
  #headersAt = 0
  #parts = 0
  #part: FormPart | undefined

  constructor(options: FormParserOptions) {
    this.#options = options
    this.#delimiter = encoder.encode(`\r\n--${options.boundary}`)
  }

  /** Gives the next chunk; it must not change until `step` says `more`. */
  push(chunk: Uint8Array): void {
    if (this.#at < this.#chunk.length) throw new Error('push before step said more')
    this.#chunk = chunk
    this.#found = -1
  }

  /** Goes on to the next event. */
  step(): FormEvent {
    while (this.#at < this.#chunk.length) {
      const event = this.#next()
      if (event !== undefined) return event
    }
    // The chunk may be gone when the next one comes.
    this.#base += this.#chunk.length
    this.#chunk = NOTHING
    this.#at = 0
    return MORE
  }

  /** Ends the form. Throws when it is not complete. */
  end(): void {
    if (this.#state === 'epilogue') return
    throw this.#fault(
      this.#state === 'preamble'
        ? 'Cannot find the boundary that Content-Type names'
        : 'Cannot find the final boundary of the form',
    )
  }

  #next(): FormEvent | undefined {
    switch (this.#state) {
      case 'preamble':
      case 'content':
        return this.#search()
      case 'boundary-line':
        this.#readBoundaryLine()
        return undefined
      case 'headers':
        return this.#readHeaders()
      case 'epilogue':
        this.#skip(this.#chunk.length - this.#at)
        this.#at = this.#chunk.length
        return undefined
    }
  }

  #search(): FormEvent | undefined {
    if (this.#matched > 0) return this.#resume()
    const { bytes } = this.#options
    const delimiter = this.#delimiter
    const chunk = this.#chunk
    const from = this.#at
    if (this.#found < from) this.#found = bytes.indexOf(chunk, delimiter, from)
    if (this.#found === from) {
      this.#at += delimiter.length
      return this.#endContent()
    }
    if (this.#found > 0) {
      this.#at = this.#found
      return this.#content(chunk.subarray(from, this.#found))
    }
    const tail = this.#findTail(from)
    this.#matched = chunk.length - tail
    this.#borrowed = 0
    this.#at = chunk.length
    return tail === from ? undefined : this.#content(chunk.subarray(from, tail))
  }

  /** Where the longest beginning of the delimiter starts with which the chunk ends. */
  #findTail(from: number): number {
    const chunk = this.#chunk
    const delimiter = this.#delimiter
    const start = Math.max(from, chunk.length - delimiter.length + 1)
    // It has one CR only, so none of its beginnings lies in another.
    let tail = chunk.length - 1
    while (tail >= start && chunk[tail] !== CR) tail--
    if (tail < start) return chunk.length
    for (let at = tail + 1; at < chunk.length; at++) {
      if (chunk[at] !== delimiter[at - tail]) return chunk.length
    }
    return tail
  }

  /** Goes on with a delimiter that began in an earlier chunk. */
  #resume(): FormEvent | undefined {
    const delimiter = this.#delimiter
    while (this.#matched < delimiter.length) {
      if (this.#at === this.#chunk.length) return undefined
      if (this.#chunk[this.#at] !== delimiter[this.#matched]) {
        const held = delimiter.subarray(this.#borrowed, this.#matched)
        this.#matched = 0
        return held.length === 0 ? undefined : this.#content(held)
      }
      this.#at++
      this.#matched++
    }
    return this.#endContent()
  }

  #content(bytes: Uint8Array): FormEvent | undefined {
    if (this.#state === 'preamble') {
      this.#skip(bytes.length)
      return undefined
    }
    this.#length += bytes.length
    const { payloadBytes } = this.#options.limits
    if (this.#length > payloadBytes) throw this.#over('payloadBytes', this.#length)
    return { kind: 'bytes', bytes }
  }

  #endContent(): FormEvent | undefined {
    const part = this.#part
    this.#part = undefined
    this.#matched = 0
    this.#line = ''
    this.#begin('boundary-line')
    return part === undefined ? undefined : { kind: 'part-end', part }
  }

  #readBoundaryLine(): void {
    const byte = this.#chunk[this.#at] ?? 0
    if (this.#line === '\r' && byte === LF) {
      this.#at++
      this.#lineStart = 0
      this.#headersAt = this.#base + this.#at
      this.#begin('headers')
    } else if (this.#line === '-' && byte === DASH) {
      this.#at++
      this.#begin('epilogue')
    } else if (this.#line === '' && (byte === 0x20 || byte === 0x09)) {
      this.#skip(1)
      this.#at++
    } else if (this.#line === '' && (byte === CR || (byte === DASH && this.#length === 0))) {
      this.#line = byte === CR ? '\r' : '-'
      this.#at++
    } else {
      throw this.#fault('End the line of a boundary behind the boundary')
    }
  }

  #readHeaders(): FormEvent | undefined {
    const chunk = this.#chunk
    const lineEnd = chunk.indexOf(LF, this.#at)
    const to = lineEnd < 0 ? chunk.length : lineEnd + 1
    this.#keepHeaders(chunk.subarray(this.#at, to))
    this.#at = to
    if (lineEnd < 0) return undefined
    const line = this.#headers.subarray(this.#lineStart, this.#length)
    this.#lineStart = this.#length
    if (line[line.length - 2] !== CR) throw this.#fault('End every line of a part with CR and LF')
    if (line.length > 2) return undefined
    const headers = readPartHeaders(this.#headers.subarray(0, this.#length - 2))
    if (typeof headers === 'string') throw this.#fault(headers, this.#headersAt)
    return this.#beginPart(headers)
  }

  #keepHeaders(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    const { formHeaderBytes } = this.#options.limits
    if (length > formHeaderBytes) throw this.#over('formHeaderBytes', length)
    if (length > this.#headers.length) {
      const grown = new Uint8Array(Math.max(length, this.#headers.length * 2, FIRST_HEADER_BYTES))
      grown.set(this.#headers.subarray(0, this.#length))
      this.#headers = grown
    }
    this.#headers.set(bytes, this.#length)
    this.#length = length
  }

  #beginPart(headers: PartHeaders): FormEvent {
    const { formParts, formNameBytes } = this.#options.limits
    for (const name of [headers.name, headers.filename ?? '']) {
      const length = encoder.encode(name).length
      if (length > formNameBytes) throw this.#over('formNameBytes', length)
    }
    if (this.#parts === formParts) throw this.#over('formParts', formParts + 1)
    this.#part = { index: this.#parts++, offset: this.#headersAt, ...headers }
    // A part may have no body at all: then the empty line's end is the boundary's (RFC 2046 §5.1.1).
    this.#matched = 2
    this.#borrowed = 2
    this.#begin('content')
    return { kind: 'part', part: this.#part }
  }

  #begin(state: State): void {
    this.#state = state
    this.#length = 0
  }

  /** Counts bytes that mean nothing. */
  #skip(bytes: number): void {
    this.#length += bytes
    if (this.#length <= this.#options.limits.formHeaderBytes) return
    throw this.#fault(
      this.#state === 'preamble'
        ? 'Cannot find the boundary that Content-Type names'
        : 'Send nothing behind the boundaries of the form',
    )
  }

  #fault(detail: string, offset: number = this.#base + this.#at): GatewayError {
    return new GatewayError('invalid_form', detail, { offset })
  }

  #over(name: keyof FormLimits, actual: number): GatewayError {
    const offset = this.#base + this.#at
    return overLimit(name, { limit: this.#options.limits[name], actual, offset })
  }
}
