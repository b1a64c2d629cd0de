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

/** One write on its way. */
export interface Write {
  /** Real key; undefined of a part, which is no object yet. */
  readonly key: string | undefined
  readonly bytes: number
  /** Id of the upload that it completes, whose parts become the object. */
  readonly completes?: string | undefined
}

/** What is on its way to the store up to one write, or lies there unlisted. */
export interface Claims {
  /** Bytes of the largest write to each real key. */
  readonly objects: ReadonlyMap<string, number>
  /** Bytes of parts. */
  readonly bytes: number
}

/** The store's own word on a job's outputs. */
export interface Stored {
  readonly all: Amount
  /** Bytes of those objects that were asked for by their real keys. */
  readonly sizes: ReadonlyMap<string, number>
}

/** What one instance knows of the outputs of one job. */
export class JobUsage {
  /** By upload id: its real key, and the bytes of each part. */
  readonly #uploads = new Map<
    string,
    { readonly key: string; readonly parts: Map<string, number>; bytes: number }
  >()
  #partCount = 0
  /** All that was written here; it only grows. */
  #written = nothing
  /** What is being written here, in the order in which it began. */
  readonly #writes = new Set<Write>()
  /** Their sum. */
  #taken = nothing
  /** Writes that another one to the same key has overlapped. */
  readonly #overlapped = new WeakSet<Write>()
  /** The latest count, and what had been written here when it began. */
  #count: { readonly all: Amount; readonly written: Amount; readonly begun: number } | undefined
  #counts = 0

  isCounted(): boolean {
    return this.#count !== undefined
  }

  begin(write: Write): void {
    for (const other of write.key === undefined ? [] : this.#writes) {
      if (other.key !== write.key) continue
      this.#overlapped.add(other).add(write)
    }
    this.#writes.add(write)
    this.#taken = add(this.#taken, amountOf(write))
  }

  /** The write is over; does nothing if it was. */
  end(write: Write): void {
    if (this.#writes.delete(write)) this.#taken = subtract(this.#taken, amountOf(write))
  }

  /** Whether another write to the same key was under way at the same time. */
  isOverlapped(write: Write): boolean {
    return this.#overlapped.has(write)
  }

  addWritten(amount: Amount): void {
    this.#written = add(this.#written, amount)
  }

  /** What the outputs will be at most once all that is on its way is there. */
  expected(): Amount {
    let { bytes, objects } = add(this.#count?.all ?? nothing, add(this.#unseen(), this.#taken))
    for (const upload of this.#uploads.values()) bytes += upload.bytes
    return { bytes, objects }
  }

  /**
   * What is claimed as of now by this write and by those that began before it. A later one is judged
   * with this one in view.
   */
  claims(last: Write): Claims {
    const objects = new Map<string, number>()
    const completing = new Set<string>()
    let bytes = 0
    for (const write of this.#writes) {
      const { key, completes } = write
      if (key === undefined) bytes += write.bytes
      else objects.set(key, Math.max(write.bytes, objects.get(key) ?? 0))
      if (completes !== undefined) completing.add(completes)
      if (write === last) break
    }
    for (const [uploadId, upload] of this.#uploads) {
      if (!completing.has(uploadId)) bytes += upload.bytes
    }
    return { objects, bytes }
  }

  /**
   * Whether this and nine other instances could go over the quota without seeing it, each with what
   * this one has written and is writing.
   */
  isUncertain(quota: Amount): boolean {
    if (this.#count === undefined) return true
    const unseen = add(this.#unseen(), this.#taken)
    const { all } = this.#count
    return (
      unseen.bytes * instances > quota.bytes - all.bytes ||
      unseen.objects * instances > quota.objects - all.objects
    )
  }

  /** Takes a new count; of several at a time the one that began last counts. */
  async countAnew(count: () => Promise<Stored>): Promise<Stored> {
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
    const upload = this.#uploads.get(uploadId) ?? {
      key,
      parts: new Map<string, number>(),
      bytes: 0,
    }
    if (!upload.parts.has(partNumber)) {
      // More are not remembered; their object is counted when it is complete.
      if (this.#partCount >= maxParts) return
      this.#partCount++
    }
    upload.bytes += bytes - (upload.parts.get(partNumber) ?? 0)
    upload.parts.set(partNumber, bytes)
    this.#uploads.set(uploadId, upload)
  }

  /** Ids of the uploads whose parts are known. */
  uploadIds(): string[] {
    return [...this.#uploads.keys()]
  }

  /** Forgets the parts of an upload, if it is one of that real key or none is given. */
  forgetParts(uploadId: string, key?: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload === undefined || (key !== undefined && upload.key !== key)) return
    this.#partCount -= upload.parts.size
    this.#uploads.delete(uploadId)
  }

  /** Written here since the last count began. */
  #unseen(): Amount {
    return subtract(this.#written, this.#count?.written ?? nothing)
  }
}

/** What a write adds at most. */
function amountOf({ key, bytes }: Write): Amount {
  return { bytes, objects: key === undefined ? 0 : 1 }
}

/**
 * What the outputs will be at most once `claims` are there. A write in mid-air may or may not have been
 * listed: its key counts once, with what is larger. Of `own`, the claim alone counts: it is what is asked for.
 */
export function totalOf({ all, sizes }: Stored, claims: Claims, own: string | undefined): Amount {
  let { bytes, objects } = add(all, { bytes: claims.bytes, objects: 0 })
  for (const [key, claimed] of claims.objects) {
    const stored = sizes.get(key)
    const more = claimed - (stored ?? 0)
    bytes += key === own ? more : Math.max(0, more)
    if (stored === undefined) objects++
  }
  return { bytes, objects }
}

function subtract(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes - b.bytes, objects: a.objects - b.objects }
}

function add(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes + b.bytes, objects: a.objects + b.objects }
}
