/** First in, first out: taking one costs the same however many there are, which `shift` does not. */
export class Queue<T> {
  #items: T[] = []
  #next = 0

  push(item: T): void {
    this.#items.push(item)
  }

  /** The one that waits longest; undefined when there is none. */
  take(): T | undefined {
    if (this.#next < this.#items.length) return this.#items[this.#next++]
    if (this.#next > 0) this.#items = []
    this.#next = 0
    return undefined
  }
}
