/** Simulated time: actions in the order of their moments, and processes that wait in between. */

interface Event {
  readonly time: number
  readonly order: number
  readonly action: () => void
}

/** A clock that jumps from one action to the next; equal moments keep the order of scheduling. */
export class Clock {
  #now = 0
  #order = 0
  readonly #heap: Event[] = []

  /** Seconds since the start. */
  get now(): number {
    return this.#now
  }

  /** Runs `action` after so many seconds. */
  after(seconds: number, action: () => void): void {
    const event = { time: this.#now + seconds, order: this.#order++, action }
    let at = this.#heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#heap[parent]
      if (above === undefined || before(above, event)) break
      this.#heap[at] = above
      at = parent
    }
    this.#heap[at] = event
  }

  /** Runs until nothing is left to do. */
  run(): void {
    for (let event = this.#take(); event !== undefined; event = this.#take()) {
      this.#now = event.time
      event.action()
    }
  }

  #take(): Event | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || last === undefined || this.#heap.length === 0) return first
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const one = this.#heap[left]
      if (one === undefined) break
      const other = this.#heap[left + 1]
      const next = other !== undefined && before(other, one) ? other : one
      if (before(last, next)) break
      this.#heap[at] = next
      at = next === one ? left : left + 1
    }
    this.#heap[at] = last
    return first
  }
}

function before(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order)
}

/** What a process waits for: it is called once, and calls `resume` when that has come. */
export type Wait = (resume: () => void) => void

/** A course of things in simulated time: it yields what it waits for. */
export type Process = Generator<Wait, void, void>

/** Lets a process run from now on. */
export function start(process: Process): void {
  const resume = () => {
    const next = process.next()
    if (next.done !== true) next.value(resume)
  }
  resume()
}

/** Waits for those who are told when something happens. */
export class Signal {
  #waiting: (() => void)[] = []

  readonly wait: Wait = (resume) => {
    this.#waiting.push(resume)
  }

  fire(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }
}
