import { type Admission, upstreamKey } from './admit.ts'
import type { Call, Deps } from './deps.ts'

/**
 * Cancels a job at the platform; gives the status of its answer.
 * @throws {GatewayError} upstream_unreachable
 */
export async function cancelUpstream(
  deps: Deps,
  call: Call,
  { endpoint, principal }: Admission,
  jobId: string,
): Promise<number> {
  const answer = await deps.upstream.send({
    endpoint,
    endpointId: call.endpointId,
    path: `cancel/${encodeURIComponent(jobId)}`,
    method: 'POST',
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    key: upstreamKey(endpoint, principal),
    idempotent: true,
    body: new TextEncoder().encode('{}'),
  })
  await answer.body.cancel()
  return answer.status
}
