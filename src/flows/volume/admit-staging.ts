import { type Admission, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'

/**
 * Lets a request keep files: of a caller whom upstream knows, for workers that would find them.
 *
 * @throws {GatewayError} as `proveCaller`; misconfigured where the endpoint's workers mount another
 *   network volume than the one that is written to
 */
export async function admitStaging(deps: Deps, call: Call, admission: Admission): Promise<void> {
  await proveCaller(deps, call, admission)
  await deps.volumeCheck?.require(call.endpointId)
}
