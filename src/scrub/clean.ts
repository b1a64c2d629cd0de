import { concat } from '../bytes/concat.ts'
import { CLOSE_OBJECT } from '../json/characters.ts'
import type { Body, BytePrimitives, OutgoingBody, Platform } from '../platform.ts'
import { Envelope } from './envelope.ts'
import { Queue } from './queue.ts'
import { type CompiledSecrets, type LinkHit, Scrubber } from './scrubber.ts'
import type { ShapeName } from './shape-patterns.ts'

/** What a response says about its job. */
export interface EnvelopeFacts {
  readonly id?: string
  readonly status?: string
  /** Whether there is a top-level `output` or `error` that is not null. */
  readonly hasOutput: boolean
  readonly hasError: boolean
}

export interface CleanOptions {
  readonly secrets: CompiledSecrets
  readonly links?: {
    /** Beginnings of the URLs that are offered to `rewrite`, without a trailing slash. */
    readonly bases: readonly string[]
    /** The same of hosts below these: `https://s3.example` for `https://any.s3.example/…`. */
    readonly below?: readonly string[]
    /**
     * The URL to send instead, or undefined to keep it, masked. `isString`: it is the whole of a JSON
     * string that goes on after what is surely the URL, with a space perhaps.
     */
    rewrite(url: string, isString: boolean): Promise<string | undefined>
  }
  /** `host[:port]` (a path may follow) whose URLs lose their signatures and security tokens. */
  readonly signedHosts: readonly string[]
  /** Rules for secrets that nobody knows, told by their shape; default: none. */
  readonly shapes?: readonly ShapeName[]
  /** Whether the body is JSON: only then `s3Config` is dropped, `id` and `status` are read. */
  readonly json: boolean
  /** Awaited before any byte after the top-level `id` leaves; up to 64 KiB before it wait as well. */
  onId?(id: string): Promise<void>
  /** Top-level members of JSON that are left out. */
  readonly dropMembers?: readonly string[]
  /**
   * Awaited before the end: of JSON before its last byte, of other bodies before the end is told.
   * What it resolves to, JSON members without braces (`"a":1,"b":2`), is put before the last brace
   * of a JSON object, uncleaned.
   */
  onEnd?(facts: EnvelopeFacts): Promise<string | undefined> | Promise<void>
  /** Told of each removal; a form is one of `formsOf`, or link, member or shape. */
  onRemoved?(kind: string, form: string): void
  /** Told once, when the body has ended, failed or been cancelled. */
  onDone?(): void
}

const MAX_WAITING = 65_536
const MAX_WHITE_SPACE = 1024
/** Bytes of a chunk that are looked through at once: what is found in them waits together. */
const MAX_PIECE = 65_536
const utf8 = new TextEncoder()
const nothing = new Uint8Array(0)

/**
 * A response body without secrets. Chunks are valid until the next `read`, as those of the source;
 * a chunk's clean bytes leave at once. Cancels the source when a callback rejects.
 */
export function cleanBody(platform: Platform, body: Body, options: CleanOptions): OutgoingBody {
  const run = new CleanRun(platform, body, options)
  let failure: { readonly error: unknown } | undefined
  let isDone = false
  function done(): void {
    if (!isDone) options.onDone?.()
    isDone = true
  }
  return {
    length: undefined,
    async read() {
      if (failure !== undefined) throw failure.error
      try {
        const chunk = await run.read()
        if (chunk === undefined) done()
        return chunk
      } catch (error) {
        failure = { error }
        done()
        await body.cancel(error).catch(() => {})
        throw error
      }
    },
    async cancel(reason) {
      run.cancelled = true
      done()
      await body.cancel(reason)
    },
  }
}

/** A short text (a header's value, an error) without secrets. */
export async function cleanText(text: string, options: CleanOptions): Promise<string> {
  const scrubber = createScrubber(options)
  const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
  let out = ''
  for (const one of [...scrubber.write(utf8.encode(text)), ...scrubber.end()]) {
    out += decoder.decode(await resolved(one, options), { stream: true })
  }
  return out + decoder.decode()
}

function createScrubber(options: CleanOptions, bytes?: BytePrimitives): Scrubber {
  const { secrets, links, signedHosts } = options
  return new Scrubber({
    ...(bytes && { bytes }),
    ...(options.shapes && { shapes: options.shapes }),
    secrets,
    bases: links?.bases ?? [],
    below: links?.below,
    wholeStrings: true,
    signedHosts,
    onRemoved: (kind, form) => options.onRemoved?.(kind, form),
  })
}

async function resolved(one: Uint8Array | LinkHit, options: CleanOptions): Promise<Uint8Array> {
  if (one instanceof Uint8Array) return one
  const url = await options.links?.rewrite(one.link, one.parts !== undefined)
  if (url === undefined && one.parts === undefined) return one.kept
  if (url === undefined) {
    const parts: Uint8Array[] = []
    for (const part of one.parts ?? []) parts.push(await resolved(part, options))
    return concat(parts)
  }
  options.onRemoved?.('link', 'link')
  return one.replacedBy(url)
}

/** What becomes of one chunk is let go, all of it, before the next one is read. */
class CleanRun {
  cancelled = false
  readonly #body: Body
  readonly #options: CleanOptions
  readonly #scrubber: Scrubber
  readonly #envelope: Envelope | undefined
  readonly #last: LastByte | undefined
  #idTold = false
  // In the order of the stages: still to be cleaned, cleaned, held for the id, ready to be read.
  readonly #pieces = new Queue<Uint8Array>()
  #piece: Uint8Array = nothing
  readonly #cleaned = new Queue<Uint8Array | LinkHit>()
  #waiting: Uint8Array[] | undefined
  #waitingBytes = 0
  readonly #ready = new Queue<Uint8Array>()
  #stage: 'reading' | 'read' | 'ending' | 'over' = 'reading'

  constructor(platform: Platform, body: Body, options: CleanOptions) {
    this.#body = body
    this.#options = options
    this.#scrubber = createScrubber(options, platform.bytes)
    if (!options.json) return
    this.#envelope = new Envelope(platform.bytes, {
      dropMembers: options.dropMembers ?? [],
      onDropped: () => options.onRemoved?.('s3Config', 'member'),
    })
    if (options.onEnd !== undefined) this.#last = new LastByte()
    if (options.onId !== undefined) this.#waiting = []
  }

  async read(): Promise<Uint8Array | undefined> {
    while (!this.cancelled) {
      const ready = this.#ready.take()
      if (ready !== undefined) {
        if (ready.length > 0) return ready
        continue
      }
      const next = this.#cleaned.take()
      if (next instanceof Uint8Array) this.#hold(next)
      else if (next !== undefined) this.#hold(await resolved(next, this.#options))
      else if (this.#cleanPiece()) continue
      else if (this.#stage === 'reading') await this.#advance()
      else if (this.#stage === 'read') this.#cleanRest()
      else if (this.#stage === 'ending') await this.#end()
      else return undefined
    }
    return undefined
  }

  async #advance(): Promise<void> {
    const chunk = await this.#body.read()
    if (this.cancelled) return
    const pieces = chunk === undefined ? this.#envelope?.end() : this.#envelope?.write(chunk)
    const id = this.#envelope?.id
    if (id !== undefined && !this.#idTold) {
      // Before anything of the chunk that completes the id is looked at.
      this.#idTold = true
      await this.#options.onId?.(id)
    }
    for (const piece of pieces ?? (chunk === undefined ? [] : [chunk])) this.#pieces.push(piece)
    if (chunk === undefined) this.#stage = 'read'
  }

  /** Whether there was one. */
  #cleanPiece(): boolean {
    const piece = this.#piece.length > 0 ? this.#piece : this.#pieces.take()
    if (piece === undefined) return false
    this.#piece = piece.subarray(MAX_PIECE)
    for (const one of this.#scrubber.write(piece.subarray(0, MAX_PIECE))) this.#cleaned.push(one)
    return true
  }

  #cleanRest(): void {
    for (const one of this.#scrubber.end()) this.#cleaned.push(one)
    this.#stage = 'ending'
  }

  /** Lets nothing go until the id is told, so that its failure can still become a clean error. */
  #hold(chunk: Uint8Array): void {
    this.#waitingBytes += chunk.length
    const settled = this.#idTold || this.#envelope?.settled === true
    if (settled || this.#waitingBytes > MAX_WAITING) this.#giveWaiting()
    if (this.#waiting === undefined) this.#give(chunk)
    else this.#waiting.push(chunk.slice())
  }

  #giveWaiting(): void {
    for (const chunk of this.#waiting ?? []) this.#give(chunk)
    this.#waiting = undefined
  }

  #give(chunk: Uint8Array): void {
    if (this.#last === undefined) this.#ready.push(chunk)
    else
      for (const one of this.#last.write(chunk, this.#envelope?.open === true))
        this.#ready.push(one)
  }

  async #end(): Promise<void> {
    if (this.#waiting !== undefined) {
      this.#giveWaiting()
      return
    }
    const envelope = this.#envelope
    const members = await this.#options.onEnd?.({
      ...(envelope?.id === undefined ? {} : { id: envelope.id }),
      ...(envelope?.status === undefined ? {} : { status: envelope.status }),
      hasOutput: envelope?.hasOutput ?? false,
      hasError: envelope?.hasError ?? false,
    })
    const kept = this.#last?.end() ?? nothing
    if (members && envelope?.separator !== undefined && kept[0] === CLOSE_OBJECT) {
      this.#ready.push(utf8.encode(envelope.separator + members))
    }
    this.#ready.push(kept)
    this.#stage = 'over'
  }
}

/** Keeps back the last byte that is not white space, and what follows it, where it may end JSON. */
class LastByte {
  #kept: Uint8Array = nothing

  /** `open`: more must follow, or it is no JSON. */
  write(chunk: Uint8Array, open: boolean): Uint8Array[] {
    if (open) {
      const out = [this.#kept, chunk]
      this.#kept = nothing
      return out
    }
    let last = chunk.length - 1
    while (last >= 0 && (chunk[last] ?? 0) <= 0x20) last--
    if (last < 0 && this.#kept.length + chunk.length <= MAX_WHITE_SPACE) {
      const kept = new Uint8Array(this.#kept.length + chunk.length)
      kept.set(this.#kept)
      kept.set(chunk, this.#kept.length)
      this.#kept = kept
      return []
    }
    if (last < 0) last = chunk.length - 1
    const out = [this.#kept, chunk.subarray(0, last)]
    this.#kept = chunk.slice(last)
    return out
  }

  end(): Uint8Array {
    return this.#kept
  }
}
