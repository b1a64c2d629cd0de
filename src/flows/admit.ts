import type { Principal } from '../auth/authenticate.ts'
import { isOwner } from '../auth/principal.ts'
import type { EndpointConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Grant } from '../grants/grant.ts'
import type { Secret } from '../log.ts'
import type { Call, Deps } from './deps.ts'
import { requireLength } from './limit-body.ts'

/** Who calls which endpoint. */
export interface Admission {
  readonly endpoint: EndpointConfig
  readonly principal: Principal
  /** What the caller's own key is proved by, where it is not the endpoint's health. */
  readonly proof?: { readonly base: string; readonly path: string }
}

/**
 * Finds the endpoint and the caller, and refuses a body that announces more than the caller may send.
 *
 * @throws {GatewayError} not_found, unauthorized, auth_unavailable, body_too_large
 */
export async function admit(deps: Deps, call: Call): Promise<Admission> {
  const principal = await deps.authenticate(call.headers, call.endpointId)
  const endpoint = deps.config.endpoint(call.endpointId)
  if (endpoint === undefined) {
    throw new GatewayError('not_found', `Cannot find endpoint ${call.endpointId}`)
  }
  requireLength(call, principal)
  return { endpoint, principal }
}

/**
 * Lets only a job's owner at it; in passthrough mode the verdict is upstream's.
 *
 * @throws {GatewayError} not_found, also for a job without a grant
 */
export async function requireOwner(principal: Principal, grant: Grant | undefined): Promise<void> {
  if (principal.mode === 'passthrough') return
  if (grant !== undefined && (await isOwner(principal, grant.owner))) return
  throw new GatewayError('not_found', 'Cannot find this job')
}

/** The key that goes upstream, and whether its spelling is the client's own. */
export function upstreamKey(endpoint: EndpointConfig, principal: Principal): Secret {
  const key = principal.apiKey?.key ?? endpoint.upstreamKey
  if (key === undefined) {
    throw new GatewayError('misconfigured', 'The endpoint has no upstream key')
  }
  return key
}

/**
 * Proves a passthrough caller's key by upstream's own verdict, before anything is kept for it.
 *
 * @throws {GatewayError} unauthorized, not_found, busy, upstream_unreachable
 */
export async function proveCaller(deps: Deps, call: Call, admission: Admission): Promise<void> {
  const { endpoint, principal, proof } = admission
  const { apiKey } = principal
  if (principal.mode !== 'passthrough' || apiKey === undefined) return
  // One upstream's word for a key is not another's.
  const name = proof === undefined ? call.endpointId : `${call.endpointId} at ${proof.base}`
  const verdict = await deps.proof.prove(name, apiKey, async () => {
    const response = await deps.upstream.send({
      endpoint,
      endpointId: call.endpointId,
      path: 'health',
      ...proof,
      method: 'GET',
      search: '',
      headers: call.headers,
      key: upstreamKey(endpoint, principal),
      idempotent: true,
    })
    await response.body.cancel()
    return response.status
  })
  if (verdict.proven) return
  if (verdict.status === 404) {
    throw new GatewayError('not_found', `Cannot find endpoint ${call.endpointId}`)
  }
  if (verdict.status === 429) {
    throw new GatewayError('busy', 'Upstream limits the rate of this API key', {
      retryAfterSeconds: 2,
    })
  }
  throw new GatewayError('unauthorized', 'Upstream refuses this API key')
}
