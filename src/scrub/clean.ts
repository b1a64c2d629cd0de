import type { Body, OutgoingBody, Platform } from '../platform.ts'
import { Envelope } from './envelope.ts'
import { type CompiledSecrets, type LinkHit, Scrubber } from './scrubber.ts'

/** What a response says about its job. */
export interface EnvelopeFacts {
  readonly id?: string
  readonly status?: string
}

export interface CleanOptions {
  readonly secrets: CompiledSecrets
  readonly links?: {
    /** Beginnings of the URLs that are offered to `rewrite`, without a trailing slash. */
    readonly bases: readonly string[]
    /** The URL to send instead, or undefined to keep it, masked. */
    rewrite(url: string): Promise<string | undefined>
  }
  /** `host[:port]` (a path may follow) whose URLs lose their signatures and security tokens. */
  readonly signedHosts: readonly string[]
  /** Whether the body is JSON: only then `s3Config` is dropped, `id` and `status` are read. */
  readonly json: boolean
  /** Awaited before any byte after the top-level `id` leaves; up to 64 KiB before it wait as well. */
  onId?(id: string): Promise<void>
  /** Awaited before the end: of JSON before its last byte, of other bodies before the end is told. */
  onEnd?(facts: EnvelopeFacts): Promise<void>
  /** Told of each removal; a form is raw, json, url, base64, hex, link or member. */
  onRemoved?(kind: string, form: string): void
}

const MAX_WAITING = 65_536
const MAX_WHITE_SPACE = 1024
const utf8 = new TextEncoder()

/**
 * A response body without secrets. Chunks are valid until the next `read`, as those of the source;
 * a chunk's clean bytes leave at once. Cancels the source when a callback rejects.
 */
export function cleanBody(platform: Platform, body: Body, options: CleanOptions): OutgoingBody {
  const run = new CleanRun(platform, body, options)
  const chunks = run.chunks()
  let failure: { readonly error: unknown } | undefined
  return {
    length: undefined,
    async read() {
      if (failure !== undefined) throw failure.error
      try {
        const next = await chunks.next()
        return next.done === true ? undefined : next.value
      } catch (error) {
        failure = { error }
        await body.cancel(error).catch(() => {})
        throw error
      }
    },
    async cancel(reason) {
      run.cancelled = true
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

function createScrubber(options: CleanOptions): Scrubber {
  const { secrets, links, signedHosts } = options
  return new Scrubber({
    secrets,
    bases: links?.bases ?? [],
    signedHosts,
    onRemoved: (kind, form) => options.onRemoved?.(kind, form),
  })
}

async function resolved(one: Uint8Array | LinkHit, options: CleanOptions): Promise<Uint8Array> {
  if (one instanceof Uint8Array) return one
  const url = await options.links?.rewrite(one.link)
  if (url === undefined) return one.kept
  options.onRemoved?.('link', 'link')
  return one.replacedBy(url)
}

class CleanRun {
  cancelled = false
  readonly #body: Body
  readonly #options: CleanOptions
  readonly #scrubber: Scrubber
  readonly #envelope: Envelope | undefined
  #idTold = false

  constructor(platform: Platform, body: Body, options: CleanOptions) {
    this.#body = body
    this.#options = options
    this.#scrubber = createScrubber(options)
    if (options.json) {
      this.#envelope = new Envelope(platform.bytes, () => options.onRemoved?.('s3Config', 'member'))
    }
  }

  async *chunks(): AsyncGenerator<Uint8Array, undefined, undefined> {
    const { onEnd } = this.#options
    const envelope = this.#envelope
    const source = this.#options.onId && envelope ? this.#heldForId(envelope) : this.#clean()
    const last = onEnd && envelope ? new LastByte() : undefined
    for await (const chunk of source) {
      for (const part of last?.write(chunk) ?? [chunk]) if (part.length > 0) yield part
    }
    if (this.cancelled) return
    await onEnd?.({
      ...(envelope?.id === undefined ? {} : { id: envelope.id }),
      ...(envelope?.status === undefined ? {} : { status: envelope.status }),
    })
    const rest = last?.end()
    if (rest !== undefined && rest.length > 0) yield rest
  }

  async *#clean(): AsyncGenerator<Uint8Array, undefined, undefined> {
    for (;;) {
      const chunk = await this.#body.read()
      if (this.cancelled) return
      const pieces = chunk === undefined ? this.#envelope?.end() : this.#envelope?.write(chunk)
      await this.#tellId()
      for (const piece of pieces ?? (chunk === undefined ? [] : [chunk])) {
        yield* this.#resolve(this.#scrubber.write(piece))
      }
      if (chunk === undefined) break
    }
    yield* this.#resolve(this.#scrubber.end())
  }

  async *#resolve(
    outputs: readonly (Uint8Array | LinkHit)[],
  ): AsyncGenerator<Uint8Array, undefined, undefined> {
    for (const one of outputs) {
      const bytes = await resolved(one, this.#options)
      if (this.cancelled) return
      if (bytes.length > 0) yield bytes
    }
  }

  /** Tells the id once, before anything of the chunk that completes it is looked at. */
  async #tellId(): Promise<void> {
    const id = this.#envelope?.id
    if (this.#idTold || id === undefined) return
    this.#idTold = true
    await this.#options.onId?.(id)
  }

  /** Lets nothing go until the id is told, so that its failure can still become a clean error. */
  async *#heldForId(envelope: Envelope): AsyncGenerator<Uint8Array, undefined, undefined> {
    const waiting: Uint8Array[] = []
    let bytes = 0
    let open = false
    for await (const chunk of this.#clean()) {
      if (!open) {
        open = this.#idTold || envelope.settled || bytes + chunk.length > MAX_WAITING
        if (!open) {
          waiting.push(chunk.slice())
          bytes += chunk.length
          continue
        }
        yield* waiting.splice(0)
      }
      yield chunk
    }
    yield* waiting
  }
}

/** Keeps back the last byte that is not white space, and what follows it. */
class LastByte {
  #kept: Uint8Array = new Uint8Array(0)

  write(chunk: Uint8Array): Uint8Array[] {
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
