import { type Ambition, Candidate } from './candidate.ts'
import { QUOTE } from './characters.ts'
import { UNFINISHED } from './escape.ts'
import { invalidJson, invalidPayload } from './lift.ts'
import { Refs, type RefsOptions } from './refs.ts'
import type { LiftedPayload } from './residue.ts'
import type { ResidueBuffer } from './residue-buffer.ts'
import { type CompiledRules, decidesEarly, firstRule, type LiftRule } from './rules.ts'
import { StringReader } from './string-reader.ts'
import { PLAIN } from './string-table.ts'
import type { Trail } from './trail.ts'

/** Longest pointer of a string that is lifted by size; bounds what the payloads' names may cost. */
const POINTER_MAX_LENGTH = 4096

/** What is known of a payload when it is found; the splicer counts them. */
export type FoundPayload = Omit<LiftedPayload, 'index'>

/** See `SplicerOptions`. */
export interface ValueStringOptions extends RefsOptions {
  readonly stageMinBytes: number
  readonly lift: boolean
  readonly liftDataUris?: boolean
  readonly rules: CompiledRules
}

/** Reads strings that are values and cuts out those that are payloads. */
export class ValueString {
  readonly refs: Refs
  readonly #options: ValueStringOptions
  readonly #residue: ResidueBuffer
  readonly #trail: Trail
  readonly #candidate: Candidate
  readonly #reader = new StringReader()
  readonly #bySize: Ambition
  /** Whether rules have to be asked at every string. */
  readonly #early: boolean

  constructor(options: ValueStringOptions, residue: ResidueBuffer, trail: Trail) {
    this.#options = options
    this.refs = new Refs(options)
    this.#candidate = new Candidate(options.refMarker ?? '')
    this.#residue = residue
    this.#trail = trail
    const { stageMinBytes: minBytes } = options
    const dataUri = options.liftDataUris === true
    this.#bySize = { rule: undefined, forced: false, encoding: 'base64', dataUri, minBytes }
    this.#early = decidesEarly(options.rules)
  }

  /** Position of the opening quote while the string may still be cut out. */
  get undecidedFrom(): number | undefined {
    return this.#candidate.ambition === undefined ? undefined : this.#candidate.quote
  }

  /** A string begins, its opening quote at `quote`. */
  begin(quote: number, inInput: boolean): void {
    const { rules, lift, liftDataUris = false } = this.#options
    const rule = this.#early ? firstRule(rules, this.#trail, this.#residue.text) : undefined
    const ambition = this.#ambition(rule, liftDataUris || (lift && inInput))
    if (ambition === undefined) this.#candidate.beginText(quote)
    else this.#candidate.begin(quote, ambition)
  }

  /**
   * Reads on to behind the closing quote (`closed`), to the end of what there is (undefined), or
   * until the string turns out to be a payload, which is then cut out.
   */
  scan(): FoundPayload | 'closed' | undefined {
    const residue = this.#residue
    const { text, length } = residue
    const candidate = this.#candidate
    while (residue.at < length) {
      if (residue.at >= candidate.dueAt && candidate.settled() && !this.#reader.escaping) {
        const found = this.#cut()
        if (found !== undefined) return found
      }
      if (this.#reader.idle) {
        const { table, dueAt } = candidate
        let at = residue.at
        const limit = at < dueAt && dueAt < length ? dueAt : length
        while (at < limit && table[text[at] ?? 0] === PLAIN) at++
        residue.at = at
        if (at === limit) continue
        if (text[at] === QUOTE) return this.#close()
      }
      const code = this.#reader.take(text[residue.at] ?? 0)
      if (typeof code === 'string') throw this.#refusal(code)
      residue.at++
      if (code !== UNFINISHED && candidate.weighs()) this.#weigh(code)
    }
    return undefined
  }

  #ambition(rule: LiftRule | undefined, byForm: boolean): Ambition | undefined {
    if (rule?.stage === true) {
      return { rule, forced: true, encoding: rule.encoding, dataUri: false, minBytes: 0 }
    }
    if (!byForm || rule?.stage === false) return undefined
    if (rule === undefined) return this.#bySize
    const { encoding } = rule
    return {
      ...this.#bySize,
      rule,
      encoding,
      dataUri: encoding === 'base64' && rule.bare !== true && this.#bySize.dataUri,
    }
  }

  #weigh(code: number): void {
    if (this.#candidate.weigh(code, this.#residue.text, this.#residue.at)) return
    if (this.#candidate.ambition?.forced) throw this.#notBase64(this.#residue.at - 1)
    this.#candidate.giveUp()
  }

  #close(): FoundPayload | 'closed' {
    const { ambition, dueAt } = this.#candidate
    const mayEnd = this.#candidate.mayEnd()
    if (ambition?.forced && !mayEnd) throw this.#notBase64(this.#residue.at)
    if (ambition !== undefined && this.#residue.at >= dueAt && mayEnd) {
      const found = this.#cut()
      if (found !== undefined) return found
    }
    this.#candidate.giveUp()
    const { text } = this.#residue
    this.refs.take(text, this.#trail, this.#candidate.quote, ++this.#residue.at)
    return 'closed'
  }

  /** Cuts the string out, unless a rule forbids it. */
  #cut(): FoundPayload | undefined {
    const { ambition, head, quote, bodyAt } = this.#candidate
    const { text } = this.#residue
    const pointer = this.#trail.pointer(text)
    const rule = this.#early ? ambition?.rule : firstRule(this.#options.rules, this.#trail, text)
    const tooDeep = pointer.length > POINTER_MAX_LENGTH && ambition?.forced !== true
    this.#candidate.giveUp()
    if (ambition === undefined || rule?.stage === false || tooDeep) return undefined
    this.#residue.cut(quote, bodyAt)
    this.#reader.reset()
    const mediaType = head?.mediaType ?? rule?.mediaType
    return {
      pointer,
      encoding: ambition.encoding,
      dataUri: head !== undefined,
      ...(rule === undefined ? {} : { rule }),
      ...(mediaType === undefined ? {} : { mediaType }),
    }
  }

  #notBase64(at: number): Error {
    return invalidPayload(
      'Not base64',
      this.#residue.offset(at),
      this.#trail.pointer(this.#residue.text),
    )
  }

  #refusal(detail: string): Error {
    const { text, at } = this.#residue
    return invalidJson(detail, this.#residue.offset(at), this.#trail.pointer(text))
  }
}
