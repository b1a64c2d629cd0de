import { dueKey, isJobPrefix, jobPrefix, resultKey } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Grant } from './grant.ts'

/** After writing ends, the time in which the platform may still say something of a job. */
const forgottenMs = 86_400_000

/**
 * Marks the files of a finished job for removal at `atMs`: the staged ones, or all where its retention
 * is a time or it is deleted. The sweep does it once that minute is over, unless the job has been
 * woken since.
 */
export async function markInputsDue(
  state: ObjectStore,
  grant: Pick<Grant, 'grantId' | 'writeExpiresAt'>,
  atMs: number,
): Promise<void> {
  const run = new TextEncoder().encode(String(grant.writeExpiresAt))
  await state.put(dueKey(atMs, grant.grantId), run, { contentType: 'text/plain' })
}

/** What a due marker makes removable. */
export interface DueFiles {
  /** In the grant's store: what is the job's own, not what else it mounts. */
  readonly prefixes: readonly string[]
  /** In the state store: what is kept of its results. */
  readonly results: readonly string[]
  /** From when on the grant itself may go, where no day does that. */
  readonly forgetAt?: number
}

const nothing: DueFiles = { prefixes: [], results: [] }

/**
 * What a due marker's text makes removable: nothing while the job may run, or when the marker is of a
 * run before a retry.
 */
export function dueFiles(grant: Grant, marker: string, now: number): DueFiles {
  const { retention, jobId, deleted, mounts, state, writeExpiresAt } = grant
  const stale = marker !== '' && marker !== String(writeExpiresAt)
  const mayRun = state === 'active' && now <= writeExpiresAt
  if (mayRun || stale) return nothing
  if (retention === undefined && !deleted) {
    const inputs = mounts.filter(({ key, mode }) => mode === 'read' && isJobPrefix(key))
    return { prefixes: inputs.map(({ key }) => key), results: [] }
  }
  // Nobody can ask for the files of a job whose id was never known, nor delete them.
  const isOver = deleted === true || retention !== 'persistent' || jobId === undefined
  if (!isOver) return nothing
  const files = { prefixes: ownPrefixes(grant), results: resultsOf(grant) }
  return retention === 'persistent' ? { ...files, forgetAt: writeExpiresAt + forgottenMs } : files
}

/** Keys of a store may reach all of the job's folder, whose inputs and outputs lie in one then. */
export function ownPrefixes(
  grant: Pick<Grant, 'access' | 'day' | 'grantId' | 'mounts'>,
): readonly string[] {
  if (grant.access !== undefined) return [jobPrefix(grant)]
  return grant.mounts.map(({ key }) => key).filter(isJobPrefix)
}

function resultsOf({ day, endpointId, jobId, retries = 0 }: Grant): string[] {
  if (jobId === undefined) return []
  return Array.from({ length: retries + 1 }, (_, run) => resultKey(day, endpointId, jobId, run))
}
