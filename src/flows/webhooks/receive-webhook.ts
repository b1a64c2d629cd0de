import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import type { Body, Reply } from '../../platform.ts'
import { dayOf, deliveryDay, webhookPrefix } from '../../store/keys.ts'
import { messageIdOf } from '../../webhooks/message-id.ts'
import { readWebhookToken } from '../../webhooks/sealed-url.ts'
import type { Deps } from '../deps.ts'
import { echoedMembers, keepReceived, keptKeyOf } from '../results/keep-result.ts'
import { isOver, settleJob } from '../settle-job.ts'
import { spoolPlace } from '../volume/spool-place.ts'
import { keepWebhook } from './deliver-durably.ts'
import { sendWebhook } from './send-webhook.ts'
import { spoolWebhook } from './spool-webhook.ts'
import { mayBeEarlier, repeatsMs, toldRun } from './told-run.ts'

/**
 * Milliseconds after sealing during which only the submit response binds a job. After that the
 * webhook does: the instance that submitted may have died in between.
 */
const bindByAnswerMs = 5000

/**
 * Takes the platform's webhook of a job: checks that it is the job of the sealed grant, ends the
 * grant, and relays the scrubbed body to the client's own webhook. The answer is the client's, or 200
 * once the webhook is kept where `webhooks.durable` is set. The body waits in the store meanwhile, so
 * that it is never whole in memory and never half-relayed.
 *
 * @throws {GatewayError} not_found, forbidden, job_not_bound, body_too_large, store_unavailable,
 *   webhook_refused, upstream_unreachable
 */
export async function receiveWebhook(deps: Deps, sealed: string, body: Body): Promise<Reply> {
  const claim = await readWebhookToken(deps.keyring, sealed)
  const grant = claim && (await deps.grants.read(claim.grantId, { fresh: true }))
  const place = grant && spoolPlace(deps, grant)
  if (grant === undefined || place === undefined) {
    await body.cancel()
    throw new GatewayError('not_found', 'Cannot find the job of this webhook')
  }
  const { store, storeId } = place
  const resultKey = grant.webhook === undefined ? keptKeyOf(grant) : undefined
  if (resultKey !== undefined) return await keepOnly(deps, grant, resultKey, body)
  const isDurable = deps.config.webhooks.durable && grant.webhook !== undefined && !grant.deleted
  const lastDay = grant.retention === 'persistent' ? dayOfLastWord(deps, grant) : grant.day
  const day = isDurable ? deliveryDay(lastDay) : lastDay
  const folder = { day, grantId: deps.grants.newId(day) }
  const key = `${webhookPrefix(folder)}body.json`
  const spooled = await spoolWebhook(deps, grant, { store, key }, body)
  const { id, status } = spooled
  const object = await spooled.finish()
  let isKept = false
  try {
    const bound = await bindJob(deps, grant, id)
    await settleJob(deps, bound, status, deps.platform.now() - repeatsMs)
    const fresh = await freshly(deps, bound)
    const run = await toldRun(deps, fresh, status, { store, key: object.key })
    await keepReceived(deps, { ...fresh, retries: run }, store, object.key, status)
    const { webhook: url, owner, webhookSigner: signer = owner } = fresh
    if (url === undefined) return answered(200)
    const messageId = await messageIdOf(fresh.grantId, run, status)
    // Nothing is kept of a deleted job: what still comes of it is sent while the platform waits.
    if (isDurable && !fresh.deleted) {
      // A fault leaves it open whether it is: the body stays.
      isKept = true
      isKept = await keepWebhook(deps, bound, { messageId, url, storeId, object })
      return answered(200)
    }
    return answered((await sendWebhook(deps, { messageId, signer, url, store, ...object })).status)
  } finally {
    if (!isKept) {
      await store.delete(object.key).catch((error: unknown) => {
        // The sweep removes it; a failure here would have the platform deliver twice.
        deps.log.write('warn', { event: 'clean_up_failed', reason: reasonOf(error) })
      })
    }
  }
}

/** A body on its way goes with a day even where the rest of its job does not. */
function dayOfLastWord({ platform }: Deps, { writeExpiresAt }: Grant): string {
  return dayOf(Math.max(writeExpiresAt, platform.now()))
}

/** A webhook that nobody waits for: its body is written once, as the result. */
async function keepOnly(deps: Deps, grant: Grant, key: string, body: Body): Promise<Reply> {
  const target = { store: deps.stateStore, key, dropMembers: echoedMembers }
  const { id, status, finish, drop } = await spoolWebhook(deps, grant, target, body)
  const bound = await bindJob(deps, grant, id).catch(async (error: unknown) => {
    await drop(error)
    throw error
  })
  // Before the grant ends, so that its buffer is free again; a fault there leaves the result.
  const fresh = await freshly(deps, bound)
  const isKept = isOver(status) && !fresh.deleted && !mayBeEarlier(deps, fresh, status)
  await (isKept ? finish() : drop())
  await settleJob(deps, bound, status, deps.platform.now() - repeatsMs)
  return answered(200)
}

/** The grant as it is now, which may have been retried or deleted while the body came. */
async function freshly({ grants }: Deps, bound: Grant): Promise<Grant> {
  const { grantId, jobId } = bound
  const grant = (await grants.read(grantId, { fresh: true })) ?? bound
  return jobId === undefined ? grant : { ...grant, jobId }
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

function answered(status: number): Reply {
  return { status, headers: new Headers() }
}
