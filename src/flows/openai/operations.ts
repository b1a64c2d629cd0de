import type { Principal } from '../../auth/authenticate.ts'
import { GatewayError } from '../../errors.ts'
import type { Residue } from '../../json/splicer.ts'
import type { Call } from '../deps.ts'
import { members, valueAt } from '../request-members.ts'

/**
 * Operations that show nothing but what comes of their own request: all callers with keys or tokens
 * of the gateway share one key upstream, and what is kept there (files, batches, stored responses,
 * assistants) has no owner that the gateway could know.
 */
const ownPosts = new RegExp(
  `^openai/(v[12]/)?(${[
    'chat/completions',
    'completions',
    'embeddings',
    'responses',
    'images/(generations|edits|variations)',
    'audio/(speech|transcriptions|translations)',
    'rerank',
    'score',
    'moderations',
  ].join('|')})$`,
)
/** Names of models may have a slash in them. */
const ownGets = /^openai\/(v1\/)?models(\/[^/]+){0,2}$/

/** @throws {GatewayError} not_found, where the gateway's own key would be used in ways it cannot judge */
export function requireOwnOperation(principal: Principal, method: string, path: string): void {
  if (principal.mode === 'passthrough') return
  const own = method === 'POST' ? ownPosts : method === 'GET' ? ownGets : undefined
  if (!own?.test(path)) throw new GatewayError('not_found', 'Cannot find this route')
}

/** Members of a response's request by which it goes on where a stored one has ended, or takes a stored prompt. */
export const continuingMembers: readonly string[] = [
  'previous_response_id',
  'conversation',
  'prompt',
]

/** Whether a request may name what is somebody else's, so that its body must be read. */
export function mayContinue(principal: Principal, call: Call, path: string): boolean {
  return principal.mode !== 'passthrough' && call.method === 'POST' && path.endsWith('/responses')
}

/**
 * Refuses a request that goes on where a stored response ended, or that takes a stored prompt.
 *
 * @throws {GatewayError} invalid_request
 */
export function refuseContinuing(residue: Residue): void {
  for (const name of continuingMembers) {
    const values = members(residue, name).map((member) => valueAt(residue, member))
    if (values.every((value) => value === null)) continue
    const detail = `Cannot use "${name}" here: whose it is cannot be told; send what it stands for`
    throw new GatewayError('invalid_request', detail, { pointer: `/${name}` })
  }
}
