import type { Principal } from '../auth/authenticate.ts'
import { readAnnouncedDigests } from '../bytes/announced-digests.ts'
import { createCheckedBody } from '../bytes/checked-body.ts'
import type { Body } from '../platform.ts'
import type { Call, Deps } from './deps.ts'
import { limitBody } from './limit-body.ts'

/**
 * The body of a call, no longer than its caller may send and of the digests that are announced for
 * it: where it is not, its end is a GatewayError `digest_mismatch`.
 *
 * @throws {GatewayError} as `limitBody`; invalid_request for digests that cannot be read
 */
export function openBody(
  { platform }: Pick<Deps, 'platform'>,
  call: Call,
  principal: Principal,
): Body | undefined {
  const digests = readAnnouncedDigests(call.headers)
  const body = limitBody(call, principal)
  return body === undefined || digests.length === 0
    ? body
    : createCheckedBody(body, digests, platform)
}
