import { GatewayError } from '../errors.ts'
import type { Residue } from '../json/splicer.ts'
import { checkTarget } from '../webhooks/target.ts'
import type { Deps } from './deps.ts'

const decoder = new TextDecoder()

/** The members of the request itself that have a name; it may be there more than once. */
export function members(residue: Residue, name: string): Residue['members'][number][] {
  return residue.members.filter((member) => member.name === name && member.depth === 1)
}

/** A member's value; undefined where a payload was lifted out of it. */
export function valueAt(residue: Residue, { start, end }: { start: number; end: number }): unknown {
  try {
    return JSON.parse(decoder.decode(residue.bytes.subarray(start, end)))
  } catch {
    // A payload was lifted out of the value, so it is none that the gateway understands.
    return undefined
  }
}

/**
 * `webhook` as the request gives it, if it does.
 *
 * @throws {GatewayError} invalid_request, webhook_refused
 */
export async function readWebhook(
  deps: Pick<Deps, 'config' | 'platform'>,
  residue: Residue,
): Promise<string | undefined> {
  const last = members(residue, 'webhook').at(-1)
  if (last === undefined) return undefined
  const value: unknown = valueAt(residue, last)
  if (value === null || value === '') return undefined
  if (typeof value !== 'string') {
    throw new GatewayError('invalid_request', 'Cannot use a webhook that is no string', {
      pointer: '/webhook',
    })
  }
  const { url } = await checkTarget(value, {
    resolve: deps.platform.resolve,
    allowLoopback: deps.config.allowLoopbackWebhooks,
  })
  // It is put back into JSON as it stands here; the parser leaves backslashes in queries.
  return url.href.replaceAll('\\', '%5C')
}

/** `policy.ttl` as the request gives it, unchecked. */
export function readPolicyTtl(residue: Residue): unknown {
  const last = members(residue, 'policy').at(-1)
  const policy: unknown = last === undefined ? undefined : valueAt(residue, last)
  return typeof policy === 'object' && policy !== null && 'ttl' in policy ? policy.ttl : undefined
}
