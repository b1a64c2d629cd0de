import { encodeBase32 } from '../bytes/base32.ts'
import type { Grant } from '../grants/grant.ts'

/**
 * `webhook-id` of a job's outcome: the same however often the platform tells it, another one for the
 * outcome of another run. `isEarly`: the outcome may be of the run before the last retry.
 */
export async function messageIdOf(
  { grantId, wokenAt = 0 }: Pick<Grant, 'grantId' | 'wokenAt'>,
  status: string | undefined,
  isEarly: boolean,
): Promise<string> {
  const run = isEarly ? `before ${wokenAt}` : `${wokenAt}`
  const text = new TextEncoder().encode(`${grantId} ${run} ${status ?? ''}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  // Neither a full stop, which separates what is signed, nor anything that tells of the grant.
  return `msg_${encodeBase32(digest.subarray(0, 16)).toLowerCase()}`
}
