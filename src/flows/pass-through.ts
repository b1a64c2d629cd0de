import type { Principal } from '../auth/authenticate.ts'
import { readCapped } from '../bytes/read-capped.ts'
import type { EndpointConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import {
  type Body,
  type IncomingResponse,
  NotSent,
  type OutgoingBody,
  type Reply,
} from '../platform.ts'
import { responseHeaders } from '../upstream/headers.ts'
import { admit, upstreamKey } from './admit.ts'
import { cleanJoblessAnswer } from './clean-answer.ts'
import type { Call, Deps } from './deps.ts'
import { limitBody } from './limit-body.ts'

/**
 * Sends a request on as it came and gives back the answer as it came; where the gateway's own key went
 * along, without that. But in passthrough mode, only operations that cannot show another principal's
 * jobs are let through.
 *
 * @throws {GatewayError} not_found, forbidden
 */
export async function passThrough(deps: Deps, call: Call, path: string): Promise<Reply> {
  const { endpoint, principal } = await admit(deps, call)
  if (path === 'purge-queue') requireAdmin(principal, path)
  else if (path !== 'health') requirePassthrough(principal)
  const response = await forward(deps, call, endpoint, principal, path)
  return principal.mode === 'passthrough'
    ? await untouched(deps, response)
    : await cleanJoblessAnswer(deps, response, call.endpointId)
}

/** @throws {GatewayError} forbidden, where the gateway's own key would be used for all jobs */
export function requireAdmin(principal: Principal, operation: string): void {
  if (principal.mode === 'passthrough' || principal.scopes.includes('admin')) return
  throw new GatewayError('forbidden', `Cannot use ${operation} without the admin scope`)
}

/** @throws {GatewayError} not_found, where the gateway's own key would be used in ways it cannot judge */
export function requirePassthrough(principal: Principal): void {
  if (principal.mode !== 'passthrough') {
    throw new GatewayError('not_found', 'Cannot find this route')
  }
}

/** Sends the call's own body to one upstream path. */
export async function forward(
  deps: Deps,
  call: Call,
  endpoint: EndpointConfig,
  principal: Principal,
  path: string,
  body: Uint8Array | OutgoingBody | undefined = bodyOf(call, principal),
): Promise<IncomingResponse> {
  return await deps.upstream.send({
    endpoint,
    endpointId: call.endpointId,
    path,
    method: call.method,
    search: call.search,
    headers: call.headers,
    key: upstreamKey(endpoint, principal),
    // A drained stream and a submitted job must not be asked for twice.
    idempotent: call.method === 'GET' && !path.startsWith('stream'),
    ...(body === undefined ? {} : { body }),
  })
}

/** Whether a fault of `forward` is certain to have left upstream untouched. */
export function isNotSent(error: unknown): boolean {
  return error instanceof GatewayError && error.facts.cause instanceof NotSent
}

/**
 * The answer as it came, `more` headers with it: a stream that nobody touches, or bytes where that is
 * cheaper.
 *
 * @throws {GatewayError} upstream_unreachable when a short answer breaks off
 */
export async function untouched(
  { platform }: Deps,
  response: IncomingResponse,
  more?: readonly string[],
): Promise<Reply> {
  const { status, body } = response
  const headers = responseHeaders(response.headers, { more })
  const length = Number(headers.get('content-length') ?? Number.NaN)
  if (!(length <= platform.holdBytes)) return { status, headers, body }
  const tooLong = () =>
    new GatewayError('upstream_unreachable', 'Upstream answered more than it announced')
  return { status, headers, body: await readCapped(body, length, tooLong) }
}

function bodyOf(call: Call, principal: Principal): (Body & OutgoingBody) | undefined {
  const body = limitBody(call, principal)
  const { contentLength } = call
  if (body === undefined || contentLength === 0) return undefined
  return {
    length: contentLength,
    read: () => body.read(),
    cancel: (reason) => body.cancel(reason),
    stream: () => body.stream(),
  }
}
