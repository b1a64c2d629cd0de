/** What a sink has got since it was last asked: the answer of its command `take`. */
export interface Arrivals {
  readonly requests: number
  /** Of request bodies, or of payload parts in a store. */
  readonly bytes: number
  /** SHA-256 of each payload, lower-case hex, while the sink verifies. */
  readonly hashes: readonly string[]
}
