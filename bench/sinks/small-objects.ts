/** An object that is small enough to be kept. */
export interface SmallObject {
  readonly bytes: Buffer
  readonly etag: string
  readonly contentType: string | undefined
}

/** The state objects of a gateway, in memory, with the conditional writes it relies on. */
export class SmallObjects {
  readonly #objects = new Map<string, SmallObject>()
  #writes = 0

  /** The new ETag; undefined when the condition does not hold. */
  put(
    key: string,
    bytes: Uint8Array,
    settings: { readonly condition?: 'absent' | { etag: string }; readonly contentType?: string },
  ): string | undefined {
    const { condition, contentType } = settings
    const present = this.#objects.get(key)
    if (condition === 'absent' && present !== undefined) return undefined
    if (typeof condition === 'object' && condition.etag !== present?.etag) return undefined
    const etag = `"${(++this.#writes).toString(16).padStart(32, '0')}"`
    this.#objects.set(key, { bytes: Buffer.from(bytes), etag, contentType })
    return etag
  }

  get(key: string): SmallObject | undefined {
    return this.#objects.get(key)
  }

  delete(key: string): void {
    this.#objects.delete(key)
  }

  list(prefix: string, after = ''): { key: string; size: number }[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .map(([key, { bytes }]) => ({ key, size: bytes.length }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}
