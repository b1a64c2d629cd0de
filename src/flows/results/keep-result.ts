import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import type { Body, OutgoingBody, Reply } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { resultKey } from '../../store/keys.ts'
import { createStagedWriter } from '../../store/staged-writer.ts'
import type { ObjectStore } from '../../store/store.ts'
import { cleaning } from '../clean-answer.ts'
import type { Deps } from '../deps.ts'
import { isOver } from '../settle-job.ts'

/** What a webhook echoes and a status does not have. */
export const echoedMembers: readonly string[] = ['input', 'webhook']

const contentType = 'application/json'

/** Bytes of an answer that is kept at most: as many as are held at hand. */
const answerMaxBytes = 65_536

/**
 * Keeps what the platform's webhook says of a job that is over, in the shape of a status, until its
 * outputs expire; in place of what was kept of the same run before. `grant` is as fresh as can be, its
 * `retries` those of the run that is told of; `spooled` is the key of the scrubbed body in `store`.
 * Does nothing for a job that is not over, or was deleted.
 *
 * @throws {GatewayError} store_unavailable, busy; but where the client waits for the webhook, that
 *   goes on and the fault is logged
 */
export async function keepReceived(
  deps: Deps,
  grant: Grant,
  store: ObjectStore,
  spooled: string,
  status: string | undefined,
): Promise<void> {
  const key = keptKeyOf(grant)
  if (key === undefined || !isOver(status)) return
  try {
    const { status: answered, body } = await store.send({ method: 'GET', key: spooled })
    if (answered !== 200) {
      await body.cancel()
      throw new GatewayError('store_unavailable', 'Cannot read the webhook')
    }
    await write(deps, grant, key, body)
  } catch (error) {
    if (grant.webhook === undefined) throw error
    logFault(deps, error)
  }
}

async function write(deps: Deps, grant: Grant, key: string, body: Body): Promise<void> {
  const { config, platform, pool, stateStore } = deps
  const clean = await asResult(deps, grant, body)
  const writer = createStagedWriter({
    store: stateStore,
    pool,
    platform,
    partBytes: config.staging.partBytes,
    partsInFlight: config.staging.partsInFlight,
    name: () => ({ key, contentType }),
  })
  try {
    for (let chunk = await clean.read(); chunk !== undefined; chunk = await clean.read()) {
      await writer.write(chunk)
    }
    await writer.finish()
  } catch (error) {
    await clean.cancel(error)
    await writer.abort(error)
    throw error
  }
}

/** A webhook's body in the shape of a status. */
export async function asResult(deps: Deps, grant: Grant, body: Body): Promise<OutgoingBody> {
  return cleanBody(deps.platform, body, {
    ...(await cleaning(deps, [grant])),
    dropMembers: echoedMembers,
  })
}

/**
 * Keeps a short answer that was the first word of a job's end, where nothing of that run is kept yet:
 * beside the answer, which does not wait for it. A long one is left to the webhook.
 */
export function keepAnswer(deps: Deps, { grantId, jobId }: Grant, { body }: Reply): void {
  if (!(body instanceof Uint8Array) || body.length > answerMaxBytes) return
  // The answer's own may be given away with it.
  const bytes = body.slice()
  deps.platform.waitUntil(keep())

  async function keep(): Promise<void> {
    try {
      const grant = await deps.grants.read(grantId, { fresh: true })
      // Still at work: what was said is of the run before a retry.
      if (grant === undefined || grant.state === 'active') return
      const key = keptKeyOf({ ...grant, jobId: grant.jobId ?? jobId })
      if (key === undefined) return
      await deps.stateStore.put(key, bytes, { contentType, condition: 'absent' })
    } catch (error) {
      logFault(deps, error)
    }
  }
}

function logFault({ log }: Deps, error: unknown): void {
  log.write('warn', { event: 'keep_failed', reason: reasonOf(error) })
}

/** Where the result of a job's present run is kept; undefined for a job unknown yet, or deleted. */
export function keptKeyOf(job: {
  readonly day: string
  readonly endpointId: string
  readonly jobId?: string | undefined
  readonly retries?: number | undefined
  readonly deleted?: boolean | undefined
}): string | undefined {
  const { day, endpointId, jobId, retries = 0, deleted } = job
  return jobId === undefined || deleted ? undefined : resultKey(day, endpointId, jobId, retries)
}
