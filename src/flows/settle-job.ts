import { markInputsDue } from '../grants/due.ts'
import type { Grant, GrantState } from '../grants/grant.ts'
import { reasonOf } from '../log.ts'
import { dueKey } from '../store/keys.ts'
import type { Deps } from './deps.ts'
import { endKeys, revokeKeys } from './give-access.ts'
import { removeFiles } from './remove-files.ts'
import { keepLeases, releaseLeases } from './sessions/release-leases.ts'

/** Milliseconds during which the platform can still `retry` a failed job (it keeps results as long). */
const retryWindowMs = 30 * 60_000

/** Milliseconds by which the clocks of two instances may differ. */
const clockSkewMs = 5000

const endings: ReadonlyMap<string, GrantState> = new Map([
  ['COMPLETED', 'ended'],
  ['CANCELLED', 'ended'],
  ['FAILED', 'suspended'],
  ['TIMED_OUT', 'suspended'],
])

/** Whether a status says that a job is over, if only until it is retried. */
export function isOver(status: string | undefined): boolean {
  return endings.has(status ?? '')
}

/** Whether a status says that a run has failed: the platform can retry it. */
export function isFailure(status: string | undefined): boolean {
  return endings.get(status ?? '') === 'suspended'
}

/**
 * Ends or suspends a grant when its job is over, before the client hears of it, and marks its
 * staged files as due. A status that is not terminal changes nothing, nor does a failure that may
 * be of the run before a retry: `seenAt` is the time before which the status cannot have changed.
 * Resolves to whether this is the first word of the job's end.
 */
export async function settleJob(
  deps: Deps,
  grant: Grant,
  status: string | undefined,
  seenAt: number = deps.platform.now(),
): Promise<boolean> {
  const ending = endings.get(status ?? '')
  if (ending === undefined) return false
  if (grant.state === 'ended') return endLater(deps, grant)
  // Keys of the store cannot be woken: such a job is not retried.
  const state = grant.access === undefined ? ending : 'ended'
  const stored = await deps.grants.read(grant.grantId, { fresh: true })
  if (stored === undefined) return false
  if (stored.state === 'ended') return endLater(deps, stored)
  if (!settles(stored, state, seenAt)) return false
  const { retention } = stored
  const graceSeconds = deps.config.endpoint(grant.endpointId)?.graceSeconds ?? 0
  const keptUntil = deps.platform.now() + secondsOf(retention, graceSeconds) * 1000
  const dueAt = keptUntil + (state === 'suspended' ? retryWindowMs : 0)
  // First, so that a fault in between leaves a marker too many: it does nothing to a live grant.
  if (retention !== 'persistent') await markInputsDue(deps.stateStore, stored, dueAt)
  let isFirst = false
  await deps.grants.update(grant.grantId, (current) => {
    isFirst = settles(current, state, seenAt)
    if (!isFirst) return current
    // A failed job may run once more: its times are those of its longest run.
    if (state !== 'ended' || typeof retention !== 'number') return { ...current, state }
    return { ...current, state, readExpiresAt: Math.min(current.readExpiresAt, keptUntil) }
  })
  if (state === 'ended') await endKeys(deps, stored)
  return isFirst
}

function secondsOf(retention: Grant['retention'], graceSeconds: number): number {
  return typeof retention === 'number' ? retention : graceSeconds
}

/** Keys that could not be revoked at the end: no answer waits for them a second time. */
function endLater(deps: Deps, grant: Grant): false {
  deps.platform.waitUntil(endKeys(deps, grant))
  return false
}

function settles(grant: Grant, state: GrantState, seenAt: number): boolean {
  if (grant.state === 'ended' || grant.state === state) return false
  // Only the run after a retry can have completed; a failure may be of the one before.
  return state === 'ended' || (grant.wokenAt ?? Number.NEGATIVE_INFINITY) + clockSkewMs < seenAt
}

/**
 * Removes the grant of a job that certainly never came to be, and what was staged for it. A fault
 * is logged: the sweep removes what is left.
 */
export async function dropJob(deps: Deps, grant: Grant): Promise<void> {
  const store = deps.store(grant.storeId)
  await revokeKeys(deps, grant)
  try {
    await removeFiles(store, grant)
    await deps.grants.remove(grant)
    if (grant.retention === 'persistent') {
      await deps.stateStore.delete(dueKey(grant.writeExpiresAt, grant.grantId))
    }
  } catch (error) {
    deps.log.write('warn', { event: 'clean_up_failed', reason: reasonOf(error) })
  }
  // Others wait for these: not for the store to take its files away.
  await releaseLeases(deps, grant)
}

/**
 * Leaves the grant of a job that may exist, though nobody was told its id: its webhook binds and
 * settles it. Its inputs go when no such job can run any more.
 */
export async function leaveJob(deps: Deps, grant: Grant): Promise<void> {
  try {
    const dueAt = grant.writeExpiresAt + secondsOf(grant.retention, 0) * 1000
    await markInputsDue(deps.stateStore, grant, dueAt)
    await keepLeases(deps, grant)
  } catch (error) {
    deps.log.write('warn', { event: 'clean_up_failed', reason: reasonOf(error) })
  }
}
