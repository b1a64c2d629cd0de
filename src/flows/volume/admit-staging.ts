import { type Admission, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import type { LiftedRequest } from '../lift-payloads.ts'

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

/**
 * Holds a request that names anything of the volume to the same: an upload, a directory, what was
 * staged. A job without any runs wherever its workers are.
 *
 * @throws {GatewayError} misconfigured
 */
export async function requireVolumes(
  deps: Pick<Deps, 'volumeCheck'>,
  { endpointId }: Call,
  { staged, refs, directories = [], session }: LiftedRequest,
): Promise<void> {
  const named = staged.length + refs.length + directories.length
  if (named > 0 || session !== undefined) await deps.volumeCheck?.require(endpointId)
}
