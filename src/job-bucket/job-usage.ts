/** Parts of one job that are remembered. */
const maxParts = 20_000
/** Instances that may write for one job at the same time: what they have not counted fits the quota. */
const instances = 10

/** Bytes and objects. */
export interface Amount {
  readonly bytes: number
  readonly objects: number
}

const nothing: Amount = { bytes: 0, objects: 0 }

/** What one instance knows of the outputs of one job. */
export class JobUsage {
  /** By upload id: its real key, and the bytes of each part. */
  readonly #uploads = new Map<string, { key: string; parts: Map<string, number> }>()
  #partCount = 0
  /** All that was written here; it only grows. */
  #written = nothing
  /** What is being written here. */
  #taken = nothing
  /** The latest count, and what had been written here when it began. */
  #count: { readonly all: Amount; readonly written: Amount; readonly begun: number } | undefined
  #counts = 0

  isCounted(): boolean {
    return this.#count !== undefined
  }

  /** The next write has to count first. */
  forgetCount(): void {
    this.#count = undefined
  }

  take(amount: Amount): void {
    this.#taken = add(this.#taken, amount)
  }

  addWritten(amount: Amount): void {
    this.#written = add(this.#written, amount)
  }

  /** What the outputs will be once all that is on its way is there. */
  expected(): Amount {
    return this.with(add(this.#count?.all ?? nothing, this.#unseen()))
  }

  /** The same, with this in the place of what is known to be stored. */
  with(stored: Amount): Amount {
    let bytes = 0
    for (const { parts } of this.#uploads.values()) for (const part of parts.values()) bytes += part
    return add(add(stored, this.#taken), { bytes, objects: 0 })
  }

  /** Whether this and nine other instances could have gone over the quota without seeing it. */
  isUncertain(quota: Amount): boolean {
    if (this.#count === undefined) return true
    const unseen = this.#unseen()
    const { all } = this.#count
    return (
      unseen.bytes * instances > quota.bytes - all.bytes ||
      unseen.objects * instances > quota.objects - all.objects
    )
  }

  /** Takes a new count; of several at a time the one that began last counts. */
  async countAnew<T extends { readonly all: Amount }>(count: () => Promise<T>): Promise<T> {
    const begun = ++this.#counts
    const written = this.#written
    const counted = await count()
    if (this.#count === undefined || this.#count.begun < begun) {
      this.#count = { all: counted.all, written, begun }
    }
    return counted
  }

  partBytes(uploadId: string, partNumber: string): number {
    return this.#uploads.get(uploadId)?.parts.get(partNumber) ?? 0
  }

  addPart(
    part: { readonly key: string; readonly uploadId: string; readonly partNumber: string },
    bytes: number,
  ): void {
    const { key, uploadId, partNumber } = part
    const upload = this.#uploads.get(uploadId) ?? { key, parts: new Map<string, number>() }
    if (!upload.parts.has(partNumber)) {
      // More are not remembered; their object is counted when it is complete.
      if (this.#partCount >= maxParts) return
      this.#partCount++
    }
    upload.parts.set(partNumber, bytes)
    this.#uploads.set(uploadId, upload)
  }

  hasParts(): boolean {
    return this.#uploads.size > 0
  }

  /** Forgets the parts of all uploads but these. */
  keepParts(open: ReadonlySet<string>): void {
    for (const [uploadId, { key }] of this.#uploads) {
      if (!open.has(uploadId)) this.forgetParts(uploadId, key)
    }
  }

  /** Forgets the parts of an upload, if it is one of that key. */
  forgetParts(uploadId: string, key: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload?.key !== key) return
    this.#partCount -= upload.parts.size
    this.#uploads.delete(uploadId)
  }

  /** Written here since the last count began. */
  #unseen(): Amount {
    const { bytes, objects } = this.#count?.written ?? nothing
    return { bytes: this.#written.bytes - bytes, objects: this.#written.objects - objects }
  }
}

function add(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes + b.bytes, objects: a.objects + b.objects }
}
