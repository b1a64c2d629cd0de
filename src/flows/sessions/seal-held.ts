import type { Grant } from '../../grants/grant.ts'
import type { Admission } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import type { LiftedRequest } from '../lift-payloads.ts'
import { holdLeases, leasesFor } from './hold-leases.ts'

/**
 * Writes a job's grant once the job has its session, and the volume where one at a time writes to it:
 * waits for whoever has them. Gives them back when that fails.
 *
 * @throws {GatewayError} session_busy, volume_busy, client_gone, store_unavailable
 */
export async function sealHeld(
  deps: Deps,
  call: Call,
  admission: Admission,
  { session, unboundMs = 0 }: Pick<LiftedRequest, 'session' | 'unboundMs'>,
  unsealed: Grant,
): Promise<Grant> {
  const wishes = leasesFor(deps, admission.endpoint, session)
  if (wishes.length === 0) {
    await deps.grants.seal(unsealed)
    return unsealed
  }
  const { grantId, writeExpiresAt } = unsealed
  const claimant = { grantId, writeExpiresAt, unboundMs }
  const held = await holdLeases(deps, call, admission, wishes, claimant)
  try {
    const grant = { ...unsealed, leases: held.keys, createdAt: deps.platform.now() }
    await deps.grants.seal(grant)
    held.confirm()
    return grant
  } catch (error) {
    await held.release()
    throw error
  }
}
