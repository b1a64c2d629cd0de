import { encodeBase32 } from '../bytes/base32.ts'

/**
 * `webhook-id` of a job's outcome: the same however often the platform tells it, another one for the
 * outcome of another run; `run` is how often the job had been retried before.
 */
export async function messageIdOf(
  grantId: string,
  run: number,
  status: string | undefined,
): Promise<string> {
  const text = new TextEncoder().encode(`${grantId} ${run} ${status ?? ''}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  // Neither a full stop, which separates what is signed, nor anything that tells of the grant.
  return `msg_${encodeBase32(digest.subarray(0, 16)).toLowerCase()}`
}
