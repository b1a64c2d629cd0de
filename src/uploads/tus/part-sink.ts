import type { Platform } from '../../platform.ts'
import type { BufferPool } from '../../store/buffer-pool.ts'
import type { ObjectStore } from '../../store/store.ts'
import { retryPassing, StoreAnswer, storeUnavailable } from '../../store/store-fault.ts'
import type { Upload } from '../upload.ts'
import { type TailPiece, type TusProgress, tailBytes } from './tus-state.ts'

const tries = 4
/** Pieces that a tail may have before they are made one: clients may send a byte at a time. */
const tailMaxPieces = 16

type Buffer = Uint8Array<ArrayBuffer>

/** What a sink works with; the upload's part size must fit in a buffer of the pool. */
export interface PartSinkOptions {
  readonly store: ObjectStore
  readonly pool: BufferPool
  readonly partsInFlight: number
  readonly platform: Pick<Platform, 'wait'>
  readonly upload: Pick<Upload, 'key' | 'multipartId' | 'partSize' | 'size'>
  /** Key for the bytes at the end that are no part yet: nobody else's. */
  readonly tailKey: string
  /** What is there already. */
  readonly start: TusProgress
}

/**
 * Takes the bytes that follow what an upload has, and makes parts of equal size of them. An earlier
 * tail is fetched only when its part is full: its place at the start of the buffer is kept free.
 * Either `settle` or `discard` must be called at the end.
 */
export class PartSink {
  readonly #options: PartSinkOptions
  readonly #stop = new AbortController()
  readonly #inFlight = new Set<Promise<void>>()
  /** By place; a part that failed leaves a hole. */
  readonly #etags: (string | undefined)[]
  #begunParts: number
  #buffer: Buffer | undefined
  /** Bytes in the buffer, the place of the earlier tail included. */
  #filled: number
  /** The earlier tail whose place is at the start of the buffer. */
  #front: readonly TailPiece[]
  #spare: Buffer | undefined
  #wantsSpare = false
  #failure: { readonly error: unknown } | undefined

  constructor(options: PartSinkOptions) {
    const { upload, pool, start } = options
    if (upload.partSize > pool.partBytes) {
      throw new TypeError('A part must fit in a buffer of the pool')
    }
    this.#options = options
    this.#etags = [...start.etags]
    this.#begunParts = start.etags.length
    this.#front = start.tail
    this.#filled = tailBytes(start.tail)
  }

  /** The first fault of the store; what came before it is kept. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /**
   * Takes a chunk, and resolves when there is room for another.
   * @throws {GatewayError} store_unavailable, busy
   */
  async write(chunk: Uint8Array): Promise<void> {
    const { partSize } = this.#options.upload
    let rest = chunk
    while (rest.length > 0) {
      this.#check()
      this.#buffer ??= await this.#nextBuffer()
      const head = rest.subarray(0, partSize - this.#filled)
      this.#buffer.set(head, this.#filled)
      this.#filled += head.length
      rest = rest.subarray(head.length)
      if (this.#filled === partSize) await this.#ship(this.#buffer)
    }
  }

  /** What has landed as whole parts without a gap, with the earlier tail while its part has not. */
  landed(): TusProgress {
    const { start, upload } = this.#options
    const gap = this.#etags.indexOf(undefined)
    const etags = this.#etags
      .slice(0, gap < 0 ? undefined : gap)
      .filter((etag) => etag !== undefined)
    if (etags.length === start.etags.length) return start
    const offset = Math.min(etags.length * upload.partSize, upload.size)
    return { offset, etags, tail: [] }
  }

  /** Waits for the parts on their way and stores what is left; what the upload has then. Never throws. */
  async settle(): Promise<TusProgress> {
    const { upload } = this.#options
    let piece: readonly TailPiece[] | undefined
    try {
      const total = this.#begunParts * upload.partSize + this.#filled
      // An empty file is one empty part.
      const isEnd = total >= upload.size && (this.#filled > 0 || this.#begunParts === 0)
      if (isEnd) this.#buffer ??= await this.#nextBuffer()
      if (isEnd && this.#buffer !== undefined) await this.#ship(this.#buffer)
      await this.#allDone()
      this.#check()
      if (this.#buffer !== undefined) piece = await this.#storeTail(this.#buffer)
    } catch (error) {
      this.#failure ??= { error }
    }
    await this.#end()
    const landed = this.landed()
    if (piece === undefined) return landed
    const offset = landed.etags.length * upload.partSize + tailBytes(piece)
    return { offset, etags: landed.etags, tail: piece }
  }

  /**
   * Drops what was taken; parts that have landed are overwritten by what comes in their place. Those on
   * their way are stopped only by `reason`: when somebody else writes now.
   */
  async discard(reason?: Error): Promise<void> {
    if (reason !== undefined) this.#stop.abort(reason)
    await this.#end()
  }

  async #end(): Promise<void> {
    if (this.#failure !== undefined) this.#stop.abort(this.#failure.error)
    await this.#allDone()
    for (const buffer of [this.#buffer, this.#spare]) {
      if (buffer !== undefined) this.#options.pool.give(buffer)
    }
    this.#buffer = undefined
    this.#spare = undefined
  }

  async #ship(buffer: Buffer): Promise<void> {
    while (this.#inFlight.size >= this.#options.partsInFlight) await this.#onePartDone()
    const place = this.#begunParts++
    this.#etags[place] = undefined
    const bytes = buffer.subarray(0, this.#filled)
    const front = this.#front
    this.#buffer = undefined
    this.#filled = 0
    this.#front = []
    const part: Promise<void> = this.#send(place, bytes, front)
      .catch((error) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#inFlight.delete(part)
        this.#release(buffer)
      })
    this.#inFlight.add(part)
  }

  async #send(place: number, bytes: Uint8Array, front: readonly TailPiece[]): Promise<void> {
    const { store, upload } = this.#options
    await this.#load(front, bytes)
    const { etag } = await this.#retry(() =>
      store.uploadPart(upload.key, upload.multipartId, place + 1, bytes, this.#stop.signal),
    )
    this.#etags[place] = etag
  }

  /** Puts the tail's bytes into their place at the start of a buffer. */
  async #load(front: readonly TailPiece[], target: Uint8Array): Promise<void> {
    let at = 0
    for (const piece of front) {
      const place = target.subarray(at, at + piece.size)
      await this.#retry(() => fetchInto(this.#options.store, piece.key, place, this.#stop.signal))
      at += piece.size
    }
  }

  async #storeTail(buffer: Buffer): Promise<readonly TailPiece[]> {
    const { store, tailKey: key } = this.#options
    const front = this.#front
    const isLong = front.length >= tailMaxPieces
    if (isLong) await this.#load(front, buffer)
    const bytes = buffer.subarray(isLong ? 0 : tailBytes(front), this.#filled)
    const signal = this.#stop.signal
    await store.put(key, bytes, { contentType: 'application/octet-stream', signal })
    const piece = { key, size: bytes.length }
    return isLong ? [piece] : [...front, piece]
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#stop.signal.throwIfAborted()
  }

  #retry<T>(attempt: () => Promise<T>): Promise<T> {
    const wait = (ms: number) => this.#options.platform.wait(ms)
    return retryPassing({ tries, wait, signal: this.#stop.signal }, attempt)
  }

  async #onePartDone(): Promise<void> {
    await Promise.race(this.#inFlight)
    this.#check()
  }

  async #allDone(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.race(this.#inFlight)
  }

  /** Waits for other requests only while it holds no buffer: no two can wait in a ring. */
  async #nextBuffer(): Promise<Buffer> {
    const { pool } = this.#options
    const free = this.#spare ?? pool.tryTake()
    this.#spare = undefined
    if (free !== undefined) return free
    if (this.#inFlight.size === 0) return await pool.take(this.#stop.signal)
    this.#wantsSpare = true
    try {
      while (this.#spare === undefined) await this.#onePartDone()
      return this.#spare
    } finally {
      this.#wantsSpare = false
      if (this.#failure === undefined) this.#spare = undefined
    }
  }

  #release(buffer: Buffer): void {
    if (this.#wantsSpare && this.#spare === undefined) this.#spare = buffer
    else this.#options.pool.give(buffer)
  }
}

/** Reads an object that must be exactly as long as its place. */
async function fetchInto(
  store: Pick<ObjectStore, 'send'>,
  key: string,
  target: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const { status, body } = await store.send({ method: 'GET', key, signal })
  if (status !== 200) {
    await body.cancel()
    throw storeUnavailable(new StoreAnswer('GET', status, 'Unknown', 'not the tail of an upload'))
  }
  let at = 0
  try {
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      if (at + chunk.length > target.length) throw new Error('The tail is longer than it was')
      target.set(chunk, at)
      at += chunk.length
    }
    if (at < target.length) throw new Error(`The tail broke off after ${at} bytes`)
  } catch (cause) {
    await body.cancel(cause)
    throw storeUnavailable(cause)
  }
}
