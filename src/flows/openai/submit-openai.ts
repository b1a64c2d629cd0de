import { onceBody } from '../../bytes/once-body.ts'
import type { EndpointConfig } from '../../config/config.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import type { LiftRule } from '../../json/rules.ts'
import type { Reply } from '../../platform.ts'
import { isJobPrefix } from '../../store/keys.ts'
import { type Admission, admit, proveCaller } from '../admit.ts'
import { cleanAnswer, cleanJoblessAnswer } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { discardStaged, type LiftedRequest, liftPayloads } from '../lift-payloads.ts'
import { openBody } from '../open-body.ts'
import { forward, isNotSent, untouched } from '../pass-through.ts'
import { type LiftPlan, stillTooLarge, tooLarge } from '../plan-submit.ts'
import { readSmallBody } from '../read-small-body.ts'
import { sealLinks } from '../seal-links.ts'
import { refuseSession } from '../sessions/request-session.ts'
import { dropJob, leaveJob } from '../settle-job.ts'
import { linkParts, needsLinkPart } from './link-parts.ts'
import {
  continuingMembers,
  mayContinue,
  refuseContinuing,
  requireOwnOperation,
} from './operations.ts'

/** What in a small body concerns the gateway, in any spelling. */
const marker = /bulkway:|\\u/

/** A chat's audio is bare base64. */
const rules: readonly LiftRule[] = [
  { pointer: '/messages/*/content/*/input_audio/data', encoding: 'base64', bare: true },
]

/**
 * Takes a request of the OpenAI route: refs in it, and data URIs and audio where the endpoint has
 * them staged, become links to the files, the answer is cleaned of them. Anything else goes on as it
 * came. There is no job whose end would be heard of: the links end by themselves.
 *
 * @throws {GatewayError} as `submitJob`; not_found for operations that could show what is others'
 */
export async function submitOpenai(deps: Deps, call: Call, path: string): Promise<Reply> {
  const admission = await admit(deps, call)
  const { endpoint, principal } = admission
  refuseSession(deps, call, admission)
  requireOwnOperation(principal, call.method, path)
  const isContinuing = mayContinue(principal, call, path)
  async function passOn(bytes?: Uint8Array): Promise<Reply> {
    const response = await forward(deps, call, endpoint, principal, path, bytes)
    return principal.mode === 'passthrough'
      ? watched(await untouched(deps, response))
      : await cleanJoblessAnswer(deps, response, call.endpointId)
  }

  if (call.method !== 'POST' || call.body === undefined) return await passOn()
  const isPlain = isPlainJson(call.headers)
  if (!isPlain && isContinuing) {
    throw new GatewayError('unsupported_media_type', 'Send uncompressed application/json')
  }
  const plan = isPlain ? planLift(endpoint, call, isContinuing) : undefined
  if (plan === undefined) return await passOn()
  let body = openBody(deps, call, principal) ?? call.body
  const size = call.contentLength ?? Number.POSITIVE_INFINITY
  if (size <= deps.config.limits.smallBodyBytes) {
    const bytes = await readSmallBody(deps, body)
    const isRead = isContinuing || (plan.lift && size > endpoint.stageMinBytes)
    if (!isRead && !marker.test(new TextDecoder('latin1').decode(bytes))) {
      return await passOn(bytes)
    }
    body = onceBody(bytes)
  } else {
    // No memory for a caller whom upstream does not know.
    await proveCaller(deps, call, admission)
  }
  const lifted = await liftPayloads(deps, { ...call, body }, admission, plan)
  if (isContinuing) await requireNew(deps, endpoint, lifted)
  if (lifted.staged.length + lifted.refs.length === 0) return await passOn(lifted.residue.bytes)
  const hasParts = pointersOf(lifted).some(needsLinkPart)
  const { grant, request } = await sealLinks(
    deps,
    call,
    admission,
    lifted,
    hasParts ? linkParts : undefined,
  )
  return await submit(deps, call, admission, path, grant, request)
}

/** Read chunk by chunk, each in its time: a stream that a runtime relays by itself may hang for ever. */
function watched(reply: Reply): Reply {
  const { body, headers } = reply
  if (body === undefined || body instanceof Uint8Array) return reply
  // Workers decode what they read, and its length is another one then.
  if (headers.has('content-encoding')) return reply
  const length = headers.get('content-length')
  return {
    ...reply,
    body: {
      length: length === null ? undefined : Number(length),
      read: () => body.read(),
      cancel: (reason) => body.cancel(reason),
    },
  }
}

/** Undefined for what upstream may have its own opinion of: too large, and nothing is staged. */
function planLift(
  endpoint: EndpointConfig,
  call: Call,
  isContinuing: boolean,
): LiftPlan | undefined {
  const { as, runsyncMaxBytes: maxBytes } = endpoint
  const { contentLength: size, endpointId } = call
  const isOver = size === undefined || size > maxBytes
  if (as === undefined && size !== undefined && isOver && !isContinuing) return undefined
  return {
    maxBytes,
    within: 'document',
    rules,
    watchTop: isContinuing ? continuingMembers : [],
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

function pointersOf({ staged, refs }: LiftedRequest): string[] {
  return [...staged.map(({ payload }) => payload.pointer), ...refs.map(({ pointer }) => pointer)]
}

/** @throws {GatewayError} invalid_request; nothing staged stays behind */
async function requireNew(
  deps: Deps,
  endpoint: EndpointConfig,
  lifted: LiftedRequest,
): Promise<void> {
  try {
    refuseContinuing(lifted.residue)
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
