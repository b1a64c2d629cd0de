import { onceBody } from '../bytes/once-body.ts'
import { GatewayError } from '../errors.ts'
import type { Grant } from '../grants/grant.ts'
import { noteStaging } from '../grants/staging-notes.ts'
import { reasonOf } from '../log.ts'
import type { Reply } from '../platform.ts'
import { type Admission, admit, proveCaller } from './admit.ts'
import { asJson } from './body-kind.ts'
import { cancelUpstream } from './cancel-upstream.ts'
import { cleanAnswer } from './clean-answer.ts'
import type { Call, Deps } from './deps.ts'
import { asksForPlan, describePlan, describeUntouched } from './describe-plan.ts'
import { discardStaged, type LiftedRequest, liftPayloads } from './lift-payloads.ts'
import { withMissingOutput } from './missing-output.ts'
import { openBody } from './open-body.ts'
import { forward, isNotSent, untouched } from './pass-through.ts'
import { planSubmit, type SubmitOperation, type SubmitPlan } from './plan-submit.ts'
import { readSmallBody } from './read-small-body.ts'
import { keepAnswer } from './results/keep-result.ts'
import { noteRequest } from './results/request-id.ts'
import { sealJob } from './seal-job.ts'
import { unboundMs } from './sessions/hold-leases.ts'
import { isHeldJob, sessionOfCall } from './sessions/request-session.ts'
import { dropJob, leaveJob, settleJob } from './settle-job.ts'

/**
 * Takes a job: passes a request on untouched when nothing in it concerns the gateway, otherwise
 * stages its payloads, seals a grant, rewrites it, submits it and binds the job's id.
 *
 * @throws {GatewayError} invalid_json, invalid_payload, invalid_request, body_too_large, client_gone,
 *   content_encoding, unsupported_media_type, unauthorized, not_found, busy, store_unavailable,
 *   upstream_unreachable, job_not_bound, invalid_form, digest_mismatch; nothing staged stays behind
 */
export async function submitJob(
  deps: Deps,
  call: Call,
  operation: SubmitOperation,
): Promise<Reply> {
  const admission = await admit(deps, call)
  const isHeld = isHeldJob(deps, call, admission)
  const plan = planSubmit(deps.config, call, admission, operation)
  const json = asJson(call, plan.kind)
  const isAsked = asksForPlan(call.headers)
  let body = openBody(deps, call, admission.principal)
  // A form or a file of no bytes is refused, not passed on.
  if (plan.kind !== 'json') body ??= onceBody(new Uint8Array(0))
  if (plan.whole && body !== undefined) {
    const bytes = await readSmallBody(deps, body)
    if (!plan.parse(bytes)) {
      if (isAsked) {
        await proveCaller(deps, call, admission)
        return describeUntouched(bytes.length, plan)
      }
      return await passOn(deps, call, admission, operation, bytes)
    }
    body = onceBody(bytes)
  }
  if (body === undefined) {
    if (admission.principal.mode === 'passthrough' && !isAsked && !isHeld) {
      return await passOn(deps, call, admission, operation)
    }
    throw new GatewayError('invalid_json', 'Cannot submit a job without a body', { offset: 0 })
  }
  // No memory, and no word of what would be, for a caller whom upstream does not know.
  if (!plan.whole || isAsked) await proveCaller(deps, call, admission)

  if (isAsked) return await describePlan(deps, { ...call, body }, admission, plan)
  let stagingNote: string | undefined
  const lifted = await liftPayloads(deps, { ...call, body }, admission, {
    ...plan,
    async noteStage(stage) {
      const { storeId } = admission.endpoint
      stagingNote = await noteStaging(deps.stateStore, stage, storeId, deps.platform.now())
    },
  })
  if (!lifted.concernsUs && !isHeld) {
    return await passOn(deps, json, admission, operation, lifted.residue.bytes)
  }
  const held = { ...lifted, unboundMs: unboundMs(deps.config, operation) }
  const { grant, request } = await seal(deps, json, admission, held, plan)
  if (stagingNote !== undefined) await deps.stateStore.delete(stagingNote)
  return await submit(deps, json, admission, operation, grant, request)
}

async function seal(
  deps: Deps,
  call: Call,
  admission: Admission,
  lifted: LiftedRequest,
  { maxBytes }: SubmitPlan,
): Promise<{ grant: Grant; request: Uint8Array }> {
  try {
    await proveCaller(deps, call, admission)
    const session = await sessionOfCall(deps, call, admission)
    return await sealJob(deps, call, admission, { ...lifted, session }, maxBytes)
  } catch (error) {
    await discardStaged(deps, admission.endpoint, lifted)
    throw error
  }
}

async function submit(
  deps: Deps,
  call: Call,
  admission: Admission,
  operation: SubmitOperation,
  grant: Grant,
  request: Uint8Array,
): Promise<Reply> {
  const { endpoint, principal } = admission
  // Beside the request, which takes longer; a client that leaves meanwhile can still find the job.
  const noted = noteRequest(deps, grant)
  const response = await forward(deps, call, endpoint, principal, operation, request).catch(
    async (error: unknown) => {
      await noted
      await (isNotSent(error) ? dropJob(deps, grant) : leaveJob(deps, grant))
      throw error
    },
  )
  await noted
  const isRefused = response.status >= 400 && response.status < 500
  let isDecided = false
  let endedJob: string | undefined
  try {
    const answer = await cleanAnswer(deps, response, grant, {
      hold: true,
      ...(response.status === 200 && {
        onId: async (jobId) => {
          isDecided = true
          await bind(deps, call, admission, grant, jobId)
        },
        onEnd: withMissingOutput(deps, grant, async ({ id, status }) => {
          if (id === undefined) throw unbound('Upstream answered without a job id')
          if (await settleAnswered(deps, grant, status)) endedJob = id
        }),
      }),
    })
    isDecided ||= response.status === 200
    if (endedJob !== undefined) keepAnswer(deps, { ...grant, jobId: endedJob }, answer)
    return answer
  } finally {
    if (!isDecided) await (isRefused ? dropJob(deps, grant) : leaveJob(deps, grant))
  }
}

/**
 * Settles a job whose answer is at hand. A fault is logged, because a client that is refused would
 * submit, and pay for, the job again: its webhook or the next status settles it, and its keys end by
 * themselves.
 */
async function settleAnswered(deps: Deps, grant: Grant, status?: string): Promise<boolean> {
  try {
    return await settleJob(deps, grant, status)
  } catch (error) {
    const { endpointId: endpoint } = grant
    deps.log.write('error', { event: 'settle_failed', endpoint, reason: reasonOf(error) })
    deps.platform.waitUntil(leaveJob(deps, grant))
    return false
  }
}

/** Records the job's id, or cancels the job: never a job whose secrets nobody can scrub. */
async function bind(
  deps: Deps,
  call: Call,
  admission: Admission,
  grant: Grant,
  jobId: string,
): Promise<void> {
  try {
    await deps.grants.bind(call.endpointId, jobId, grant.grantId)
    const bound = await deps.grants.read(grant.grantId)
    if (bound?.overtaken) throw new Error('another job has its session or volume')
  } catch (cause) {
    const cancelled = await cancel(deps, call, admission, jobId)
    await (cancelled ? dropJob(deps, grant) : leaveJob(deps, grant))
    throw unbound(
      cancelled
        ? 'The job could not be recorded and was cancelled'
        : 'The job could not be recorded, nor cancelled',
      cause,
    )
  }
}

async function cancel(
  deps: Deps,
  call: Call,
  admission: Admission,
  jobId: string,
): Promise<boolean> {
  try {
    return (await cancelUpstream(deps, call, admission, jobId)) === 200
  } catch (error) {
    deps.log.write('error', { event: 'cancel_failed', reason: reasonOf(error) })
    return false
  }
}

function unbound(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('job_not_bound', detail, { retryAfterSeconds: 5, cause })
}

async function passOn(
  deps: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  operation: SubmitOperation,
  bytes?: Uint8Array,
): Promise<Reply> {
  return await untouched(deps, await forward(deps, call, endpoint, principal, operation, bytes))
}
