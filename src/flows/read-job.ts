import type { IncomingResponse, Reply } from '../platform.ts'
import type { EnvelopeFacts } from '../scrub/clean.ts'
import { admit, requireOwner } from './admit.ts'
import { cleanWhole, readWhole } from './batch/clean-whole.ts'
import { cleanAnswer } from './clean-answer.ts'
import type { Call, Deps } from './deps.ts'
import { withMissingOutput } from './missing-output.ts'
import { forward, untouched } from './pass-through.ts'
import { keepAnswer } from './results/keep-result.ts'
import { askOrRecall } from './results/read-result.ts'
import { settleJob } from './settle-job.ts'

export type JobOperation = 'status' | 'status-sync' | 'stream' | 'cancel'

/**
 * Asks upstream about one job and cleans the answer. Who may ask is upstream's verdict in
 * passthrough mode and the grant's owner in the others; what is cleaned depends on the grant alone.
 * A result that upstream can no longer give is the one that was kept.
 *
 * @throws {GatewayError} not_found when the job belongs to another principal
 */
export async function readJob(
  deps: Deps,
  call: Call,
  operation: JobOperation,
  jobId: string,
): Promise<Reply> {
  const admission = await admit(deps, call)
  const { endpoint, principal } = admission
  const grant = await deps.grants.find(call.endpointId, jobId)
  await requireOwner(principal, grant)
  const askedAt = deps.platform.now()
  const ask = () => forward(deps, call, endpoint, principal, `${operation}/${jobId}`)
  if (grant === undefined) return await passBack(deps, call, jobId, ask)
  const isStatus = operation.startsWith('status')
  const { response, isKept } = isStatus
    ? await askOrRecall(deps, call, admission, grant, ask)
    : { response: await ask(), isKept: false }
  let isEnd = false
  const settle = async ({ status }: EnvelopeFacts): Promise<void> => {
    if (response.status === 200) isEnd = await settleJob(deps, grant, status, askedAt)
  }
  const answer = await cleanAnswer(deps, response, grant, {
    hold: operation !== 'stream',
    onEnd: isStatus ? withMissingOutput(deps, grant, settle) : settle,
  })
  if (isEnd && !isKept && operation !== 'stream') keepAnswer(deps, grant, answer)
  return answer
}

/** The answer about a job that has no grant of its own, or is a request of a batch: then nobody knows which. */
async function passBack(
  deps: Deps,
  { endpointId }: Call,
  jobId: string,
  ask: () => Promise<IncomingResponse>,
): Promise<Reply> {
  // Upstream takes longer than the store does.
  const noted = deps.batches.notesOfRequest(endpointId, jobId)
  noted.catch(() => {})
  const response = await ask()
  const notes = await noted
  if (notes.length === 0) return await untouched(deps, response)
  return await cleanWhole(deps, response, await readWhole(deps, response), [], endpointId, notes)
}
