/** What can go wrong with a request, and which requests it goes wrong with. */

/** One way in which a server or the network fails. */
export type Fault =
  /** Answers in the server's place, once the request's body is in (`early`: before). */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly early?: boolean
    }
  /** S3's 503 SlowDown. */
  | { readonly kind: 'slow-down' }
  /** Resets the connection before a byte of the body is read. */
  | { readonly kind: 'reset' }
  /** Reads nothing and answers nothing, until the client gives up or the proxy closes. */
  | { readonly kind: 'stall' }
  /** Passes this many bytes of the request's body on, then resets both sides. */
  | { readonly kind: 'cut-request'; readonly bytes: number }
  /** Passes this many bytes of the response's body on, then ends the connection; 0: not even the headers. */
  | { readonly kind: 'cut-response'; readonly bytes: number }
  /** Lets the server do its work and keeps the response back until `release` is called. */
  | { readonly kind: 'hold' }

/** Which requests a fault strikes; what is absent matches all. */
export interface FaultRule {
  readonly method?: string
  /** Matched against the path as sent, without the query. */
  readonly path?: RegExp
  /** Matched against the query as sent, without the `?`; the empty string when there is none. */
  readonly query?: RegExp
  /** The first request that is struck, counted from 1 among those that match. */
  readonly nth?: number
  /** How many matching requests in a row are struck from there; 1 unless told, Infinity for all. */
  readonly times?: number
  readonly fault: Fault
}

/** A rule that is in force. */
export interface PlantedFault {
  /** Requests struck so far. */
  readonly hits: number
  /** Resolves when the first request is struck (`hold`: when its response is there). */
  readonly struck: Promise<void>
  /** Lets what `hold` keeps back go, now and later. */
  release(): void
}

/** A rule with its counters. */
export class PlantedRule implements PlantedFault {
  readonly struck: Promise<void>
  readonly released: Promise<void>
  readonly fault: Fault
  #rule: FaultRule
  #matched = 0
  #hits = 0
  #strike: () => void = () => {}
  #release: () => void = () => {}

  constructor(rule: FaultRule) {
    this.#rule = rule
    this.fault = rule.fault
    this.struck = new Promise((resolve) => {
      this.#strike = resolve
    })
    this.released = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  get hits(): number {
    return this.#hits
  }

  /** Whether this request is to be struck; counts it. */
  takes(method: string, path: string, query: string): boolean {
    const { nth = 1, times = 1 } = this.#rule
    if (this.#rule.method !== undefined && this.#rule.method !== method) return false
    if (this.#rule.path !== undefined && !this.#rule.path.test(path)) return false
    if (this.#rule.query !== undefined && !this.#rule.query.test(query)) return false
    this.#matched += 1
    if (this.#matched < nth || this.#matched >= nth + times) return false
    this.#hits += 1
    return true
  }

  /** Says that the fault has happened. */
  announce(): void {
    this.#strike()
  }

  release(): void {
    this.#release()
  }
}
