import type { Reply } from '../../platform.ts'
import { admit } from '../admit.ts'
import { cleanJoblessAnswer } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { grantsOf, jobsIn } from '../list-requests.ts'
import { forward, requireAdmin, untouched } from '../pass-through.ts'
import { dropJob, settleJob } from '../settle-job.ts'
import { cleanWhole, readWhole } from './clean-whole.ts'
import { settleBatch } from './settle-batch.ts'

/**
 * Asks about batches, or changes one: `batchId` says which. The answer is cleaned of the secrets of all
 * its requests; requests in it that are over are ended first, and with the batch all that are left.
 *
 * @throws {GatewayError} forbidden without the admin scope; upstream_unreachable
 */
export async function askBatch(
  deps: Deps,
  call: Call,
  path: string,
  batchId?: string,
): Promise<Reply> {
  const { endpointId } = call
  const { endpoint, principal } = await admit(deps, call)
  requireAdmin(principal, 'batch')
  const askedAt = deps.platform.now()
  const response = await forward(deps, call, endpoint, principal, path)
  const notes = batchId === undefined ? [] : await deps.batches.notesOf(endpointId, batchId)
  if (batchId === undefined || notes.length === 0) {
    return principal.mode === 'passthrough'
      ? await untouched(deps, response)
      : await cleanJoblessAnswer(deps, response, endpointId)
  }
  const bytes = await readWhole(deps, response)
  if (response.status >= 400) return await cleanWhole(deps, response, bytes, [], endpointId, notes)
  const jobs = jobsIn(bytes)
  const bound = await grantsOf(deps, endpointId, [...jobs.keys()])
  for (const grant of bound) await settleJob(deps, grant, jobs.get(grant.jobId ?? ''), askedAt)
  deps.platform.waitUntil(settleBatch(deps, bytes, notes, askedAt))
  const ids = new Set(bound.map(({ jobId }) => jobId))
  const unbound = [...jobs.keys()].filter((id) => !ids.has(id))
  await deps.batches.noteRequests(endpointId, batchId, notes, unbound)
  const isAllBound = bound.length > 0 && bound.length === jobs.size
  return await cleanWhole(deps, response, bytes, bound, endpointId, isAllBound ? [] : notes)
}

/** Takes one request out of a batch: it is over, and its files go. */
export async function removeItem(
  deps: Deps,
  call: Call,
  path: string,
  ids: { readonly batchId: string; readonly requestId: string },
): Promise<Reply> {
  const reply = await askBatch(deps, call, path, ids.batchId)
  if (reply.status >= 200 && reply.status < 300) {
    deps.platform.waitUntil(dropItem(deps, call.endpointId, ids))
  }
  return reply
}

async function dropItem(
  deps: Deps,
  endpointId: string,
  { batchId, requestId }: { readonly batchId: string; readonly requestId: string },
): Promise<void> {
  const [grant] = await grantsOf(deps, endpointId, [requestId])
  if (grant === undefined) return
  // Upstream might well say yes to the id of a job that is none of the batch's.
  for (const note of await deps.batches.notesOf(endpointId, batchId)) {
    const noted = await note.read()
    if (noted.some(({ grantId }) => grantId === grant.grantId)) return await dropJob(deps, grant)
  }
}
