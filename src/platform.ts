/**
 * The one port between the gateway and its runtime: all in which Node and Cloudflare Workers differ.
 * Adapters live in `src/runtimes/`; nothing else may import `node:*` or Workers bindings.
 */

/** A body that is read once, chunk by chunk. */
export interface Body {
  /**
   * The next chunk, or undefined at the end. The chunk is valid only until the next call: its
   * buffer is reused, so copy what must be kept. Rejects when the peer is gone.
   */
  read(): Promise<Uint8Array | undefined>
  /** Gives up and tells the sending side; safe to call at any time, more than once. */
  cancel(reason?: unknown): Promise<void>
  /** What is left as a native stream, to pass on untouched; `read` must not be called afterwards. */
  stream(): ReadableStream<Uint8Array>
}

/** A body that leaves: pulled with backpressure, never collected. */
export interface OutgoingBody {
  /** Bytes in all, sent as Content-Length; undefined means chunked transfer coding. */
  readonly length: number | undefined
  /** The next chunk, or undefined at the end; a rejection aborts the request before its last byte. */
  read(): Promise<Uint8Array | undefined>
  /** Called when the other side stops early. */
  cancel(reason?: unknown): Promise<void>
}

export interface OutgoingRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body?: Uint8Array | OutgoingBody
  readonly signal?: AbortSignal
  /** Milliseconds without a byte in either direction before the request is given up. */
  readonly idleTimeoutMs: number
  /**
   * Addresses the connection may use, already checked by the caller (SSRF guard). Ignored where
   * the runtime cannot pin an address (Workers).
   */
  readonly addresses?: readonly string[]
  /** True where a reset on a reused idle connection may be retried once: idempotent requests only. */
  readonly idempotent?: boolean
}

/** A request that certainly never left: there was no connection. */
export class NotSent extends Error {
  override name = 'NotSent' as const
}

export interface IncomingResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** Digests of short texts, made at once. */
export interface ShortDigests {
  sha256(bytes: Uint8Array): Uint8Array
  /** HMAC-SHA-256 under raw key bytes. */
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array
}

/** A running digest over a stream. */
export interface StreamHash {
  update(chunk: Uint8Array): void | Promise<void>
  digest(): Promise<Uint8Array>
}

export interface BytePrimitives {
  /** Position of the first `"` (0x22) in `chunk` at or after `from`, or -1. */
  indexOfQuote(chunk: Uint8Array, from: number): number
  /** Position of the first `\` (0x5c) in `chunk` at or after `from`, or -1. */
  indexOfBackslash(chunk: Uint8Array, from: number): number
  /** Position of the first `needle`, of at least one byte, in `chunk` at or after `from`, or -1. */
  indexOf(chunk: Uint8Array, needle: Uint8Array, from: number): number
  /**
   * Decodes `chunk[from, to)`, base64 text of either alphabet without padding, white space or
   * escapes, its length a multiple of 4, into `target` at `at`. Returns the bytes written, or -1
   * when a character is foreign (then `target` beyond `at` is undefined).
   */
  decodeBase64(chunk: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number
  /**
   * Encodes `chunk[from, to)`, its length a multiple of 3, as base64 into `target` at `at`, where
   * there is room for a third more.
   */
  encodeBase64(chunk: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void
  /**
   * Copies the beginning of `chunk[from, to)` with every `\/` as `/`, up to any other backslash or as
   * far as there is room: `read` bytes make up `text`, which is valid until the next call. Absent
   * where the platform has no fast way.
   */
  unescapeSlashes?(chunk: Uint8Array, from: number, to: number): Unescaped
}

/** See `BytePrimitives.unescapeSlashes`. */
export interface Unescaped {
  readonly text: Uint8Array
  readonly read: number
}

export interface Platform {
  readonly name: 'node' | 'workers'
  readonly bytes: BytePrimitives
  /**
   * Sends one request. Follows no redirect, decodes no content coding, resolves when the response's
   * headers are there (also while the body is still leaving). Rejects on connection faults, with
   * `NotSent` where it is certain that nothing left.
   */
  send(request: OutgoingRequest): Promise<IncomingResponse>
  /**
   * Undoes one content coding (RFC 9110 §8.4.1) chunk by chunk; undefined where the runtime cannot.
   * `of` tells whose body it is: Workers undo some codings of answers by themselves.
   */
  decode?(body: Body, coding: string, of: 'answer' | 'request'): Body | undefined
  /** Turns chunks into a native response stream, pulled with backpressure. */
  toStream(body: OutgoingBody): ReadableStream<Uint8Array>
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds. */
  wait(ms: number): Promise<void>
  /** Lets a task outlive the response; its rejection is logged by the adapter. */
  waitUntil(task: Promise<unknown>): void
  sha256(): StreamHash
  sha512(): StreamHash
  /** For checksums that clients ask for: it proves nothing against malice. */
  sha1(): StreamHash
  /** Where the runtime has them: WebCrypto takes another thread and ten times as long for a line. */
  readonly digests?: ShortDigests
  /** The CRC-32 (IEEE 802.3) of all before `bytes`, carried on over them; where the runtime has it. */
  crc32?(bytes: Uint8Array, before: number): number
  /** All addresses of a host name; rejects when there are none. */
  resolve(hostname: string): Promise<string[]>
  /**
   * Bytes up to which an answer of known length is read whole and sent at once, because a stream
   * costs more; 0 where the runtime passes streams on for nothing.
   */
  readonly holdBytes: number
  /** Whether a request may wait for memory that another request holds (never on Workers). */
  readonly mayWaitForOthers: boolean
}

/** What a flow answers: http/ turns it into a Response. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  /** Bytes, a body to pass on untouched (`Body`), or one made on the way (`OutgoingBody`). */
  readonly body?: Uint8Array | Body | OutgoingBody
}
