import { GatewayError } from '../errors.ts'
import type { BytePrimitives } from '../platform.ts'
import { Base64Lift } from './base64-lift.ts'
import type { Lift } from './lift.ts'
import type { LiftedPayload, Residue } from './residue.ts'
import type { CompiledRules } from './rules.ts'
import { Scanner } from './scanner.ts'
import { TextLift } from './text-lift.ts'

export type { FoundRef, LiftedPayload, Residue } from './residue.ts'

export interface SplicerOptions {
  readonly bytes: BytePrimitives
  /** Containers that may lie in each other. */
  readonly nesting: number
  /** Raw bytes a key may have between its quotes. */
  readonly keyBytes: number
  readonly residueMaxBytes: number
  /** Raw bytes between its quotes from which a string of `input` is lifted. */
  readonly stageMinBytes: number
  /** Whether strings of `input` are lifted by size and form; rules that force lift all the same. */
  readonly lift: boolean
  /** Containers around each member `input`: 1, or more where a document has several requests; default 1. */
  readonly inputDepth?: number | undefined
  /** Whether data URIs are lifted by size, wherever they are; default no. */
  readonly liftDataUris?: boolean
  readonly rules: CompiledRules
  /** Names of members, unescaped, whose values' spans are recorded at any depth. */
  readonly watch: ReadonlySet<string>
  /** The same for members of the document itself; default none. */
  readonly watchTop?: ReadonlySet<string>
  /** Payloads that one document may have; default 1,000. */
  readonly payloadsMax?: number
  /**
   * ASCII that the text of a ref begins with: such string values are recorded, and stay whatever
   * rules say of their place. Absent: there are none.
   */
  readonly refMarker?: string
  /** Refs that one document may have; default 1,000. */
  readonly refsMax?: number
}

export type SpliceEvent =
  /** The chunk is used up: push the next one or end. */
  | { readonly kind: 'more' }
  /** A payload begins: give room before the next step. */
  | { readonly kind: 'payload'; readonly payload: LiftedPayload }
  /** The room is used up and more bytes are to come: take them and give room. */
  | { readonly kind: 'full' }
  /** The payload is complete; its last bytes are the `written` ones in the room. */
  | { readonly kind: 'payload-end'; readonly payload: LiftedPayload }

const MORE: SpliceEvent = { kind: 'more' }
const FULL: SpliceEvent = { kind: 'full' }
const NOTHING = new Uint8Array(0)
/** Bytes taken over into the residue at a time, before anyone knows whether a payload begins. */
const WINDOW_BYTES = 16_384

/**
 * Walks one JSON document, accepts what JSON.parse accepts, lifts payloads out of it and keeps the
 * rest. Pulled: `push` a chunk, `step` until it says `more`. Every method may throw a GatewayError
 * that names the byte at fault (`invalid_json`, `invalid_payload`, `nesting_too_deep`,
 * `key_too_long`, `body_too_large`, `invalid_request`); the splicer is of no use afterwards.
 */
export class JsonSplicer {
  readonly #options: SplicerOptions
  readonly #scanner: Scanner
  readonly #payloads: { at: number; payload: LiftedPayload }[] = []
  #chunk: Uint8Array = NOTHING
  #chunkAt = 0
  /** Offset of the chunk in the body. */
  #chunkBase = 0
  #lift: Lift | undefined
  #payload: LiftedPayload | undefined
  #needsRoom = false
  /** What the scanner had read of the payload before it was known to be one. */
  #held: Uint8Array = NOTHING
  #heldAt = 0

  constructor(options: SplicerOptions) {
    this.#options = options
    this.#scanner = new Scanner(options)
  }

  /** Bytes written into the current room. */
  get written(): number {
    return this.#lift?.written ?? 0
  }

  /** Gives the next chunk; it must not change until `step` says `more`. */
  push(chunk: Uint8Array): void {
    if (this.#chunkAt < this.#chunk.length) throw new Error('push before step said more')
    this.#chunkBase += this.#chunk.length
    this.#chunk = chunk
    this.#chunkAt = 0
  }

  /** Says where the payload's bytes go: a length that is a multiple of 3, at least 3. */
  room(target: Uint8Array): void {
    if (this.#lift === undefined) throw new Error('room without a payload')
    if (target.length < 3 || target.length % 3 !== 0) throw new RangeError('room not of thirds')
    this.#lift.room(target)
    this.#needsRoom = false
  }

  /** Goes on to the next event. */
  step(): SpliceEvent {
    if (this.#needsRoom) throw new Error('step before room')
    for (;;) {
      const event = this.#payload === undefined ? this.#scan() : this.#drain(this.#payload)
      if (event !== undefined) return event
    }
  }

  /** Ends the document and hands over what is left of it. Throws when it is not complete. */
  end(): Residue {
    if (this.#chunkAt < this.#chunk.length) throw new Error('end before step said more')
    const offset = this.#chunkBase + this.#chunk.length
    const rest = this.#scanner.end(offset, this.#payload?.pointer)
    return { ...rest, payloads: this.#payloads }
  }

  #scan(): SpliceEvent | undefined {
    const scanner = this.#scanner
    if (scanner.hungry) {
      if (this.#chunkAt === this.#chunk.length) return this.#more()
      const end = Math.min(this.#chunk.length, this.#chunkAt + WINDOW_BYTES)
      scanner.append(this.#chunk, this.#chunkAt, end)
      this.#chunkAt = end
    }
    const found = scanner.scan()
    if (found === undefined) return undefined
    const max = this.#options.payloadsMax ?? 1000
    if (this.#payloads.length === max) {
      throw new GatewayError('invalid_request', `Too many payloads, the limit is ${max}`, {
        pointer: found.pointer,
        limit: max,
        actual: max + 1,
      })
    }
    const payload: LiftedPayload = { index: this.#payloads.length, ...found }
    this.#payloads.push({ at: scanner.residue.length, payload })
    this.#held = scanner.residue.held
    this.#heldAt = 0
    this.#lift =
      payload.encoding === 'text'
        ? new TextLift(payload.pointer)
        : new Base64Lift(this.#options.bytes, payload.pointer)
    this.#payload = payload
    this.#needsRoom = true
    return { kind: 'payload', payload }
  }

  #more(): SpliceEvent {
    this.#chunkBase += this.#chunk.length
    this.#chunk = NOTHING
    this.#chunkAt = 0
    return MORE
  }

  #drain(payload: LiftedPayload): SpliceEvent | undefined {
    const lift = this.#lift
    if (lift === undefined) throw new Error('payload without a lift')
    const fromHeld = this.#heldAt < this.#held.length
    if (!fromHeld && this.#chunkAt === this.#chunk.length) return this.#more()
    const state = fromHeld
      ? lift.run(this.#held, this.#heldAt, this.#held.length, this.#scanner.residue.heldOffset)
      : lift.run(this.#chunk, this.#chunkAt, this.#chunk.length, this.#chunkBase)
    if (fromHeld) this.#heldAt = lift.at
    else this.#chunkAt = lift.at
    if (state === 'full') {
      this.#needsRoom = true
      return FULL
    }
    if (state === 'more') return undefined
    if (fromHeld) this.#scanner.residue.resumeHeld(lift.at)
    else this.#scanner.residue.resumeAt(this.#chunkBase + this.#chunkAt)
    this.#scanner.endPayload(payload.index)
    this.#held = NOTHING
    this.#heldAt = 0
    this.#payload = undefined
    return { kind: 'payload-end', payload: lift.urlSafe ? { ...payload, urlSafe: true } : payload }
  }
}
