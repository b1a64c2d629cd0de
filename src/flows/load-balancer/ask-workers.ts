import type { IncomingResponse, OutgoingBody, Reply } from '../../platform.ts'
import type { UpstreamRequest } from '../../upstream/client.ts'
import { upstreamKey } from '../admit.ts'
import { cleanJoblessAnswer } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { untouched } from '../pass-through.ts'
import type { WorkersAdmission } from './admit-to-workers.ts'
import { withOwnLocation } from './own-location.ts'

/** Of a body that comes back as the worker sent it, parts and conditions mean what they say. */
const conditionalNames: readonly string[] = [
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]
const conditionalAnswerNames: readonly string[] = [
  'accept-ranges',
  'content-range',
  'etag',
  'last-modified',
  'vary',
]

/** How one request goes to the workers. */
export interface WorkersRequest extends Pick<UpstreamRequest, 'via'> {
  readonly path: string
  readonly body?: Uint8Array | OutgoingBody | undefined
  /** Whether its answer is cleaned: then it is asked for whole. */
  readonly cleaned: boolean
  readonly moreHeaders?: readonly string[]
}

/**
 * Sends one request to the workers of an endpoint.
 *
 * @throws {GatewayError} upstream_unreachable, not_found; what the body's own `read` throws
 */
export async function askWorkers(
  deps: Deps,
  call: Call,
  { base, endpoint, loadBalancer, principal }: WorkersAdmission,
  { path, body, cleaned, moreHeaders = [], via }: WorkersRequest,
): Promise<IncomingResponse> {
  const { headers, idleTimeoutMs } = loadBalancer
  const conditions = cleaned ? [] : conditionalNames
  const response = await deps.upstream.send({
    endpoint,
    endpointId: call.endpointId,
    base,
    path,
    method: call.method,
    search: call.search,
    headers: call.headers,
    key: upstreamKey(endpoint, principal),
    idempotent: call.method === 'GET' || call.method === 'HEAD',
    moreHeaders: ['last-event-id', ...conditions, ...headers, ...moreHeaders],
    idleTimeoutMs,
    ...(body === undefined ? {} : { body }),
    ...(via === undefined ? {} : { via }),
  })
  const own = `${deps.config.publicUrl}/lb/${call.endpointId}`
  return { ...response, headers: withOwnLocation(response.headers, base, own) }
}

/** Headers of a worker's answer that go to the client beside those that always do. */
export function answerNames({ loadBalancer }: WorkersAdmission): readonly string[] {
  return ['location', ...loadBalancer.headers]
}

/** Whether even an answer to a request of which nothing was staged is cleaned: of the gateway's own key. */
export function isCleaned({ principal }: WorkersAdmission): boolean {
  return principal.mode !== 'passthrough'
}

/** A worker's answer to a request of which nothing was staged. */
export async function passBack(
  deps: Deps,
  call: Call,
  admission: WorkersAdmission,
  response: IncomingResponse,
): Promise<Reply> {
  const names = answerNames(admission)
  return isCleaned(admission)
    ? await cleanJoblessAnswer(deps, response, call.endpointId, { moreHeaders: names })
    : await untouched(deps, response, [...names, ...conditionalAnswerNames])
}
