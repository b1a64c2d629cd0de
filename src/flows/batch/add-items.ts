import { onceBody } from '../../bytes/once-body.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import type { Reply } from '../../platform.ts'
import { isJobId } from '../../upstream/endpoint-id.ts'
import { type Admission, admit, proveCaller, upstreamKey } from '../admit.ts'
import { readBodyKind } from '../body-kind.ts'
import { cleanJoblessAnswer } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { jobTimes } from '../job-times.ts'
import { discardStaged, type LiftedRequest, liftPayloads } from '../lift-payloads.ts'
import { jobsIn } from '../list-requests.ts'
import { openBody } from '../open-body.ts'
import { forward, isNotSent, requireAdmin, untouched } from '../pass-through.ts'
import { readSmallBody } from '../read-small-body.ts'
import { refuseSession } from '../sessions/request-session.ts'
import { leaveJob } from '../settle-job.ts'
import { cleanWhole, readWhole } from './clean-whole.ts'
import { type ItemsPlan, planItems } from './plan-items.ts'
import { dropAll, sealItems } from './seal-items.ts'
import { type BatchItem, splitItems } from './split-items.ts'

/**
 * Takes requests for a batch: for a new one, or for the one of `batchId`. Each is staged and sealed as
 * `run` would, and the batch remembers their grants.
 *
 * @throws {GatewayError} as `submitJob`; forbidden without the admin scope; too_many_items
 */
export async function addItems(
  deps: Deps,
  call: Call,
  path: string,
  batchId?: string,
): Promise<Reply> {
  const admission = await admit(deps, call)
  const { endpoint, principal } = admission
  requireAdmin(principal, 'batch')
  refuseSession(deps, call, admission)
  async function passOn(bytes?: Uint8Array): Promise<Reply> {
    const response = await forward(deps, call, endpoint, principal, path, bytes)
    return principal.mode === 'passthrough'
      ? await untouched(deps, response)
      : await cleanJoblessAnswer(deps, response, call.endpointId)
  }
  // Payloads are stored before anything behind them is read: allow for the longest wait.
  const { day } = jobTimes(deps, call, endpoint, Infinity)
  const newFolder = () => ({ day, grantId: deps.grants.newId(day) })
  const form = batchId === undefined ? 'array' : 'requests'
  const plan = planItems(deps.config, call, admission, form, newFolder)
  let body = openBody(deps, call, principal)
  if (body === undefined || readBodyKind(call.headers) !== 'json') return await passOn()
  if (plan.whole) {
    const bytes = await readSmallBody(deps, body)
    if (!plan.parse(bytes)) return await passOn(bytes)
    body = onceBody(bytes)
  } else {
    // No memory for a caller whom upstream does not know.
    await proveCaller(deps, call, admission)
  }
  const lifted = await liftPayloads(deps, { ...call, body }, admission, plan)
  const { items, grants, request } = await seal(deps, call, admission, lifted, plan)
  if (items.length === 0) return await passOn(lifted.residue.bytes)
  return await submit(deps, call, admission, { path, batchId, grants, request })
}

async function seal(
  deps: Deps,
  call: Call,
  admission: Admission,
  lifted: LiftedRequest,
  plan: ItemsPlan,
): Promise<{ items: BatchItem[]; grants: Grant[]; request: Uint8Array }> {
  const { endpoint } = admission
  const { bytes } = lifted.residue
  try {
    const items = splitItems(lifted, plan, endpoint.s3Config === 'always')
    const limit = deps.config.limits.batchItems
    if (items.length > limit) throw tooMany(items.length, limit)
    if (items.length === 0) return { items, grants: [], request: bytes }
    await proveCaller(deps, call, admission)
    return { items, ...(await sealItems(deps, call, admission, bytes, items, plan.maxBytes)) }
  } catch (error) {
    await discardStaged(deps, endpoint, lifted)
    throw error
  }
}

interface Sealed {
  readonly path: string
  readonly batchId: string | undefined
  readonly grants: readonly Grant[]
  readonly request: Uint8Array
}

async function submit(
  deps: Deps,
  call: Call,
  admission: Admission,
  { path, batchId, grants, request }: Sealed,
): Promise<Reply> {
  const { endpoint, principal } = admission
  const { endpointId } = call
  // Who cannot be found again could not be cleaned: where the batch is known, its note comes first.
  const note = batchId && (await record(batchId, () => dropAll(deps, grants)))
  async function record(id: string, undo: () => Promise<unknown>): Promise<string> {
    try {
      return await deps.batches.note(endpointId, id, grants)
    } catch (cause) {
      await undo()
      const detail = 'The requests of the batch could not be recorded'
      throw new GatewayError('job_not_bound', detail, { retryAfterSeconds: 5, cause })
    }
  }
  async function drop(): Promise<void> {
    await dropAll(deps, grants)
    if (note) await deps.stateStore.delete(note)
  }

  const response = await forward(deps, call, endpoint, principal, path, request).catch(
    async (error: unknown) => {
      await (isNotSent(error) ? drop() : leaveAll(deps, grants))
      throw error
    },
  )
  const { status } = response
  const isTaken = status >= 200 && status < 300
  if (status >= 400 && status < 500) await drop()
  else if (!isTaken) await leaveAll(deps, grants)
  const bytes = await readWhole(deps, response).catch(async (error: unknown) => {
    if (isTaken) await leaveAll(deps, grants)
    throw error
  })
  if (isTaken && batchId === undefined) {
    const id = idIn(bytes)
    if (id === undefined) {
      await leaveAll(deps, grants)
      throw new GatewayError('job_not_bound', 'Upstream answered without a batch id')
    }
    await record(id, async () => {
      await cancelBatch(deps, call, admission, id)
      await leaveAll(deps, grants)
    })
  }
  const id = batchId ?? idIn(bytes)
  if (isTaken && id !== undefined) await noteRequests(deps, endpointId, id, grants, bytes)
  return await cleanWhole(deps, response, bytes, grants, endpointId)
}

/** The requests are taken, and would be there twice if the call failed: a fault is logged, and tried again. */
async function noteRequests(
  deps: Deps,
  endpointId: string,
  batchId: string,
  grants: readonly Grant[],
  answer: Uint8Array,
): Promise<void> {
  const ids = [...jobsIn(answer).keys()]
  const note = () => deps.batches.noteRequests(endpointId, batchId, grants, ids)
  const log = (error: unknown) =>
    deps.log.write('warn', { event: 'batch_not_noted', reason: reasonOf(error) })
  await note().catch((error) => {
    log(error)
    deps.platform.waitUntil(note().catch(log))
  })
}

/** What may have come to be, though nobody will hear of it: its webhooks settle it, or its time. */
async function leaveAll(deps: Deps, grants: readonly Grant[]): Promise<void> {
  for (const grant of grants) await leaveJob(deps, grant)
}

async function cancelBatch(
  deps: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  batchId: string,
): Promise<void> {
  try {
    const answer = await deps.upstream.send({
      endpoint,
      endpointId: call.endpointId,
      path: `batch/${batchId}/cancel`,
      method: 'POST',
      search: '',
      headers: new Headers(),
      key: upstreamKey(endpoint, principal),
      idempotent: true,
    })
    await answer.body.cancel()
  } catch (error) {
    deps.log.write('error', { event: 'cancel_failed', reason: reasonOf(error) })
  }
}

function idIn(bytes: Uint8Array): string | undefined {
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const isObject = typeof answer === 'object' && answer !== null && 'id' in answer
    const id = isObject ? answer.id : undefined
    return typeof id === 'string' && isJobId(id) ? id : undefined
  } catch {
    return undefined
  }
}

function tooMany(actual: number, limit: number): GatewayError {
  const detail = `Add at most ${limit} requests with files, keys or a webhook in one call, not ${actual}`
  return new GatewayError('too_many_items', detail, { limitName: 'batchItems', limit, actual })
}
