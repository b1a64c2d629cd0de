import type { components } from '../../contract/types.gen.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import type { Reply } from '../../platform.ts'
import { grantOfRequest } from '../../store/keys.ts'
import { admit, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'
import { isRequestId, notePrefixes } from './request-id.ts'

type FoundJobs = components['schemas']['FoundJobs']

/** Jobs that are told at most; a request id is to be of one. */
const mostJobs = 20

/** Notes that are looked at for them, in no order of time. */
const mostNotes = 200

/** Grants that are read at once: Workers have six connections. */
const atOnce = 4

/** Seconds after which a job whose id is not known yet may be asked for again. */
const retryAfterSeconds = 2

/**
 * Tells the jobs that the caller has submitted under one `X-Request-ID`, the latest 20, the
 * latest first: for a client that has not heard the job id, because it left before the answer came. A job is without an
 * id as long as the platform has not said it; one that was passed on untouched is not known here.
 *
 * @throws {GatewayError} invalid_request without a request id; unauthorized, store_unavailable
 */
export async function findJobs(deps: Deps, call: Call): Promise<Reply> {
  const admission = await admit(deps, call)
  const requestId = new URLSearchParams(call.search).get('requestId') ?? ''
  if (!isRequestId(requestId)) {
    throw new GatewayError('invalid_request', 'Say which request: requestId of 1 to 256 characters')
  }
  await proveCaller(deps, call, admission)
  const prefixes = await notePrefixes(admission.principal, call.endpointId, requestId)
  const pages = await Promise.all(prefixes.map((prefix) => grantIds(deps, prefix)))
  const grants = await readAll(deps, pages.flat().slice(0, mostNotes))
  const jobs = grants
    .sort((one, other) => other.createdAt - one.createdAt)
    .slice(0, mostJobs)
    .map(({ jobId, createdAt }) => ({
      ...(jobId !== undefined && { id: jobId }),
      submittedAt: new Date(createdAt).toISOString(),
    }))
  const found: FoundJobs = { requestId, jobs }
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  if (jobs.some(({ id }) => id === undefined)) headers.set('retry-after', `${retryAfterSeconds}`)
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(found)) }
}

async function grantIds({ stateStore }: Deps, prefix: string): Promise<string[]> {
  const { objects } = await stateStore.list(prefix, { maxKeys: mostNotes })
  return objects.map(({ key }) => grantOfRequest(key)).filter((id) => id !== undefined)
}

async function readAll(deps: Deps, ids: readonly string[]): Promise<Grant[]> {
  const grants: Grant[] = []
  for (let at = 0; at < ids.length; at += atOnce) {
    const found = await Promise.all(ids.slice(at, at + atOnce).map((id) => read(deps, id)))
    for (const grant of found) if (grant !== undefined && !grant.deleted) grants.push(grant)
  }
  return grants
}

/** The grant; none where its master key is retired: the others are there all the same. */
async function read({ grants }: Deps, grantId: string): Promise<Grant | undefined> {
  try {
    return await grants.read(grantId, { fresh: true })
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_found') return undefined
    throw error
  }
}
