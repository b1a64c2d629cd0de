import type { LoadBalancerConfig } from '../../config/config.ts'
import { endpointIdMark } from '../../config/read-load-balancer.ts'
import { GatewayError } from '../../errors.ts'
import { type Admission, admit } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { refuseSession } from '../sessions/request-session.ts'

/** Who calls the workers of which endpoint, and where they are. */
export interface WorkersAdmission extends Admission {
  readonly loadBalancer: LoadBalancerConfig
  /** URL below which the workers' own paths lie, without a trailing slash. */
  readonly base: string
}

/** An id that can be a part of a host name, and nothing else there. */
const label = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/

/**
 * Finds the load-balancing side of an endpoint and its caller.
 *
 * @throws {GatewayError} as `admit`; not_found where the endpoint has no such side
 */
export async function admitToWorkers(deps: Deps, call: Call): Promise<WorkersAdmission> {
  const admission = await admit(deps, call)
  refuseSession(deps, call, admission)
  const { loadBalancer } = admission.endpoint
  const { endpointId } = call
  if (loadBalancer === undefined || !label.test(endpointId)) {
    const detail = `Cannot find workers behind a load balancer at endpoint ${endpointId}`
    throw new GatewayError('not_found', detail)
  }
  const base = loadBalancer.upstream.replaceAll(endpointIdMark, endpointId)
  return {
    ...admission,
    loadBalancer,
    base,
    ...(loadBalancer.proof === 'ping' && { proof: { base, path: 'ping' } }),
  }
}
