import type { Grant } from '../../grants/grant.ts'
import { sessionLeasesRoot } from '../../store/session-keys.ts'
import { type Admission, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { holdLeases, leasesFor, unboundMs } from './hold-leases.ts'
import { leasesOf } from './release-leases.ts'

/** Leases of a job that is to run once more. */
export interface HeldAgain {
  /** Upstream took the retry: from now on the grant tells how long it has them. */
  confirm(): Promise<void>
  /** Upstream refused. */
  undo(): Promise<void>
}

/**
 * Takes the leases of a job that is retried, which others may have had since it failed.
 *
 * @throws {GatewayError} as `proveCaller` and `holdLeases`
 */
export async function holdAgain(
  deps: Deps,
  call: Call,
  admission: Admission,
  grant: Grant,
): Promise<HeldAgain> {
  const { grantId, leases = [], writeExpiresAt } = grant
  const leaseKey = leases.find((key) => key.startsWith(sessionLeasesRoot))
  const session = leaseKey === undefined ? undefined : { leaseKey }
  const all = leases.length === 0 ? [] : leasesFor(deps, admission.endpoint, session)
  // One that has ended for good is not retried.
  const wishes = grant.state === 'ended' ? [] : all.filter(({ key }) => leases.includes(key))
  if (wishes.length > 0) await proveCaller(deps, call, admission)
  const held = await holdLeases(deps, call, admission, wishes, {
    grantId,
    waking: true,
    unboundMs: unboundMs(deps.config, 'run'),
    writeExpiresAt,
  })

  /** It counts while its grant is awake, and not a moment longer. */
  async function confirm(): Promise<void> {
    if (wishes.length === 0) return
    const now = deps.platform.now()
    // This run may write for longer than the one before.
    const fresh = await deps.grants.read(grantId, { fresh: true })
    const times = { until: now, writeExpiresAt: fresh?.writeExpiresAt ?? writeExpiresAt }
    for (const wish of wishes) {
      await leasesOf(deps).take(wish, { grantId, ...times })
    }
  }

  return {
    confirm,
    async undo() {
      if (wishes.length === 0) return
      const fresh = await deps.grants.read(grantId, { fresh: true })
      // It may have been awake before: of its failure nobody had heard.
      await (fresh?.state === 'active' ? confirm() : held.release())
    },
  }
}
