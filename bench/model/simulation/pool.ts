import type { Clock, Wait } from './events.ts'

/** The part buffers of one instance, first come first served, as `src/store/buffer-pool.ts` gives them. */
export class Pool {
  readonly #clock: Clock
  readonly #size: number
  readonly #waiting: (() => void)[] = []
  #out = 0
  #since = 0
  /** Buffers times seconds. */
  held = 0

  constructor(clock: Clock, size: number) {
    this.#clock = clock
    this.#size = size
  }

  /** Takes a buffer if one is free and nobody waits for it. */
  tryTake(): boolean {
    if (this.#waiting.length > 0 || this.#out >= this.#size) return false
    this.#count(1)
    return true
  }

  readonly take: Wait = (resume) => {
    if (this.tryTake()) resume()
    else this.#waiting.push(resume)
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#count(-1)
    else next()
  }

  #count(change: number): void {
    const { now } = this.#clock
    this.held += this.#out * (now - this.#since)
    this.#since = now
    this.#out += change
  }
}
