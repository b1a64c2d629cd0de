import type { Clock, Wait } from './events.ts'

interface Task {
  /** Share of the core that it will have had when it is done. */
  readonly finish: number
  readonly resume: () => void
}

/** One core whose time all its tasks share evenly, as the callbacks of an event loop do. */
export class Core {
  readonly #clock: Clock
  readonly #tasks: Task[] = []
  /** Seconds of work that each task has had since the start. */
  #share = 0
  #since = 0
  #version = 0
  /** Seconds of work done in all. */
  busy = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Waits until so many seconds of work are done. */
  work(seconds: number): Wait {
    return (resume) => {
      this.#advance()
      const task = { finish: this.#share + seconds, resume }
      let at = this.#tasks.length
      while (at > 0 && (this.#tasks[at - 1]?.finish ?? 0) < task.finish) at--
      this.#tasks.splice(at, 0, task)
      this.#plan()
    }
  }

  #advance(): void {
    const { now } = this.#clock
    const past = now - this.#since
    this.#since = now
    if (this.#tasks.length === 0) return
    this.#share += past / this.#tasks.length
    this.busy += past
  }

  #plan(): void {
    const version = ++this.#version
    const next = this.#tasks.at(-1)
    if (next === undefined) return
    const wait = Math.max(0, next.finish - this.#share) * this.#tasks.length
    this.#clock.after(wait, () => {
      if (version !== this.#version) return
      this.#advance()
      this.#tasks.pop()
      this.#plan()
      next.resume()
    })
  }
}
