import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'
import type { AppEnv } from './call.ts'

/** Routes that are the gateway's to answer: by a wrong method or in another case they are none. */
const ownOperations =
  /^(run|runsync|status|status-sync|stream|cancel|retry|purge-queue|health|requests|uploads|jobs|batch|webhook-secrets)(\/|$)/i
const workerOperations = /^(job-|ping)/i

/**
 * The path below the endpoint, as upstream gets it, where every hop reads it as we do.
 *
 * @throws {GatewayError} not_found
 */
export function readRest(context: Context<AppEnv>): string {
  const [, , , ...segments] = context.req.path.split('/')
  const path = segments.join('/')
  const plain = /^[A-Za-z0-9._~-]+$/.test(segments[0] ?? '')
  if (!plain || workerOperations.test(path) || ownOperations.test(path) || isSlippery(path)) {
    throw new GatewayError('not_found', 'Cannot find this route')
  }
  return path
}

/** Whether a hop that decodes more often than we do could see dot segments or another path. */
function isSlippery(path: string): boolean {
  let decoded = path
  for (let times = 0; times < 3; times++) {
    if (hasDots(decoded)) return true
    try {
      decoded = decodeURIComponent(decoded)
    } catch {
      return true
    }
  }
  return hasDots(decoded) || decoded.includes('%')
}

function hasDots(path: string): boolean {
  return path.includes('\\') || /(^|\/)\.{1,2}([/;]|$)/.test(path)
}
