import { isOwner } from '../../auth/principal.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import type { IncomingResponse } from '../../platform.ts'
import { resultKey } from '../../store/keys.ts'
import { type Admission, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'

/** An answer about a job: upstream's, or what was kept of it. */
export interface JobAnswer {
  readonly response: IncomingResponse
  readonly isKept: boolean
}

/**
 * Upstream's answer about a job, or the result that was kept where upstream has forgotten the job
 * (404, 410) or is in trouble (5xx, unreachable). Only its owner gets what was kept, so another key
 * of the same account sees what upstream says.
 *
 * @throws {GatewayError} what `ask` throws, where nothing is kept; store_unavailable
 */
export async function askOrRecall(
  deps: Deps,
  call: Call,
  admission: Admission,
  grant: Grant,
  ask: () => Promise<IncomingResponse>,
): Promise<JobAnswer> {
  let response: IncomingResponse | undefined
  let fault: unknown
  try {
    response = await ask()
  } catch (error) {
    if (!isUnreachable(error)) throw error
    fault = error
  }
  const status = response?.status ?? 502
  const isGone = status === 404 || status === 410
  const kept =
    (isGone || status >= 500) && (await mayRecall(deps, call, admission, grant))
      ? await recall(deps, grant, isGone)
      : undefined
  if (kept !== undefined) {
    await response?.body.cancel()
    deps.log.write('info', { event: 'result_recalled', endpoint: call.endpointId, status })
    return { response: kept, isKept: true }
  }
  if (response === undefined) throw fault
  return { response, isKept: false }
}

/** Whether the result may be shown to the caller: upstream's answer stands where it may not. */
async function mayRecall(
  deps: Deps,
  call: Call,
  admission: Admission,
  grant: Grant,
): Promise<boolean> {
  // Upstream has no verdict on a forgotten job, and knows the keys of strangers to a public endpoint.
  if (!(await isOwner(admission.principal, grant.owner))) return false
  try {
    await proveCaller(deps, call, admission)
    return true
  } catch (error) {
    if (error instanceof GatewayError) return false
    throw error
  }
}

async function recall(
  deps: Deps,
  { grantId, jobId }: Grant,
  isGone: boolean,
): Promise<IncomingResponse | undefined> {
  const grant = await deps.grants.read(grantId, { fresh: true })
  if (grant === undefined || jobId === undefined || grant.deleted) return undefined
  // It may be at work again while upstream cannot be asked.
  if (!isGone && grant.state === 'active') return undefined
  if (deps.platform.now() > grant.readExpiresAt) return undefined
  const key = resultKey(grant.day, grant.endpointId, jobId, grant.retries ?? 0)
  const { status, body } = await deps.stateStore.send({ method: 'GET', key })
  if (status === 200) {
    return { status, headers: new Headers({ 'content-type': 'application/json' }), body }
  }
  await body.cancel()
  if (status === 404) return undefined
  throw new GatewayError('store_unavailable', 'Cannot read the result that was kept', {
    retryAfterSeconds: 2,
    cause: new Error(`The state store answered ${status}`),
  })
}

function isUnreachable(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'upstream_unreachable'
}
