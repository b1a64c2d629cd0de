import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { readChunk } from '../../intake/stage-json.ts'
import { reasonOf } from '../../log.ts'
import type { Body, OutgoingBody, Reply } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { webhookPrefix } from '../../store/keys.ts'
import { createStagedWriter, type StagedObject } from '../../store/staged-writer.ts'
import type { ObjectStore } from '../../store/store.ts'
import { relay } from '../../webhooks/relay.ts'
import { readWebhookToken } from '../../webhooks/sealed-url.ts'
import { checkTarget } from '../../webhooks/target.ts'
import { cleaning } from '../clean-answer.ts'
import type { Deps } from '../deps.ts'
import { withMissingOutput } from '../missing-output.ts'
import { keepReceived } from '../results/keep-result.ts'
import { settleJob } from '../settle-job.ts'

/**
 * Milliseconds after sealing during which only the submit response binds a job. After that the
 * webhook does: the instance that submitted may have died in between.
 */
const bindByAnswerMs = 5000

/**
 * Milliseconds within which the platform repeats a webhook: a failure that comes so soon after a
 * retry may be the old run's.
 */
const repeatsMs = 60_000

/** A webhook body in the store, and what it says of its job. */
interface Received {
  readonly object: StagedObject
  readonly id: string | undefined
  readonly status: string | undefined
}

/**
 * Takes the platform's webhook of a job: checks that it is the job of the sealed grant, ends the
 * grant, relays the scrubbed body to the client's own webhook and answers as the client does.
 * The body waits in the store meanwhile, so that it is never whole in memory and never half-relayed.
 *
 * @throws {GatewayError} not_found, forbidden, job_not_bound, body_too_large, store_unavailable,
 *   webhook_refused, upstream_unreachable
 */
export async function receiveWebhook(deps: Deps, sealed: string, body: Body): Promise<Reply> {
  const claim = await readWebhookToken(deps.keyring, sealed)
  const grant = claim && (await deps.grants.read(claim.grantId, { fresh: true }))
  const store = grant && deps.store(grant.storeId)
  if (grant === undefined || store === undefined) {
    await body.cancel()
    throw new GatewayError('not_found', 'Cannot find the job of this webhook')
  }
  const received = await spool(deps, grant, store, body)
  try {
    const bound = await bindJob(deps, grant, received.id)
    await settleJob(deps, bound, received.status, deps.platform.now() - repeatsMs)
    await keepReceived(deps, bound, store, received.object.key, received.status)
    if (grant.webhook === undefined) return received200()
    return await deliver(deps, grant.webhook, store, received.object)
  } finally {
    await store.delete(received.object.key).catch((error: unknown) => {
      // The sweep removes it; a failure here would have the platform deliver twice.
      deps.log.write('warn', { event: 'clean_up_failed', reason: reasonOf(error) })
    })
  }
}

/** Writes the scrubbed body to a folder that no key of a job reaches; the sweep finds it after a crash. */
async function spool(deps: Deps, grant: Grant, store: ObjectStore, body: Body): Promise<Received> {
  const { config, platform, pool } = deps
  let id: string | undefined
  let status: string | undefined
  const source: Body = { ...body, read: () => readChunk(body) }
  const clean = cleanBody(platform, source, {
    ...(await cleaning(deps, [grant])),
    onEnd: withMissingOutput(deps, grant, async (facts) => {
      id = facts.id
      status = facts.status
    }),
  })
  const { day } = grant
  const folder = { day, grantId: deps.grants.newId(day) }
  const key = `${webhookPrefix(folder)}body.json`
  const writer = createStagedWriter({
    store,
    pool,
    platform,
    partBytes: config.staging.partBytes,
    partsInFlight: config.staging.partsInFlight,
    name: () => ({ key, contentType: 'application/json' }),
  })
  let bytes = 0
  try {
    for (;;) {
      const chunk = await clean.read()
      if (chunk === undefined) break
      bytes += chunk.length
      if (bytes > config.limits.webhookMaxBytes) throw tooLarge(config.limits.webhookMaxBytes)
      await writer.write(chunk)
    }
    return { object: await writer.finish(), id, status }
  } catch (error) {
    await clean.cancel(error)
    await writer.abort(error)
    throw error
  }
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('body_too_large', `Cannot take a webhook body over ${limit} bytes`, {
    limitName: 'webhookMaxBytes',
    limit,
  })
}

async function bindJob(deps: Deps, grant: Grant, jobId: string | undefined): Promise<Grant> {
  if (jobId === undefined) {
    throw new GatewayError('invalid_request', 'Cannot take a webhook body without a job id')
  }
  if (grant.jobId === undefined) {
    if (deps.platform.now() - grant.createdAt < bindByAnswerMs) {
      throw new GatewayError('job_not_bound', 'The job is not recorded yet', {
        retryAfterSeconds: 10,
      })
    }
    await deps.grants.bind(grant.endpointId, jobId, grant.grantId)
    return { ...grant, jobId }
  }
  if (grant.jobId !== jobId) {
    deps.log.write('warn', { event: 'webhook_for_another_job', endpoint: grant.endpointId })
    throw new GatewayError('forbidden', 'The body is of another job')
  }
  return grant
}

async function deliver(
  deps: Deps,
  webhook: string,
  store: ObjectStore,
  object: StagedObject,
): Promise<Reply> {
  const { config, platform } = deps
  const target = await checkTarget(webhook, {
    resolve: platform.resolve,
    allowLoopback: config.allowLoopbackWebhooks,
  })
  const stored = await store.send({ method: 'GET', key: object.key })
  if (stored.status !== 200) throw new GatewayError('store_unavailable', 'Cannot read the webhook')
  const body: OutgoingBody = {
    length: object.bytes,
    read: () => stored.body.read(),
    cancel: (reason) => stored.body.cancel(reason),
  }
  const status = await relay({
    platform,
    target,
    body,
    contentType: 'application/json',
    idleTimeoutMs: config.limits.idleTimeoutMs,
  })
  return { status, headers: new Headers() }
}

function received200(): Reply {
  return { status: 200, headers: new Headers() }
}
