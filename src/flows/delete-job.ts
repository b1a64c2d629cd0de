import { isOwner } from '../auth/principal.ts'
import { GatewayError } from '../errors.ts'
import { markInputsDue } from '../grants/due.ts'
import type { Grant } from '../grants/grant.ts'
import type { Reply } from '../platform.ts'
import { type Admission, admit, proveCaller, requireOwner } from './admit.ts'
import { cancelUpstream } from './cancel-upstream.ts'
import type { Call, Deps } from './deps.ts'
import { endKeys } from './give-access.ts'
import { abortUploads, removeFiles } from './remove-files.ts'
import { removeResults } from './results/remove-results.ts'
import { removeDeliveries } from './webhooks/deliver-durably.ts'

/**
 * Takes a job out of the world: its access to its files ends first (every instance knows within
 * `access.grantCacheSeconds`), then it is cancelled upstream and its files are deleted. Asking again
 * does no harm; what still comes from upstream about the job is cleaned as before. In passthrough
 * mode the job belongs to the key that submitted it, or to any that upstream lets cancel it.
 *
 * @throws {GatewayError} not_found, also for a job without a grant; unauthorized, store_unavailable;
 *   upstream_unreachable when it could not be cancelled: its access has ended all the same
 */
export async function deleteJob(deps: Deps, call: Call, jobId: string): Promise<Reply> {
  const admission = await admit(deps, call)
  const found = await deps.grants.find(call.endpointId, jobId)
  const grant = found && (await deps.grants.read(found.grantId, { fresh: true }))
  await requireOwner(admission.principal, grant)
  await proveCaller(deps, call, admission)
  if (grant === undefined) throw notFound()
  const isOwn = await isOwner(admission.principal, grant.owner)
  // Another key of the same account may cancel the job, so it may also delete it.
  if (!isOwn && (await cancelUpstream(deps, call, admission, jobId)) !== 200) throw notFound()

  await endGrant(deps, grant)
  if (isOwn) await cancelOwn(deps, call, admission, jobId)
  const store = deps.store(grant.storeId)
  // The other way round an upload could be completed in between.
  await abortUploads(store, grant)
  await removeFiles(store, grant)
  await removeResults(deps, { ...grant, jobId })
  await removeDeliveries(deps, grant)
  return { status: 204, headers: new Headers() }
}

async function endGrant(deps: Deps, grant: Grant): Promise<void> {
  // Should this instance stop halfway, the sweep removes the inputs.
  await markInputsDue(deps.stateStore, grant, deps.platform.now())
  await deps.grants.update(grant.grantId, (current) =>
    current.deleted ? current : { ...current, state: 'ended', deleted: true },
  )
  await endKeys(deps, grant)
}

async function cancelOwn(deps: Deps, call: Call, admission: Admission, jobId: string) {
  const status = await cancelUpstream(deps, call, admission, jobId)
  // Any other 4xx: the job is over, or forgotten.
  if (status < 500 && status !== 429) return
  throw new GatewayError(
    'upstream_unreachable',
    'Cannot cancel the job now: upstream did not take it. Its access to its files has ended; ask again',
    { retryAfterSeconds: 5, actual: status },
  )
}

function notFound(): GatewayError {
  return new GatewayError('not_found', 'Cannot find this job')
}
