import { GatewayError } from '../../errors.ts'
import type { StoredLease } from '../../grants/lease.ts'
import type { ObjectStore } from '../../store/store.ts'
import { admit, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { leasesOf } from './release-leases.ts'
import { findSession, type RequestSession, requireSessionName } from './request-session.ts'

/** A session of the caller's own. */
export interface OwnSession {
  readonly session: RequestSession
  readonly stored: StoredLease
  /** That its files lie in. */
  readonly store: ObjectStore
}

/**
 * Finds a session of a caller who is who they say.
 *
 * @throws {GatewayError} not_found, also for somebody else's; invalid_request for a name that is none
 */
export async function ownSession(deps: Deps, call: Call, name: string): Promise<OwnSession> {
  const admission = await admit(deps, call)
  requireSessionName(name)
  await proveCaller(deps, call, admission)
  const session = await findSession(deps, call, admission, name)
  const stored = await leasesOf(deps).read(session.leaseKey)
  const store = stored && deps.store(stored.lease.storeId)
  if (stored === undefined || store === undefined) {
    throw new GatewayError('not_found', `Cannot find session ${name}`)
  }
  return { session, stored, store }
}
