import type { Platform } from '../platform.ts'
import type { BufferPool } from './buffer-pool.ts'
import { maxParts, payloadTooLarge } from './part-limit.ts'
import type { ObjectStore, UploadedPart } from './store.ts'
import { retryPassing } from './store-fault.ts'

const tries = 4
const empty = new Uint8Array(0)

/** What a payload is stored as, told by its first bytes. */
export interface ObjectName {
  readonly key: string
  readonly contentType: string
}

/** A payload that is in the store, whole. */
export interface StagedObject extends ObjectName {
  readonly bytes: number
  /** Known where the payload went in one PUT. */
  readonly etag?: string
  /** Lower-case hex; known where the payload is to be named by its content. */
  readonly sha256?: string
}

/** Everything a writer works with; `partBytes` must be a multiple of 3, at most the pool's. */
export interface StagedWriterOptions {
  readonly store: ObjectStore
  readonly pool: BufferPool
  /** Called once, when the first part is full or at the end; `first` is valid until it settles. */
  readonly name: (first: Uint8Array) => ObjectName | Promise<ObjectName>
  readonly partBytes: number
  readonly partsInFlight: number
  readonly platform: Pick<Platform, 'wait' | 'waitUntil'>
  /** Aborted when the caller is gone. */
  readonly signal?: AbortSignal
}

/**
 * Puts one payload into the store while it arrives. The caller loops: fill `room()`, `advance`,
 * and `flush` when the room is empty (it is, at the start); then `finish` or `abort`.
 * Where a method throws, everything of the payload has been removed from the store.
 */
export interface StagedWriter {
  /** Free part of the current buffer, its length a multiple of 3; empty when `flush` is due. */
  room(): Uint8Array
  /** Counts `bytes` written at the start of the room; no multiple of 3 only at the end. */
  advance(bytes: number): void
  /**
   * Sends a full part off and resolves when there is room again: the backpressure.
   * @throws {GatewayError} store_unavailable, busy, body_too_large (10,000 parts)
   */
  flush(): Promise<void>
  /** Writes bytes of any length; not to be mixed with `room`. */
  write(chunk: Uint8Array): Promise<void>
  /** @throws {GatewayError} store_unavailable */
  finish(): Promise<StagedObject>
  /** Removes what is stored, after `finish` too; resolves when it is gone or nothing more helps. */
  abort(reason?: unknown): Promise<void>
}

/** Makes the writer of one payload: one PUT below a part, a multipart upload above. */
export function createStagedWriter(options: StagedWriterOptions): StagedWriter {
  if (options.partBytes % 3 !== 0 || options.partBytes > options.pool.partBytes) {
    throw new TypeError('partBytes must be a multiple of 3 and fit in a buffer of the pool')
  }
  return new Writer(options)
}

interface Upload extends ObjectName {
  readonly uploadId: string
}

class Writer implements StagedWriter {
  readonly #options: StagedWriterOptions
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #inFlight = new Set<Promise<void>>()
  readonly #parts: UploadedPart[] = []
  #buffer: Uint8Array<ArrayBuffer> | undefined
  /** A buffer kept from a part that ended while `flush` waits for one. */
  #spare: Uint8Array<ArrayBuffer> | undefined
  #wantsSpare = false
  #filled = 0
  #sentBytes = 0
  #startedParts = 0
  #opening: Promise<Upload> | undefined
  #named: ObjectName | undefined
  #mayBeStored = false
  #failure: { readonly error: unknown } | undefined
  #finished = false
  #removal: Promise<void> | undefined

  constructor(options: StagedWriterOptions) {
    this.#options = options
    const { signal } = options
    this.#signal =
      signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal])
  }

  room(): Uint8Array {
    if (this.#buffer === undefined) return empty
    const free = this.#options.partBytes - this.#filled
    return this.#buffer.subarray(this.#filled, this.#filled + free - (free % 3))
  }

  advance(bytes: number): void {
    if (this.#filled + bytes > this.#options.partBytes) throw new RangeError('Beyond the room')
    this.#filled += bytes
  }

  async flush(): Promise<void> {
    await this.#orRemove(async () => {
      const buffer = this.#buffer
      if (buffer !== undefined && this.#filled < this.#options.partBytes) {
        if (this.room().length > 0) return
        throw new TypeError('Cannot go on after a write that was no multiple of 3')
      }
      if (buffer !== undefined) await this.#ship(buffer)
      const next = await this.#nextBuffer()
      if (this.#failure !== undefined) this.#options.pool.give(next)
      this.#check()
      this.#buffer = next
      this.#filled = 0
    })
  }

  async write(chunk: Uint8Array): Promise<void> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#buffer === undefined || this.#filled === this.#options.partBytes) await this.flush()
      const head = rest.subarray(0, this.#options.partBytes - this.#filled)
      this.#buffer?.set(head, this.#filled)
      this.advance(head.length)
      rest = rest.subarray(head.length)
    }
  }

  async finish(): Promise<StagedObject> {
    return await this.#orRemove(async () => {
      const staged = await (this.#opening === undefined ? this.#put() : this.#complete())
      this.#finished = true
      return staged
    })
  }

  async abort(reason?: unknown): Promise<void> {
    this.#failure ??= {
      error: reason ?? new DOMException('The payload was given up', 'AbortError'),
    }
    if (this.#removal === undefined) {
      this.#removal = this.#remove()
      // The caller may be gone, and on Workers its work with it.
      this.#options.platform.waitUntil(this.#removal)
    }
    await this.#removal.catch(() => {})
  }

  async #orRemove<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.#check()
      const result = await work()
      this.#check()
      return result
    } catch (error) {
      await this.abort(error)
      throw this.#failure?.error ?? error
    }
  }

  #check(): void {
    if (this.#finished && this.#failure === undefined) return
    if (this.#failure !== undefined) throw this.#failure.error
    this.#signal.throwIfAborted()
  }

  async #ship(buffer: Uint8Array<ArrayBuffer>): Promise<void> {
    while (this.#inFlight.size >= this.#options.partsInFlight) await this.#onePartDone()
    if (this.#startedParts === maxParts) throw payloadTooLarge(this.#options.partBytes)
    const bytes = buffer.subarray(0, this.#filled)
    const partNumber = ++this.#startedParts
    this.#opening ??= this.#open(bytes)
    this.#sentBytes += bytes.length
    this.#buffer = undefined
    const part: Promise<void> = this.#send(partNumber, bytes)
      .catch((error) => {
        this.#failure ??= { error: this.#signal.aborted ? this.#signal.reason : error }
        this.#stop.abort(error)
      })
      .finally(() => {
        this.#inFlight.delete(part)
        this.#release(buffer)
      })
    this.#inFlight.add(part)
  }

  async #send(partNumber: number, bytes: Uint8Array): Promise<void> {
    const { key, uploadId } = await (this.#opening ?? Promise.reject(new Error('No upload')))
    const part = await this.#retry(() =>
      this.#options.store.uploadPart(key, uploadId, partNumber, bytes, this.#signal),
    )
    this.#parts.push(part)
  }

  async #open(first: Uint8Array): Promise<Upload> {
    const named = await this.#name(first)
    const { key, contentType } = named
    return { ...named, uploadId: await this.#options.store.createUpload(key, contentType) }
  }

  async #name(first: Uint8Array): Promise<ObjectName> {
    const { key, contentType } = await this.#options.name(first)
    this.#signal.throwIfAborted()
    this.#named = { key, contentType }
    return this.#named
  }

  async #put(): Promise<StagedObject> {
    const bytes = this.#buffer?.subarray(0, this.#filled) ?? empty
    const { key, contentType } = await this.#name(bytes)
    this.#mayBeStored = true
    const put = this.#options.store.put(key, bytes, { contentType, signal: this.#signal })
    const etag = await this.#track(put)
    this.#giveBack()
    return { key, contentType, bytes: bytes.length, ...(etag === undefined ? {} : { etag }) }
  }

  /** Work that must have settled before buffers go back and anything is removed. */
  #track<T>(work: Promise<T>): Promise<T> {
    const settled: Promise<void> = Promise.allSettled([work]).then(() => {
      this.#inFlight.delete(settled)
    })
    this.#inFlight.add(settled)
    return work
  }

  async #complete(): Promise<StagedObject> {
    if (this.#buffer !== undefined && this.#filled > 0) await this.#ship(this.#buffer)
    else this.#giveBack()
    while (this.#inFlight.size > 0) await this.#onePartDone()
    const { key, contentType, uploadId } = await (this.#opening ?? Promise.reject(new Error()))
    this.#check()
    this.#mayBeStored = true
    await this.#track(this.#options.store.completeUpload(key, uploadId, this.#parts))
    this.#opening = undefined
    return { key, contentType, bytes: this.#sentBytes }
  }

  #retry<T>(attempt: () => Promise<T>): Promise<T> {
    const wait = (ms: number) => this.#options.platform.wait(ms)
    return retryPassing({ tries, wait, signal: this.#signal }, attempt)
  }

  async #onePartDone(): Promise<void> {
    await Promise.race(this.#inFlight)
    this.#check()
  }

  /** A request that holds a buffer never waits for another request: no two can wait in a ring. */
  async #nextBuffer(): Promise<Uint8Array<ArrayBuffer>> {
    const { pool } = this.#options
    const free = pool.tryTake()
    if (free !== undefined) return free
    if (this.#inFlight.size === 0) return await pool.take(this.#signal)
    this.#wantsSpare = true
    while (this.#spare === undefined) await this.#onePartDone()
    const spare = this.#spare
    this.#spare = undefined
    this.#wantsSpare = false
    return spare
  }

  #release(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#wantsSpare && this.#spare === undefined && this.#failure === undefined) {
      this.#spare = buffer
    } else {
      this.#options.pool.give(buffer)
    }
  }

  #giveBack(): void {
    for (const buffer of [this.#buffer, this.#spare]) {
      if (buffer !== undefined) this.#options.pool.give(buffer)
    }
    this.#buffer = undefined
    this.#spare = undefined
  }

  async #remove(): Promise<void> {
    const { store } = this.#options
    this.#stop.abort(this.#failure?.error)
    while (this.#inFlight.size > 0) await Promise.race(this.#inFlight)
    this.#giveBack()
    const upload = await this.#opening?.catch(() => undefined)
    const removals: Promise<void>[] = []
    if (upload !== undefined) removals.push(store.abortUpload(upload.key, upload.uploadId))
    if (this.#mayBeStored && this.#named) removals.push(store.delete(this.#named.key))
    const results = await Promise.allSettled(removals)
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
}
