import { Recent } from '../cache/recent.ts'
import type { Grant } from '../grants/grant.ts'
import { type Amount, JobUsage, type Stored, totalOf, type Write } from './job-usage.ts'
import { S3Error } from './s3-error.ts'

/** Jobs whose use is remembered. */
const maxJobs = 1000

/** A part of an upload, and the real key of its object. */
export interface PartOf {
  readonly key: string
  readonly uploadId: string
  readonly partNumber: string
}

/** Asks the store about the outputs of one job. */
export interface OutputsInStore {
  /** What is there, and the sizes of those objects that lie under these real keys. */
  count(keys: ReadonlySet<string>): Promise<Stored>
  /** Size of the object under a real key in bytes; undefined when there is none. */
  sizeOf(key: string): Promise<number | undefined>
  /** Ids of the uploads that are open; undefined where the store cannot tell. */
  openUploads(): Promise<ReadonlySet<string> | undefined>
}

/** An object that is about to be written. */
export interface ObjectToCome {
  /** Real key. */
  readonly key: string
  readonly bytes: number
  /** Id of the upload that it is made of. */
  readonly completes?: string
}

/** What one write has taken of its job's quota. */
export interface Reservation {
  /**
   * It is there, with so many bytes. Counts the outputs anew where what was not counted could be too
   * much, and the object is one that may be taken away: it replaced none, or grew while it was written.
   * @throws {S3Error} QuotaExceeded: the object is one too many and must go
   */
  settle(bytes: number): Promise<void>
  /** It may be there: counts as written until the next count. */
  doubt(): void
  /** Nothing was written. Does nothing once settled or in doubt. */
  release(): void
}

/** How much each job writes through this instance, and what its outputs were when last counted. */
export interface Quotas {
  /**
   * Takes what an object needs of the job's quota before it is written.
   * @throws {S3Error} QuotaExceeded
   */
  reserve(grant: Grant, object: ObjectToCome, store: OutputsInStore): Promise<Reservation>
  /** Takes the bytes of a part, which stay taken until its upload is over. */
  reservePart(
    grant: Grant,
    part: PartOf,
    bytes: number,
    store: OutputsInStore,
  ): Promise<Reservation>
  /** The size of an object made of these parts; undefined unless all came through this instance. */
  bytesOfParts(grant: Grant, uploadId: string, partNumbers: readonly string[]): number | undefined
  /** The upload of that real key is no longer: completed, aborted, or unknown to the store. */
  forgetParts(grant: Grant, upload: Omit<PartOf, 'partNumber'>): void
}

/**
 * Makes the keeper of quotas. There is no counter in any store: an instance lists a job's outputs
 * when it first writes for it, adds up what it writes itself, and lists them anew before that, and
 * what nine others could have written unseen, goes over the quota.
 */
export function createQuotas(): Quotas {
  const jobs = new Recent<JobUsage>(maxJobs)

  function usageOf({ grantId }: Grant): JobUsage {
    const usage = jobs.get(grantId) ?? new JobUsage()
    jobs.set(grantId, usage)
    return usage
  }

  return {
    async reserve(grant, object, store) {
      const { quota } = grant
      if (quota === undefined) return unlimited
      const usage = usageOf(grant)
      const write: Write = { ...object }
      const isNew = await take(usage, quota, write, store)
      return {
        async settle(bytes) {
          const hasGrown = bytes > write.bytes
          const mayGo = () => hasGrown || (isNew && !usage.isOverlapped(write))
          const counts = hasGrown || (mayGo() && usage.isUncertain(quota))
          usage.addWritten({ bytes, objects: 1 })
          try {
            if (!counts) return
            const { all } = await usage.countAnew(() => store.count(new Set()))
            // Of what is on its way each settles for itself.
            if (exceeds(all, quota) && mayGo()) throw exceeded(all, quota)
          } finally {
            usage.end(write)
          }
        },
        doubt() {
          usage.addWritten({ bytes: write.bytes, objects: 1 })
          usage.end(write)
        },
        release: () => usage.end(write),
      }
    },
    async reservePart(grant, part, bytes, store) {
      const { quota } = grant
      if (quota === undefined) return unlimited
      const usage = usageOf(grant)
      const known = () => usage.partBytes(part.uploadId, part.partNumber)
      const write: Write = { key: undefined, bytes: Math.max(0, bytes - known()) }
      await take(usage, quota, write, store)
      return {
        async settle() {
          usage.addPart(part, bytes)
          usage.end(write)
        },
        doubt() {
          usage.addPart(part, Math.max(bytes, known()))
          usage.end(write)
        },
        release: () => usage.end(write),
      }
    },
    bytesOfParts({ grantId }, uploadId, partNumbers) {
      let bytes = 0
      for (const number of partNumbers) {
        const part = jobs.get(grantId)?.partBytes(uploadId, number) ?? 0
        // Unknown here: it came through another instance.
        if (part === 0) return undefined
        bytes += part
      }
      return bytes
    },
    forgetParts: ({ grantId }, { key, uploadId }) => jobs.get(grantId)?.forgetParts(uploadId, key),
  }
}

const unlimited: Reservation = {
  settle: async () => {},
  doubt: () => {},
  release: () => {},
}

/**
 * Begins a write, or throws; gives whether its object is known to replace none, so that it may be taken
 * away again.
 */
async function take(
  usage: JobUsage,
  quota: Amount,
  write: Write,
  store: OutputsInStore,
): Promise<boolean> {
  usage.begin(write)
  try {
    if (usage.isCounted() && !exceeds(usage.expected(), quota)) {
      if (write.key === undefined || !usage.isUncertain(quota)) return false
      // What replaces nothing can be judged afterwards; what replaces an output must be before.
      const size = usage.isOverlapped(write) ? 0 : await store.sizeOf(write.key)
      if (size === undefined || write.bytes <= size) return size === undefined
    }
    return await judge(usage, quota, write, store)
  } catch (error) {
    usage.end(write)
    throw error
  }
}

/**
 * Counts for a write, and throws where it does not fit. Nothing is waited for: a claim that the count has
 * seen counts once, so what is refused is kept out by what is there or was promised before.
 */
async function judge(
  usage: JobUsage,
  quota: Amount,
  write: Write,
  store: OutputsInStore,
): Promise<boolean> {
  const { key } = write
  for (let isLast = false; ; isLast = true) {
    const uploads = usage.uploadIds()
    const claims = usage.claims(write)
    const stored = await usage.countAnew(() => store.count(new Set(claims.objects.keys())))
    const old = key === undefined ? undefined : stored.sizes.get(key)
    const total = totalOf(stored, claims, key)
    // What does not grow makes nothing worse, even where there is too much already.
    const grows = old === undefined || write.bytes > old
    if (!grows || !exceeds(total, quota)) return key !== undefined && old === undefined
    if (isLast || uploads.length === 0) throw exceeded(total, quota)
    // Parts may be of uploads that have ended elsewhere; where the store cannot say, they do not count.
    // Asked before the next count, which lists what they have become.
    const open = await store.openUploads()
    for (const uploadId of uploads) if (!open?.has(uploadId)) usage.forgetParts(uploadId)
  }
}

function exceeds(amount: Amount, limit: Amount): boolean {
  return amount.bytes > limit.bytes || amount.objects > limit.objects
}

function exceeded(total: Amount, { bytes, objects }: Amount): S3Error {
  const text =
    `The job may keep ${bytes} bytes in ${objects} objects; ` +
    `with this one it would be ${total.bytes} in ${total.objects}. Delete what it no longer needs`
  return new S3Error('QuotaExceeded', text)
}
