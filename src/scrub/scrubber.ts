import { concat } from '../bytes/concat.ts'
import type { BytePrimitives } from '../platform.ts'
import type { Anchor, AnchorOptions } from './anchors.ts'
import { holdForHost, isBelow, urlStartBefore } from './below-host.ts'
import type { CompiledSecrets, Target } from './compiled-secrets.ts'
import { Finder, type Found } from './matcher.ts'
import { moved, type Place, united } from './places.ts'
import { BYTES_BEFORE, wholeString } from './quoted.ts'
import { Shapes } from './shapes.ts'
import {
  cutUrl,
  escapeLike,
  goesOnAsHost,
  isUnder,
  MAX_URL_BYTES,
  maskSignatures,
  unescapeUrl,
  urlEnd,
} from './signed-url.ts'

export { type CompiledSecrets, compileSecrets } from './compiled-secrets.ts'

/** A URL under one of the link bases, whole. */
export interface LinkHit {
  /** The URL as its reader sees it, without the escapes of JSON. */
  readonly link: string
  readonly original: Uint8Array
  /** What to send when the link is not replaced: the original without secrets and signatures. */
  readonly kept: Uint8Array
  /** What to send in place of it: another URL, escaped like the original. */
  replacedBy(url: string): Uint8Array
  /**
   * Present where `link` is the whole of a JSON string that goes on after the URL, as one with spaces
   * does: what to send when the link is not replaced, in place of `kept`.
   */
  readonly parts?: readonly (Uint8Array | LinkHit)[]
}

export interface ScrubberOptions extends AnchorOptions {
  readonly secrets: CompiledSecrets
  /** Whether JSON strings that begin with a link are offered whole. */
  readonly wholeStrings?: boolean
  /** The platform's search, where it is at hand. */
  readonly bytes?: BytePrimitives
  onRemoved?(kind: string, form: string): void
}

interface Token {
  readonly start: number
  readonly end: number
  readonly link?: string
  readonly forced: boolean
  readonly isString?: boolean
}

const star = 0x2a
const nothing = new Uint8Array(0)
const latin1 = new TextDecoder('latin1')
const utf8 = new TextEncoder()

/**
 * Removes secrets from a stream of bytes: literals and signatures become as many `*`, links come out
 * apart. Gives back at once all that cannot be part of something still incomplete.
 */
export class Scrubber {
  readonly #options: ScrubberOptions
  readonly #finder: Finder<Target>
  readonly #border: number
  // Copied bytes that are not given back yet; all positions below count from the first of them.
  #held: Uint8Array = nothing
  #seen = 0
  // In their order and apart; what is masked has gone by the first #passed.
  #marks: Place[] = []
  #passed = 0
  #starts: Found<Anchor>[] = []
  // Those before it have gone by; `shift` would move all that follow, for each URL.
  #nextStart = 0
  // A URL longer than the limit goes on where the last token ended; perhaps in a value to be masked.
  #goesOn = false
  #inValue = false
  // The position up to which the URL at the first of #starts was already looked through.
  #looked = 0
  // The last bytes that were given back, and whether what is looked at stands within a whole string.
  #before: Uint8Array = nothing
  #inString = false
  readonly #shapes: Shapes

  constructor(options: ScrubberOptions) {
    this.#options = options
    const patterns = options.secrets.with(options)
    this.#finder = new Finder(patterns)
    this.#border = Math.max(64, patterns.maxLength)
    this.#shapes = new Shapes(
      options.shapes,
      (name) => options.onRemoved?.(name, 'shape'),
      options.bytes,
    )
  }

  /** What may go on now; views of `chunk` where nothing had to be changed. */
  write(chunk: Uint8Array): (Uint8Array | LinkHit)[] {
    const out: (Uint8Array | LinkHit)[] = []
    let rest = chunk
    // What was held meets only as much of the chunk as it needs, so the chunk is not copied whole.
    for (let take = this.#border; this.#held.length > 0 && rest.length > 0; take *= 2) {
      const part = rest.subarray(0, take)
      const held = this.#held.length
      const view = new Uint8Array(held + part.length)
      view.set(this.#held)
      view.set(part, held)
      const whole = part.length === rest.length
      // What begins among the held bytes ends within the part, unless it is a URL.
      const done = this.#process(view, false, out, whole ? view.length : held)
      if (whole || done < held) {
        this.#held = view.subarray(done)
        rest = rest.subarray(part.length)
      } else {
        this.#held = nothing
        rest = rest.subarray(done - held)
      }
    }
    if (rest.length > 0) {
      const done = this.#process(rest, false, out)
      this.#held = rest.slice(done)
    }
    return out
  }

  /** The rest; what is incomplete goes on as it is. */
  end(): (Uint8Array | LinkHit)[] {
    const out: (Uint8Array | LinkHit)[] = []
    this.#process(this.#held, true, out)
    this.#held = nothing
    return out
  }

  /** Gives back the view up to a position, which it returns and from which all is to be kept. */
  #process(
    view: Uint8Array,
    final: boolean,
    out: (Uint8Array | LinkHit)[],
    atMost = view.length,
  ): number {
    const found: Found<Target>[] = []
    const known = this.#finder.find(view, this.#seen, found)
    if (found.length > 0) this.#take(found, view)
    const safe = Math.min(known, this.#shapes.find(view, final, this.#before))
    if (this.#shapes.marks.length > 0)
      this.#marks = united([...this.#marks, ...this.#shapes.take()])
    const whole = this.#options.below?.length ? holdForHost(view, safe) : safe
    const limit = final ? view.length : Math.min(whole, atMost)
    return this.#keep(view, this.#between(view, 0, limit, final, out))
  }

  /** Gives back the view between two positions, or up to what is incomplete; returns how far. */
  #between(
    view: Uint8Array,
    from: number,
    limit: number,
    final: boolean,
    out: (Uint8Array | LinkHit)[],
  ): number {
    let at = from
    for (;;) {
      const token = this.#nextToken(view, at, limit, final)
      if (token === undefined || token.end > limit) {
        const stop = Math.min(limit, token?.start ?? limit)
        this.#emit(view, at, stop, out)
        return Math.max(at, stop)
      }
      this.#emit(view, at, token.start, out)
      this.#emitToken(view, token, out)
      at = token.end
    }
  }

  #take(found: readonly Found<Target>[], view: Uint8Array): void {
    for (const { start, end, tag } of found) {
      if (tag.secret !== undefined) {
        this.#marks.push({ start, end })
        this.#options.onRemoved?.(tag.secret.kind, tag.secret.form)
      }
      if (tag.value !== undefined) this.#shapes.begin(end, tag.value)
      if (tag.anchor?.below === true) {
        const before = urlStartBefore(view, start)
        // What is no link there is a URL of ours all the same.
        for (const one of before < 0 ? [] : [tag.anchor, {}]) {
          this.#starts.push({ start: before, end, tag: one })
        }
      } else if (tag.anchor !== undefined) this.#starts.push({ start, end, tag: tag.anchor })
    }
    this.#marks = united(this.#marks)
    // A base before a host at the same place: a link is also a URL of the gateway.
    this.#starts.sort((a, b) => a.start - b.start || rank(a) - rank(b))
  }

  /** The first URL of ours at or after `at`; its end is Infinity when the view ends before it does. */
  #nextToken(view: Uint8Array, at: number, limit: number, final: boolean): Token | undefined {
    if (this.#goesOn) return this.#token(view, at, at, final)
    for (; ; this.#nextStart++) {
      const next = this.#starts[this.#nextStart]
      if (next === undefined || next.start >= limit) return undefined
      if (next.start < at) continue
      if (next.end === view.length && !final) return unfinished(next.start)
      if (goesOnAsHost(view[next.end])) continue
      const token = this.#token(view, next.start, next.end, final)
      const { base, below } = next.tag
      if (base === undefined || token.end === Infinity) return token
      const link = unescapeUrl(latin1.decode(view.subarray(token.start, token.end)))
      const short = token.end - token.start < MAX_URL_BYTES
      const isOurs = below === true ? isBelow(link, base) : isUnder(link, base)
      if (short && !token.forced && isOurs) return this.#inQuotes(view, { ...token, link }, final)
    }
  }

  #token(view: Uint8Array, start: number, floor: number, final: boolean): Token {
    const from = start === 0 ? Math.max(floor, this.#looked) : floor
    const end = urlEnd(view, floor, from, final)
    if (end >= 0) return { start, end, forced: false }
    if (view.length - start < MAX_URL_BYTES) {
      this.#looked = -end - 1
      return unfinished(start)
    }
    const cut = cutUrl(view.subarray(start, start + MAX_URL_BYTES))
    return { start, end: Math.max(start + cut, floor), forced: true }
  }

  /** The whole of the JSON string that begins with this link and goes on after it, if it does. */
  #inQuotes(view: Uint8Array, token: Token, final: boolean): Token {
    const { start, end, forced } = token
    if (this.#options.wholeStrings !== true || this.#inString) return token
    const found = wholeString(view, start, end, this.#before, final)
    if (found === 'unfinished') return unfinished(start)
    return found === undefined ? token : { ...found, start, forced, isString: true }
  }

  #emit(view: Uint8Array, from: number, to: number, out: (Uint8Array | LinkHit)[]): void {
    if (from < to) out.push(this.#masked(view, from, to))
  }

  #emitToken(view: Uint8Array, token: Token, out: (Uint8Array | LinkHit)[]): void {
    const { start, end, link, forced } = token
    const original = view.subarray(start, end)
    const replacedBy = (url: string) => utf8.encode(escapeLike(latin1.decode(original), url))
    if (link !== undefined && token.isString === true) {
      const parts: (Uint8Array | LinkHit)[] = []
      this.#inString = true
      this.#between(view, start, end, true, parts)
      this.#inString = false
      out.push({ link, original, kept: original, replacedBy, parts })
      return
    }
    const kept = this.#masked(view, start, end).slice()
    const open = maskSignatures(kept, this.#inValue)
    this.#goesOn = forced
    this.#inValue = forced && open
    this.#looked = 0
    if (link !== undefined) {
      out.push({ link, original, kept, replacedBy })
    } else if (kept.length > 0) out.push(kept)
  }

  /** The bytes themselves, or a copy without the secrets that were found in them. */
  #masked(view: Uint8Array, from: number, to: number): Uint8Array {
    const marks = this.#marks
    // Every position is masked once, in their order.
    while ((marks[this.#passed]?.end ?? Infinity) <= from) this.#passed++
    let bytes = view.subarray(from, to)
    for (let i = this.#passed; i < marks.length; i++) {
      const { start, end } = marks[i] ?? { start: to, end: to }
      if (start >= to) break
      if (bytes.buffer === view.buffer) bytes = bytes.slice()
      bytes.fill(star, Math.max(0, start - from), end - from)
    }
    return bytes
  }

  /** Lets the view up to `done` go: positions count from there on. */
  #keep(view: Uint8Array, done: number): number {
    this.#seen = view.length - done
    this.#shapes.keep(done)
    if (done >= BYTES_BEFORE) this.#before = view.slice(done - BYTES_BEFORE, done)
    else this.#before = concat([this.#before, view.subarray(0, done)]).slice(-BYTES_BEFORE)
    this.#looked = Math.max(0, this.#looked - done)
    this.#passed = 0
    this.#marks = this.#marks.filter(({ end }) => end > done).map((mark) => moved(mark, done))
    const starts = this.#starts.slice(this.#nextStart).filter(({ start }) => start >= done)
    this.#starts = starts.map((one) => moved(one, done))
    this.#nextStart = 0
    return done
  }
}

function rank(found: Found<Anchor>): number {
  return found.tag.base === undefined ? 1 : 0
}

function unfinished(start: number): Token {
  return { start, end: Infinity, forced: false }
}
