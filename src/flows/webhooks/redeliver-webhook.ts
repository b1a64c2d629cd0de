import { isOwner } from '../../auth/principal.ts'
import { GatewayError } from '../../errors.ts'
import type { Grant } from '../../grants/grant.ts'
import type { Reply } from '../../platform.ts'
import { cleanBody } from '../../scrub/clean.ts'
import { resultKey } from '../../store/keys.ts'
import type { Delivery } from '../../webhooks/delivery.ts'
import { messageIdOf } from '../../webhooks/message-id.ts'
import type { StoredDelivery } from '../../webhooks/stored-deliveries.ts'
import { admit, proveCaller } from '../admit.ts'
import { cleaning } from '../clean-answer.ts'
import type { Call, Deps } from '../deps.ts'
import { deliveriesOf } from './deliver-durably.ts'
import { type OutgoingWebhook, sendWebhook } from './send-webhook.ts'

/**
 * Sends a job's webhook once more, now, from what is kept: the very body of `webhooks.durable`, or else
 * the kept result. The answer tells what the receiver said. Its owner alone may ask.
 *
 * @throws {GatewayError} not_found, also where the job has no webhook or nothing is kept of its end;
 *   webhook_refused, upstream_unreachable, store_unavailable, unauthorized
 */
export async function redeliverWebhook(deps: Deps, call: Call, jobId: string): Promise<Reply> {
  const admission = await admit(deps, call)
  const found = await deps.grants.find(call.endpointId, jobId)
  const grant = found && (await deps.grants.read(found.grantId, { fresh: true }))
  if (grant === undefined || !(await isOwner(admission.principal, grant.owner))) {
    throw new GatewayError('not_found', 'Cannot find this job')
  }
  await proveCaller(deps, call, admission)
  const { webhook: url } = grant
  if (url === undefined) throw new GatewayError('not_found', 'The job has no webhook')
  if (grant.deleted) throw new GatewayError('not_found', 'The job was deleted')

  const kept = await lastDelivery(deps, grant)
  const outgoing =
    kept === undefined
      ? await fromResult(deps, { ...grant, jobId }, url)
      : fromDelivery(deps, kept.delivery)
  if (outgoing === undefined) {
    throw new GatewayError('not_found', 'Cannot send the webhook: nothing is kept of its outcome')
  }
  const { status } = await sendWebhook(deps, outgoing)
  const delivered = status >= 200 && status < 300
  if (delivered && kept !== undefined) await markDelivered(deps, kept, status)
  const content = { id: outgoing.messageId, delivered, status }
  const headers = new Headers({ 'content-type': 'application/json' })
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(content)) }
}

/** Of a job that was retried, the outcome that was kept last. */
async function lastDelivery(deps: Deps, grant: Grant): Promise<StoredDelivery | undefined> {
  const all = await deliveriesOf(deps).ofJob(grant)
  return all.sort((one, other) => one.delivery.createdAt - other.delivery.createdAt).at(-1)
}

/** One that is being tried meanwhile stays that instance's: its receiver tells the two by their id. */
async function markDelivered(deps: Deps, kept: StoredDelivery, status: number): Promise<void> {
  const { delivery } = kept
  const attempts = delivery.attempts + 1
  const after = { ...delivery, state: 'delivered' as const, attempts, lastStatus: status }
  await deliveriesOf(deps).settle(kept, after)
}

function fromDelivery(deps: Deps, delivery: Delivery): OutgoingWebhook | undefined {
  const store = deps.store(delivery.storeId)
  return store && { ...delivery, store, key: delivery.bodyKey }
}

async function fromResult(
  deps: Deps,
  grant: Grant & { readonly jobId: string },
  url: string,
): Promise<OutgoingWebhook | undefined> {
  const { day, endpointId, jobId, retries = 0, owner, webhookSigner: signer = owner } = grant
  const { stateStore: store } = deps
  const key = resultKey(day, endpointId, jobId, retries)
  const { status, body } = await store.send({ method: 'GET', key })
  if (status !== 200) {
    await body.cancel()
    if (status === 404) return undefined
    throw new GatewayError('store_unavailable', 'Cannot read the result that was kept')
  }
  let bytes = 0
  let outcome: string | undefined
  // Read for its status, which is part of the message's id.
  const facts = cleanBody(
    deps.platform,
    { ...body, read: async () => counted(await body.read()) },
    {
      ...(await cleaning(deps, [grant])),
      onEnd: async (end) => {
        outcome = end.status
      },
    },
  )
  while ((await facts.read()) !== undefined);
  const messageId = await messageIdOf(grant.grantId, retries, outcome)
  return { messageId, signer, url, store, key, bytes }

  function counted(chunk: Uint8Array | undefined): Uint8Array | undefined {
    bytes += chunk?.length ?? 0
    return chunk
  }
}
