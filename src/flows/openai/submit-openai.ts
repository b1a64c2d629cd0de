import { onceBody } from '../../bytes/once-body.ts'
import type { EndpointConfig } from '../../config/config.ts'
import type { Grant } from '../../grants/grant.ts'
import { lifetimesOf } from '../../grants/ttl.ts'
import { renderResidue } from '../../json/render.ts'
import type { Reply } from '../../platform.ts'
import { isJobPrefix } from '../../store/keys.ts'
import { type Admission, admit, proveCaller } from '../admit.ts'
import { cleanAnswer } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { chooseAccess, withdrawAccess } from '../give-access.ts'
import { discardStaged, type LiftedRequest, liftPayloads } from '../lift-payloads.ts'
import { newGrant } from '../new-grant.ts'
import { openBody } from '../open-body.ts'
import { forward, isNotSent, passThrough, requirePassthrough, untouched } from '../pass-through.ts'
import { type LiftPlan, stillTooLarge, tooLarge } from '../plan-submit.ts'
import { readSmallBody } from '../read-small-body.ts'
import { dropJob, leaveJob } from '../settle-job.ts'
import { StandIns, standInsFor } from '../stand-ins.ts'

/** Milliseconds that the files of one request are there for, at least: as long as it may wait for its answer. */
const answerMs = 3_600_000

/** What in a small body concerns the gateway, in any spelling. */
const marker = /bulkway:|\\u/

/**
 * Takes a request of the OpenAI route: refs in it, and data URIs where the endpoint has them staged,
 * become links to the files, the answer is cleaned of them. Anything else goes on and comes back
 * untouched. There is no job whose end would be heard of: the links end by themselves.
 *
 * @throws {GatewayError} as `submitJob`, and as `passThrough`
 */
export async function submitOpenai(deps: Deps, call: Call, path: string): Promise<Reply> {
  if (call.body === undefined || !isPlainJson(call.headers)) {
    return await passThrough(deps, call, path)
  }
  const admission = await admit(deps, call)
  const { endpoint, principal } = admission
  requirePassthrough(principal)
  const passOn = async (bytes?: Uint8Array) =>
    untouched(deps, await forward(deps, call, endpoint, principal, path, bytes))

  const plan = planLift(endpoint, call)
  if (plan === undefined) return await passOn()
  let body = openBody(deps, call, principal) ?? call.body
  const size = call.contentLength ?? Number.POSITIVE_INFINITY
  if (size <= deps.config.limits.smallBodyBytes) {
    const bytes = await readSmallBody(deps, body)
    const isLifted = plan.lift && size > endpoint.stageMinBytes
    if (!isLifted && !marker.test(new TextDecoder('latin1').decode(bytes))) {
      return await passOn(bytes)
    }
    body = onceBody(bytes)
  } else {
    // No memory for a caller whom upstream does not know.
    await proveCaller(deps, call, admission)
  }
  const lifted = await liftPayloads(deps, { ...call, body }, admission, plan)
  if (lifted.staged.length + lifted.refs.length === 0) return await passOn(lifted.residue.bytes)
  const { grant, request } = await seal(deps, call, admission, lifted)
  return await submit(deps, call, admission, path, grant, request)
}

/** Undefined for what upstream may have its own opinion of: too large, and nothing is staged. */
function planLift(endpoint: EndpointConfig, call: Call): LiftPlan | undefined {
  const { as, runsyncMaxBytes: maxBytes } = endpoint
  const { contentLength: size, endpointId } = call
  const isOver = size === undefined || size > maxBytes
  if (as === undefined && size !== undefined && isOver) return undefined
  return {
    maxBytes,
    within: 'document',
    lift: as !== undefined && (isOver || endpoint.stage === 'always'),
    tooLarge: (actual) =>
      as === undefined
        ? tooLarge(endpointId, 'runsync', maxBytes, actual ?? maxBytes + 1)
        : stillTooLarge('runsync', maxBytes, actual),
  }
}

/** Audio is sent as a form, and there is nothing to look for in what is compressed. */
function isPlainJson(headers: Headers): boolean {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return (
    ['', 'identity'].includes(coding) && (type === 'application/json' || type.endsWith('+json'))
  )
}

/** Links go to whoever fetches them, so the request needs no keys. */
async function seal(
  deps: Deps,
  call: Call,
  admission: Admission,
  lifted: LiftedRequest,
): Promise<{ grant: Grant; request: Uint8Array }> {
  const { config, platform } = deps
  const { endpoint } = admission
  try {
    await proveCaller(deps, call, admission)
    const times = lifetimesOf({ ...config.access, now: platform.now(), ttl: answerMs })
    const access = await chooseAccess(deps, { ...endpoint, access: 'none' }, lifted, times)
    try {
      const mounts = access.mounts.filter(({ mode }) => mode === 'read')
      const unsealed = await newGrant(deps, call, admission, { ...access, mounts }, times)
      const standIns = new StandIns(deps, { grant: unsealed })
      const { texts, edits } = await standInsFor(lifted, standIns, () => 'url')
      const grant = { ...unsealed, secrets: standIns.secrets }
      const request = renderResidue(lifted.residue, texts, edits)
      await deps.grants.seal(grant)
      return { grant, request }
    } catch (error) {
      await withdrawAccess(deps, endpoint.storeId, access, undefined)
      throw error
    }
  } catch (error) {
    await discardStaged(deps, endpoint, lifted)
    throw error
  }
}

async function submit(
  deps: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  path: string,
  grant: Grant,
  request: Uint8Array,
): Promise<Reply> {
  const response = await forward(deps, call, endpoint, principal, path, request).catch(
    async (error: unknown) => {
      await (isNotSent(error) ? dropJob(deps, grant) : leaveJob(deps, grant))
      throw error
    },
  )
  const isRefused = response.status >= 400 && response.status < 500
  const hasFiles = grant.mounts.some(({ key }) => isJobPrefix(key))
  if (isRefused) deps.platform.waitUntil(dropJob(deps, grant))
  else if (hasFiles) deps.platform.waitUntil(leaveJob(deps, grant))
  return await cleanAnswer(deps, response, grant)
}
