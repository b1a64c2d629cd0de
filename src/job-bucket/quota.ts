import { Recent } from '../cache/recent.ts'
import type { Grant } from '../grants/grant.ts'
import { S3Error } from './s3-error.ts'

/** Jobs whose use is remembered. */
const maxJobs = 1000
/** Parts of one job that are remembered. */
const maxPartsOfJob = 20_000
/** Instances that may serve one job at the same time: together their uncounted writes fit the quota. */
const instances = 10

/** Bytes and objects. */
export interface Amount {
  readonly bytes: number
  readonly objects: number
}

/** The outputs of one job as its store has them, counted anew. */
export type Count = (options: {
  /** Real key whose object is not counted, for it is being replaced. */
  readonly except: string
}) => Promise<Amount>

/** What one write has taken of its job's quota. */
export interface Reservation {
  /**
   * The object is there. Counts the outputs anew where what was not counted could be too much.
   * @throws {S3Error} QuotaExceeded: the object is one too many and must go
   */
  settle(actual: Amount): Promise<void>
  /** Nothing was written. Does nothing once settled. */
  release(): void
}

/** How much each job has written through this instance since its outputs were last counted. */
export interface Quotas {
  /**
   * Takes `amount` of the job's quota before it is written.
   * @throws {S3Error} QuotaExceeded
   */
  reserve(grant: Grant, key: string, amount: Amount, count: Count): Promise<Reservation>
  /** Takes the bytes of a part, which stay taken until its upload is over. */
  reservePart(
    grant: Grant,
    part: { readonly key: string; readonly uploadId: string; readonly partNumber: string },
    bytes: number,
    count: Count,
  ): Promise<Reservation>
  /** The size of an object made of these parts; undefined unless all came through this instance. */
  bytesOfParts(grant: Grant, uploadId: string, partNumbers: readonly string[]): number | undefined
  /** The parts of an upload are no longer: completed or aborted. */
  forgetParts(grant: Grant, uploadId: string): void
}

/**
 * Makes the keeper of quotas. There is no count in any store: an instance adds up what it writes
 * itself, and lists the job's outputs anew before that, and what nine others could have written
 * unseen, goes over the quota.
 */
export function createQuotas(): Quotas {
  const jobs = new Recent<Usage>(maxJobs)

  function usageOf({ grantId }: Grant): Usage {
    const usage = jobs.get(grantId) ?? new Usage()
    jobs.set(grantId, usage)
    return usage
  }

  return {
    async reserve(grant, key, amount, count) {
      if (grant.quota === undefined) return unlimited
      return await usageOf(grant).reserve(grant.quota, key, amount, count)
    },
    async reservePart(grant, { key, uploadId, partNumber }, bytes, count) {
      if (grant.quota === undefined) return unlimited
      const usage = usageOf(grant)
      const more = { bytes: bytes - usage.partBytes(uploadId, partNumber), objects: 0 }
      const reservation = await usage.reserve(grant.quota, key, more, count)
      return {
        async settle() {
          reservation.release()
          usage.addPart(uploadId, partNumber, bytes)
        },
        release: () => reservation.release(),
      }
    },
    bytesOfParts: ({ grantId }, uploadId, partNumbers) => {
      let bytes = 0
      for (const number of partNumbers) {
        const part = jobs.get(grantId)?.partBytes(uploadId, number) ?? 0
        // Unknown here: it came through another instance.
        if (part === 0) return undefined
        bytes += part
      }
      return bytes
    },
    forgetParts: ({ grantId }, uploadId) => jobs.get(grantId)?.forgetParts(uploadId),
  }
}

const unlimited: Reservation = { settle: async () => {}, release: () => {} }

class Usage {
  /** By upload id and part number: bytes. */
  readonly #parts = new Map<string, Map<string, number>>()
  #partCount = 0
  /** What the outputs were when they were last counted; a new job has none. */
  #counted: Amount = { bytes: 0, objects: 0 }
  /** Written since by this instance. */
  #since: Amount = { bytes: 0, objects: 0 }
  /** Being written by this instance. */
  #taken: Amount = { bytes: 0, objects: 0 }

  partBytes(uploadId: string, partNumber: string): number {
    return this.#parts.get(uploadId)?.get(partNumber) ?? 0
  }

  addPart(uploadId: string, partNumber: string, bytes: number): void {
    const parts = this.#parts.get(uploadId) ?? new Map<string, number>()
    if (!parts.has(partNumber)) {
      // More are not remembered; their object is counted when it is complete.
      if (this.#partCount >= maxPartsOfJob) return
      this.#partCount++
    }
    this.#parts.set(uploadId, parts.set(partNumber, bytes))
  }

  forgetParts(uploadId: string): void {
    this.#partCount -= this.#parts.get(uploadId)?.size ?? 0
    this.#parts.delete(uploadId)
  }

  async reserve(quota: Amount, key: string, amount: Amount, count: Count): Promise<Reservation> {
    this.#taken = add(this.#taken, amount)
    let isOpen = true
    const close = () => {
      if (isOpen) this.#taken = subtract(this.#taken, amount)
      isOpen = false
    }
    try {
      if (exceeds(this.#all(), quota)) await this.#countAnew(quota, key, count)
    } catch (error) {
      close()
      throw error
    }
    return {
      settle: async (actual) => {
        close()
        this.#since = add(this.#since, actual)
        if (this.#isUncertain(quota)) await this.#countAnew(quota, '', count)
      },
      release: close,
    }
  }

  #all(): Amount {
    let bytes = 0
    for (const parts of this.#parts.values()) for (const part of parts.values()) bytes += part
    return [this.#counted, this.#since, this.#taken].reduce(add, { bytes, objects: 0 })
  }

  #isUncertain(quota: Amount): boolean {
    const left = subtract(quota, this.#counted)
    const unseen = {
      bytes: this.#since.bytes * instances,
      objects: this.#since.objects * instances,
    }
    return exceeds(unseen, left)
  }

  async #countAnew(quota: Amount, except: string, count: Count): Promise<void> {
    const before = this.#since
    const counted = await count({ except })
    this.#counted = counted
    // What was finished while the store was listing may be in the list or not: it stays.
    this.#since = subtract(this.#since, before)
    const all = this.#all()
    if (!exceeds(all, quota)) return
    const { bytes, objects } = quota
    const text =
      `The job may keep ${bytes} bytes in ${objects} objects; ` +
      `with this one it would be ${all.bytes} in ${all.objects}. Delete what it no longer needs`
    throw new S3Error('QuotaExceeded', text)
  }
}

function exceeds(amount: Amount, limit: Amount): boolean {
  return amount.bytes > limit.bytes || amount.objects > limit.objects
}

function add(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes + b.bytes, objects: a.objects + b.objects }
}

function subtract(a: Amount, b: Amount): Amount {
  return { bytes: a.bytes - b.bytes, objects: a.objects - b.objects }
}
