import { dueKey, isJobPrefix } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Grant } from './grant.ts'

/**
 * Marks the staged inputs of a finished job for removal at `atMs`; the sweep does it once that
 * minute is over, unless the job has been woken since.
 */
export async function markInputsDue(
  state: ObjectStore,
  grant: Pick<Grant, 'grantId' | 'writeExpiresAt'>,
  atMs: number,
): Promise<void> {
  const run = new TextEncoder().encode(String(grant.writeExpiresAt))
  await state.put(dueKey(atMs, grant.grantId), run, { contentType: 'text/plain' })
}

/**
 * The prefixes that a due marker's text makes removable: the job's own inputs, not what else it
 * mounts for reading. None while the job may run, or when the marker is of a run before a retry.
 */
export function dueInputs(grant: Grant, marker: string, now: number): readonly string[] {
  const stale = marker !== '' && marker !== String(grant.writeExpiresAt)
  const mayRun = grant.state === 'active' && now <= grant.writeExpiresAt
  if (mayRun || stale) return []
  return grant.mounts
    .filter(({ key, mode }) => mode === 'read' && isJobPrefix(key))
    .map(({ key }) => key)
}
