import type { Config } from '../../config/config.ts'

/** A rule by which a store deletes what is past all use by itself. */
export interface ExpiryRule {
  readonly id: string
  readonly prefix: string
  /** Days from an object's creation. */
  readonly expireDays: number
  /** Days from the start of a multipart upload that was not completed. */
  readonly abortDays: number
}

/** What ids of the gateway's own rules begin with; all others belong to somebody else. */
export const ruleMark = 'bulkway-'

const daySeconds = 86_400
/** A job may wait and run for seven days. */
const jobSeconds = 7 * daySeconds
/** A kept webhook lives three days longer than its job. */
const deliveryDays = 3
/** Years after which the command is to be run again. */
const years = 5

/**
 * The rules of one store: all that lies in folders of days goes once no day of it can be left. A rule
 * is for one year, so that it reaches as little as can be beside the gateway's own names; what is kept
 * until somebody deletes it lies in a year that has none.
 */
export function expiryRules(config: Config, storeId: string, now: number): ExpiryRule[] {
  const seconds = longestSeconds(config, storeId)
  const more = config.webhooks.durable ? deliveryDays : 0
  const expireDays = Math.ceil(seconds / daySeconds) + 1 + more
  const open = Math.max(config.uploads.openSeconds, jobSeconds + config.access.marginSeconds)
  const abortDays = Math.min(expireDays, Math.ceil(open / daySeconds) + 1)
  const roots = storeId === config.stateStoreId ? ['', 'results/', 'webhooks/'] : ['']
  // What went last year may not be gone yet.
  const first = new Date(now).getUTCFullYear() - 1
  const last = new Date(now + seconds * 1000).getUTCFullYear() + years
  return roots.flatMap((root) =>
    Array.from({ length: last - first + 1 }, (_, at) => ({
      id: `${ruleMark}${root === '' ? 'files' : root.slice(0, -1)}-${first + at}`,
      prefix: `${root}${first + at}-`,
      expireDays,
      abortDays,
    })),
  )
}

/**
 * The rules with no fewer days than those that are there: what was kept by a longer retention then was
 * promised to be there still.
 */
export function noShorter(
  rules: readonly ExpiryRule[],
  present: readonly Partial<ExpiryRule>[],
): ExpiryRule[] {
  const days = present.map(({ expireDays = 0 }) => expireDays)
  return rules.map((rule) => ({ ...rule, expireDays: Math.max(rule.expireDays, ...days) }))
}

/** Seconds from the creation of an object to the end of its day, at most. */
function longestSeconds({ access, uploads, ...config }: Config, storeId: string): number {
  const kept = config.endpointIds.map((id) => {
    const endpoint = config.endpoint(id)
    if (endpoint?.storeId !== storeId && storeId !== config.stateStoreId) return 0
    return endpoint?.retention?.maxSeconds ?? 0
  })
  const ofJobs = jobSeconds + access.marginSeconds + Math.max(access.linkSeconds, ...kept)
  return Math.max(ofJobs, uploads.openSeconds + uploads.keepSeconds)
}
