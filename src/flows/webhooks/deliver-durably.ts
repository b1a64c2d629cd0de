import type { Grant } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import type { StagedObject } from '../../store/staged-writer.ts'
import { type Attempt, afterAttempt, type Delivery } from '../../webhooks/delivery.ts'
import {
  createDeliveries,
  type Deliveries,
  type StoredDelivery,
} from '../../webhooks/stored-deliveries.ts'
import type { Deps } from '../deps.ts'
import { sendWebhook } from './send-webhook.ts'

/** Milliseconds without a byte in an attempt, as Standard Webhooks advises. */
const idleMs = 30_000

/** Milliseconds after the end of an attempt in which what became of it can still be written. */
const writingMs = 60_000

/** The deliveries of this gateway's state store. */
export function deliveriesOf({ stateStore, keyring }: Deps): Deliveries {
  return createDeliveries({ store: stateStore, keyring })
}

/**
 * Keeps a webhook and begins to send it beside the answer; false where the outcome is kept already,
 * and then its body is not needed a second time.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function keepWebhook(
  deps: Deps,
  grant: Grant,
  outcome: { messageId: string; url: string; storeId: string; object: StagedObject },
): Promise<boolean> {
  const now = deps.platform.now()
  const { grantId, day, endpointId, owner, webhookSigner: signer = owner } = grant
  const { messageId, url, storeId, object } = outcome
  const { key: bodyKey, bytes } = object
  const { stored, isNew } = await deliveriesOf(deps).keep({
    ...{ messageId, grantId, day, endpointId, signer, url, storeId, bodyKey, bytes },
    ...{ state: 'pending', createdAt: now, dueAt: now, attempts: 0 },
    claimedUntil: now + claimMs(deps),
  })
  if (isNew && stored !== undefined) deps.platform.waitUntil(attemptDelivery(deps, stored))
  // A write whose answer was lost looks like another's.
  return stored?.delivery.bodyKey === bodyKey
}

/** Milliseconds for which an attempt is one instance's. */
export function claimMs({ config }: Deps): number {
  return config.webhooks.attemptSeconds * 1000 + writingMs
}

/** Makes one attempt at a delivery that this instance has claimed, and writes what came of it. */
export async function attemptDelivery(deps: Deps, claimed: StoredDelivery): Promise<void> {
  const { delivery } = claimed
  const attempt = await tryOnce(deps, delivery)
  const after = afterAttempt(delivery, attempt, deps.platform.now(), Math.random())
  const isWritten = await deliveriesOf(deps).settle(claimed, after)
  const { messageId, endpointId: endpoint } = delivery
  const isDead = after.state !== 'pending' && after.state !== 'delivered'
  deps.log.write(isDead ? 'warn' : 'info', {
    event: isDead ? 'webhook_dead' : 'webhook_attempt',
    ...{ endpoint, messageId, attempts: after.attempts, status: attempt.status },
    state: isWritten ? after.state : 'taken over',
  })
}

async function tryOnce(deps: Deps, delivery: Delivery): Promise<Attempt> {
  const { storeId, bodyKey: key } = delivery
  const store = deps.store(storeId)
  const { limits, webhooks } = deps.config
  try {
    if (store === undefined) throw new TypeError(`There is no store ${storeId}`)
    return await sendWebhook(
      deps,
      { ...delivery, store, key },
      {
        idleTimeoutMs: Math.min(limits.idleTimeoutMs, idleMs),
        signal: AbortSignal.timeout(webhooks.attemptSeconds * 1000),
      },
    )
  } catch (error) {
    const { messageId, endpointId: endpoint } = delivery
    const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
    deps.log.write('info', { event: 'webhook_failed', endpoint, messageId, reason })
    return {}
  }
}

/**
 * Removes what is kept of a deleted job's webhooks: nothing more is sent.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function removeDeliveries(deps: Deps, grant: Grant): Promise<void> {
  const deliveries = deliveriesOf(deps)
  for (const { delivery } of await deliveries.ofJob(grant)) {
    await deliveries.remove(delivery)
    await deps.store(delivery.storeId)?.delete(delivery.bodyKey)
  }
}
