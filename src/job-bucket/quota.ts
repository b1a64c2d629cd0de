import { Recent } from '../cache/recent.ts'
import type { Grant } from '../grants/grant.ts'
import { type Amount, JobUsage } from './job-usage.ts'
import { S3Error } from './s3-error.ts'

/** Jobs whose use is remembered. */
const maxJobs = 1000

/** A part of an upload, and the real key of its object. */
export interface PartOf {
  readonly key: string
  readonly uploadId: string
  readonly partNumber: string
}

/** The store's own word on the outputs of one job. */
export interface OutputsInStore {
  /** What is there, and what of it lies under the real key `replaced`. */
  count(replaced: string): Promise<{ readonly all: Amount; readonly replaced: Amount }>
  /** Ids of the uploads that are open; undefined where the store cannot tell. */
  openUploads(): Promise<ReadonlySet<string> | undefined>
}

/** What one write has taken of its job's quota. */
export interface Reservation {
  /**
   * The object is there. Counts the outputs anew where what was not counted could be too much.
   * @throws {S3Error} QuotaExceeded: the object is one too many and must go
   */
  settle(actual: Amount): Promise<void>
  /** It is not known how much was written. */
  doubt(): void
  /** Nothing was written. Does nothing once settled. */
  release(): void
}

/** How much each job writes through this instance, and what its outputs were when last counted. */
export interface Quotas {
  /**
   * Takes `amount` of the job's quota before it is written.
   * @throws {S3Error} QuotaExceeded
   */
  reserve(grant: Grant, key: string, amount: Amount, store: OutputsInStore): Promise<Reservation>
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
    async reserve(grant, key, amount, store) {
      const { quota } = grant
      if (quota === undefined) return unlimited
      const usage = usageOf(grant)
      const release = await take(usage, quota, key, amount, store)
      return {
        async settle(actual) {
          release()
          usage.addWritten(actual)
          if (!usage.isUncertain(quota)) return
          const { all } = await usage.countAnew(() => store.count(''))
          // Of what is on its way each settles for itself.
          if (exceeds(all, quota)) throw exceeded(all, quota)
        },
        doubt: () => usage.forgetCount(),
        release,
      }
    },
    async reservePart(grant, part, bytes, store) {
      const { quota } = grant
      if (quota === undefined) return unlimited
      const usage = usageOf(grant)
      const more = { bytes: bytes - usage.partBytes(part.uploadId, part.partNumber), objects: 0 }
      const release = await take(usage, quota, part.key, more, store)
      return {
        async settle() {
          release()
          usage.addPart(part, bytes)
        },
        doubt: () => usage.forgetCount(),
        release,
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

/** Takes an amount, or throws; gives what gives it back. */
async function take(
  usage: JobUsage,
  quota: Amount,
  key: string,
  amount: Amount,
  store: OutputsInStore,
): Promise<() => void> {
  usage.take(amount)
  let isOpen = true
  const release = () => {
    if (isOpen) usage.take({ bytes: -amount.bytes, objects: -amount.objects })
    isOpen = false
  }
  try {
    if (usage.isCounted() && !exceeds(usage.expected(), quota)) return release
    const { all, replaced } = await usage.countAnew(() => store.count(key))
    const rest = { bytes: all.bytes - replaced.bytes, objects: all.objects - replaced.objects }
    if (!exceeds(usage.with(rest), quota)) return release
    // Parts may be of uploads that have ended elsewhere; where the store cannot say, they do not count.
    if (usage.hasParts()) usage.keepParts((await store.openUploads()) ?? new Set())
    const total = usage.with(rest)
    if (exceeds(total, quota)) throw exceeded(total, quota)
    return release
  } catch (error) {
    release()
    throw error
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
