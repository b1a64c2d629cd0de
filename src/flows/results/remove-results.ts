import type { Grant } from '../../grants/grant.ts'
import { resultKey } from '../../store/keys.ts'
import type { Deps } from '../deps.ts'

/**
 * Removes what is kept of a job's results, those of all its runs.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function removeResults({ stateStore }: Deps, grant: Grant): Promise<void> {
  const { day, endpointId, jobId, retries = 0 } = grant
  if (jobId === undefined) return
  for (let run = 0; run <= retries; run++) {
    await stateStore.delete(resultKey(day, endpointId, jobId, run))
  }
}
