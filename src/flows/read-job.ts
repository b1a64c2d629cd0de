import type { Reply } from '../platform.ts'
import type { EnvelopeFacts } from '../scrub/clean.ts'
import { admit, requireOwner } from './admit.ts'
import { cleanAnswer } from './clean-answer.ts'
import type { Call, Deps } from './deps.ts'
import { withMissingOutput } from './missing-output.ts'
import { forward, untouched } from './pass-through.ts'
import { settleJob } from './settle-job.ts'

export type JobOperation = 'status' | 'status-sync' | 'stream' | 'cancel'

/**
 * Asks upstream about one job and cleans the answer. Who may ask is upstream's verdict in
 * passthrough mode and the grant's owner in the others; what is cleaned depends on the grant alone.
 *
 * @throws {GatewayError} not_found when the job belongs to another principal
 */
export async function readJob(
  deps: Deps,
  call: Call,
  operation: JobOperation,
  jobId: string,
): Promise<Reply> {
  const { endpoint, principal } = await admit(deps, call)
  const grant = await deps.grants.find(call.endpointId, jobId)
  await requireOwner(principal, grant)
  const askedAt = deps.platform.now()
  const response = await forward(deps, call, endpoint, principal, `${operation}/${jobId}`)
  if (grant === undefined) return await untouched(deps, response)
  const settle = async ({ status }: EnvelopeFacts): Promise<void> => {
    if (response.status === 200) await settleJob(deps, grant, status, askedAt)
  }
  return await cleanAnswer(deps, response, grant, {
    hold: operation !== 'stream',
    onEnd: operation.startsWith('status') ? withMissingOutput(deps, grant, settle) : settle,
  })
}
