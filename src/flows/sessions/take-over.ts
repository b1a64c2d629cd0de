import { isOwner } from '../../auth/principal.ts'
import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import type { IncomingResponse } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { compileSecrets } from '../../scrub/scrubber.ts'
import { type Admission, upstreamKey } from '../admit.ts'
import type { Deps } from '../deps.ts'
import { endKeys } from '../give-access.ts'
import { isOver, settleJob } from '../settle-job.ts'

/**
 * Asks the platform about a job that somebody waits for, and settles it where it is over: its grant can
 * write no more then. Only the job's own key may ask, or the gateway's: to any other the platform may say
 * that there is no such job. A fault is logged and tells nothing.
 */
export async function lookAfter(
  deps: Deps,
  { principal }: Admission,
  holder: Grant,
): Promise<'forgotten' | undefined> {
  const { config, log, platform, upstream } = deps
  const { endpointId, jobId } = holder
  const endpoint = config.endpoint(endpointId)
  const mayAsk = principal.mode !== 'passthrough' || (await isOwner(principal, holder.owner))
  if (!mayAsk || endpoint === undefined || jobId === undefined) return undefined
  const askedAt = platform.now()
  try {
    const response = await upstream.send({
      endpoint,
      endpointId,
      path: `status/${encodeURIComponent(jobId)}`,
      method: 'GET',
      search: '',
      headers: new Headers({ accept: 'application/json' }),
      key: upstreamKey(endpoint, principal),
      idempotent: true,
    })
    const status = await statusIn(deps, response)
    if (response.status === 404 || response.status === 410) return 'forgotten'
    if (response.status !== 200 || !isOver(status)) return undefined
    if (await settleJob(deps, holder, status, askedAt)) noteTaken(deps, holder, status)
  } catch (error) {
    log.write('warn', { event: 'lease_holder_unknown', reason: reasonOf(error) })
  }
  return undefined
}

/** Ends the grant of a job that the platform has forgotten: it ended long ago, and nobody has asked. */
export async function endForgotten(deps: Deps, holder: Grant): Promise<void> {
  const ended = await deps.grants.update(holder.grantId, (grant) =>
    grant.state === 'ended'
      ? grant
      : { ...grant, state: 'ended', overtakenAt: deps.platform.now() },
  )
  if (ended !== undefined) await endKeys(deps, ended)
  noteTaken(deps, holder, 'forgotten')
}

function noteTaken({ log }: Deps, { endpointId }: Grant, status: string | undefined): void {
  log.write('info', { event: 'lease_taken_over', endpoint: endpointId, status })
}

/** The job's status in an answer, which is read to its end and kept nowhere. */
async function statusIn(
  { platform }: Deps,
  { status: code, body }: IncomingResponse,
): Promise<string | undefined> {
  if (code !== 200) {
    await body.cancel()
    return undefined
  }
  let found: string | undefined
  const read = cleanBody(platform, body, {
    secrets: compileSecrets([]),
    signedHosts: [],
    json: true,
    async onEnd({ status }) {
      found = status
    },
  })
  for (let chunk = await read.read(); chunk !== undefined; ) chunk = await read.read()
  return found
}
