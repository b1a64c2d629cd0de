import { onceBody } from '../../bytes/once-body.ts'
import type { Grant } from '../../grants/grant.ts'
import type { Body, Reply } from '../../platform.ts'
import { isJobPrefix } from '../../store/keys.ts'
import { proveCaller } from '../admit.ts'
import { cleanAnswer } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { liftPayloads } from '../lift-payloads.ts'
import { openBody } from '../open-body.ts'
import { isNotSent } from '../pass-through.ts'
import type { LiftPlan } from '../plan-submit.ts'
import { readSmallBody } from '../read-small-body.ts'
import { sealLinks } from '../seal-links.ts'
import { dropJob, leaveJob } from '../settle-job.ts'
import { admitToWorkers, type WorkersAdmission } from './admit-to-workers.ts'
import { answerNames, askWorkers, isCleaned, passBack } from './ask-workers.ts'
import { limitUpload, tooLargeForWorkers } from './limit-upload.ts'

/** What in a small body concerns the gateway, in any spelling. */
const marker = /bulkway:|\\u/

/**
 * Passes a request of any method on to the workers of a load-balancing endpoint. In a JSON body refs,
 * data URIs and what the rules name become links to the files where the endpoint stages anything; the
 * answer is cleaned of them. There is no job: the links end by themselves.
 *
 * @throws {GatewayError} as `submitJob`; not_found where the endpoint has no load-balancing side
 */
export async function callWorkers(deps: Deps, call: Call, path: string): Promise<Reply> {
  const admission = await admitToWorkers(deps, call)
  const { endpoint, loadBalancer, principal } = admission
  const body = openBody(deps, call, principal)
  const cleaned = isCleaned(admission)
  async function passOn(sent: Uint8Array | undefined): Promise<Reply> {
    const upload = sent ?? limitUpload(body, call.contentLength, loadBalancer.maxBytes)
    const request = { path, body: upload, cleaned }
    return await passBack(deps, call, admission, await askWorkers(deps, call, admission, request))
  }

  if (body === undefined || endpoint.as === undefined || !isPlainJson(call.headers)) {
    return await passOn(undefined)
  }
  const plan = planLift(admission, call)
  let source: Body = body
  const size = call.contentLength ?? Number.POSITIVE_INFINITY
  if (size <= deps.config.limits.smallBodyBytes) {
    const bytes = await readSmallBody(deps, body)
    const isRead =
      (plan.lift && size > endpoint.stageMinBytes) ||
      loadBalancer.rules.some(({ stage }) => stage === true)
    if (!isRead && !marker.test(new TextDecoder('latin1').decode(bytes))) return await passOn(bytes)
    source = onceBody(bytes)
  } else {
    // No memory for a caller whom upstream does not know.
    await proveCaller(deps, call, admission)
  }
  // Rules of the endpoint lead into `input`, which there is none of here.
  const ruled = { ...admission, endpoint: { ...endpoint, rules: [] } }
  const lifted = await liftPayloads(deps, { ...call, body: source }, ruled, plan)
  if (lifted.staged.length + lifted.refs.length === 0) return await passOn(lifted.residue.bytes)
  const { grant, request } = await sealLinks(deps, call, admission, lifted)
  return await submit(deps, call, admission, { path, body: request, cleaned: true }, grant)
}

function planLift({ endpoint, loadBalancer }: WorkersAdmission, call: Call): LiftPlan {
  const { maxBytes } = loadBalancer
  const { contentLength: size } = call
  const isOver = size === undefined || size > maxBytes
  return {
    maxBytes,
    within: 'document',
    rules: loadBalancer.rules.map((rule) => ({ ...rule, bare: true })),
    lift: isOver || endpoint.stage === 'always',
    tooLarge: (actual) => tooLargeForWorkers(maxBytes, actual),
  }
}

/** There is nothing to look for in a form or in what is compressed. */
function isPlainJson(headers: Headers): boolean {
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  const isPlain = ['', 'identity'].includes(coding)
  return isPlain && (type === 'application/json' || type.endsWith('+json'))
}

async function submit(
  deps: Deps,
  call: Call,
  admission: WorkersAdmission,
  request: Parameters<typeof askWorkers>[3],
  grant: Grant,
): Promise<Reply> {
  const response = await askWorkers(deps, call, admission, request).catch(
    async (error: unknown) => {
      await (isNotSent(error) ? dropJob(deps, grant) : leaveJob(deps, grant))
      throw error
    },
  )
  const isRefused = response.status >= 400 && response.status < 500
  const hasFiles = grant.mounts.some(({ key }) => isJobPrefix(key))
  if (isRefused) deps.platform.waitUntil(dropJob(deps, grant))
  else if (hasFiles) deps.platform.waitUntil(leaveJob(deps, grant))
  return await cleanAnswer(deps, response, grant, { moreHeaders: answerNames(admission) })
}
