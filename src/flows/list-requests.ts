import { onceBody } from '../bytes/once-body.ts'
import { readCapped } from '../bytes/read-capped.ts'
import { GatewayError } from '../errors.ts'
import type { Grant } from '../grants/grant.ts'
import type { Reply } from '../platform.ts'
import { isJobId } from '../upstream/endpoint-id.ts'
import { admit } from './admit.ts'
import { cleanWhole } from './batch/clean-whole.ts'
import { decodedAnswer } from './decoded-answer.ts'
import type { Call, Deps } from './deps.ts'
import { forward, requireAdmin, untouched } from './pass-through.ts'
import { settleJob } from './settle-job.ts'

/** Bytes of a listing at most: it names its jobs anywhere, so it is read whole before it is cleaned. */
const listingMaxBytes = 16 * 1024 * 1024

/** Jobs of a listing whose grants are looked up at once. */
const width = 16

/**
 * The platform's listing of jobs, which can show their inputs and outputs: cleaned of the secrets
 * of every job in it that has a grant, those that are over ended first.
 *
 * @throws {GatewayError} forbidden without the admin scope; upstream_unreachable for a listing that
 *   is too large
 */
export async function listRequests(deps: Deps, call: Call): Promise<Reply> {
  const { endpoint, principal } = await admit(deps, call)
  requireAdmin(principal, 'requests')
  const askedAt = deps.platform.now()
  const encoded = await forward(deps, call, endpoint, principal, 'requests')
  const response = await decodedAnswer(deps.platform, encoded)
  const bytes = await readCapped(response.body, listingMaxBytes, tooLarge)
  const jobs = jobsIn(bytes)
  const grants = await grantsOf(deps, call.endpointId, [...jobs.keys()])
  // Jobs without a grant of their own may be requests of a batch: nobody knows of which.
  const isAllBound = grants.length === jobs.size
  const notes = isAllBound ? [] : await deps.batches.notesOfEndpoint(call.endpointId)
  if (grants.length + notes.length === 0 && principal.mode === 'passthrough') {
    return await untouched(deps, { ...response, body: onceBody(bytes) })
  }
  for (const grant of grants) {
    await settleJob(deps, grant, jobs.get(grant.jobId ?? ''), askedAt)
  }
  return await cleanWhole(deps, response, bytes, grants, call.endpointId, notes)
}

/** The grants of those jobs that have one. */
export async function grantsOf(
  deps: Deps,
  endpointId: string,
  jobIds: readonly string[],
): Promise<Grant[]> {
  const grants: Grant[] = []
  for (let at = 0; at < jobIds.length; at += width) {
    const some = jobIds.slice(at, at + width)
    const found = await Promise.all(some.map((jobId) => deps.grants.find(endpointId, jobId)))
    for (const grant of found) if (grant !== undefined) grants.push(grant)
  }
  return grants
}

/** Ids and states of everything that looks like a job, wherever the listing has it. */
export function jobsIn(bytes: Uint8Array): Map<string, string | undefined> {
  const jobs = new Map<string, string | undefined>()
  let listing: unknown
  try {
    listing = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return jobs
  }
  const members = isRecord(listing) ? Object.values(listing).flat() : [listing].flat()
  for (const job of members) {
    if (!isRecord(job)) continue
    const { id, status } = job
    if (typeof id === 'string' && isJobId(id)) {
      jobs.set(id, typeof status === 'string' ? status : undefined)
    }
  }
  return jobs
}

function isRecord(value: unknown): value is { id?: unknown; status?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tooLarge(): GatewayError {
  return new GatewayError(
    'upstream_unreachable',
    `Cannot clean a listing of more than ${listingMaxBytes} bytes`,
  )
}
