import { GatewayError } from '../../errors.ts'
import { removeSession } from '../../grants/session-sweep.ts'
import type { Reply } from '../../platform.ts'
import type { Call, Deps } from '../deps.ts'
import { ownSession } from './own-session.ts'
import { leasesOf } from './release-leases.ts'

/**
 * Removes a session and its files. The next job of that name begins with an empty directory.
 *
 * @throws {GatewayError} as `ownSession`; session_running while a job has it; store_unavailable
 */
export async function deleteSession(deps: Deps, call: Call, name: string): Promise<Reply> {
  const { session, stored, store } = await ownSession(deps, call, name)
  const leases = leasesOf(deps)
  const live = await leases.liveHolders(stored.lease)
  if (live.size > 0) throw running(name, 'a job has it: wait for the job, or cancel it first')
  const { config, stateStore: state, platform } = deps
  const removal = {
    ...{ store, state, leases },
    // A volume takes minutes for that, and its workers write files, not uploads.
    abortsUploads: config.stores.get(stored.lease.storeId)?.kind !== 'runpod-volume',
    clock: () => platform.now(),
    isOver: () => false,
  }
  // Somebody was faster: a job that has taken it, or another who removes it.
  if (!(await removeSession(removal, session.leaseKey, stored))) {
    throw running(name, 'a job or another deletion was faster: try again in a moment')
  }
  return { status: 204, headers: new Headers() }
}

function running(name: string, why: string): GatewayError {
  return new GatewayError('session_running', `Cannot delete session ${name}: ${why}`)
}
