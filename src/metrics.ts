/** What the gateway counts. Labels are words of its own: never a value, a name or an id of a user's. */

/** Counters by name, with their labels. */
export interface Counted {
  readonly secrets_removed: { readonly kind: string; readonly form: string }
  readonly requests: { readonly route: string; readonly method: string; readonly status: string }
  readonly events: { readonly event: string; readonly level: string }
}

/** What is to be known of a counter. */
export interface CounterFacts {
  readonly help: string
  readonly labels: readonly string[]
}

export const COUNTERS: Readonly<Record<keyof Counted, CounterFacts>> = {
  secrets_removed: {
    help: 'Secrets removed from answers, by kind and by the form in which they were there',
    labels: ['kind', 'form'],
  },
  requests: { help: 'Requests answered', labels: ['route', 'method', 'status'] },
  events: { help: 'Events of the log, written or not', labels: ['event', 'level'] },
}

/** Where counts go: Prometheus on Node, the log on Workers. */
export interface Metrics {
  /** Adds `by`, 1 by default. */
  count<Name extends keyof Counted>(name: Name, labels: Counted[Name], by?: number): void
}
