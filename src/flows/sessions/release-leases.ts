import type { Grant } from '../../grants/grant.ts'
import { createLeases, type Leases } from '../../grants/lease.ts'
import { reasonOf } from '../../log.ts'
import type { Deps } from '../deps.ts'

/** The leases of sessions and volumes; nothing of them is remembered. */
export function leasesOf({ stateStore: store, grants, platform, config }: Deps): Leases {
  const believedMs = config.access.grantCacheSeconds * 1000
  return createLeases({ store, grants, platform, believedMs })
}

/** Gives a grant's leases back, because its job is none; a fault is logged: they end by themselves. */
export async function releaseLeases(
  deps: Deps,
  { grantId, leases = [] }: Pick<Grant, 'grantId' | 'leases'>,
): Promise<void> {
  for (const key of leases) {
    await leasesOf(deps)
      .release(key, grantId)
      .catch((error: unknown) => {
        deps.log.write('warn', { event: 'lease_not_released', reason: reasonOf(error) })
      })
  }
}

/** Keeps the leases of a job that may run although nobody knows its id, as long as it may write. */
export async function keepLeases(
  deps: Deps,
  { grantId, leases = [], writeExpiresAt }: Grant,
): Promise<void> {
  for (const key of leases) await leasesOf(deps).extend(key, grantId, writeExpiresAt)
}
