import { GatewayError } from '../../errors.ts'
import type { OutgoingBody } from '../../platform.ts'
import type { ObjectStore } from '../../store/store.ts'
import { type Receipt, relay } from '../../webhooks/relay.ts'
import { signMessage } from '../../webhooks/sign-message.ts'
import type { SignerIds } from '../../webhooks/signing-secret.ts'
import { checkTarget } from '../../webhooks/target.ts'
import type { Deps } from '../deps.ts'

/** Bytes up to which a body is read once and held; a longer one is read to be signed, and again to be sent. */
const heldMaxBytes = 65_536

/** A webhook that is about to be sent. */
export interface OutgoingWebhook {
  readonly messageId: string
  readonly signer: SignerIds
  /** The client's own. */
  readonly url: string
  /** Where the scrubbed body lies, and how long it is. */
  readonly store: ObjectStore
  readonly key: string
  readonly bytes: number
}

/**
 * Makes one attempt to send a webhook: checks its target anew, signs it and posts it.
 *
 * @throws {GatewayError} webhook_refused, upstream_unreachable, store_unavailable
 */
export async function sendWebhook(
  deps: Deps,
  { messageId, signer, url, store, key, bytes }: OutgoingWebhook,
  { idleTimeoutMs = deps.config.limits.idleTimeoutMs, signal }: SendOptions = {},
): Promise<Receipt> {
  const { config, platform, keyring } = deps
  const target = await checkTarget(url, {
    resolve: platform.resolve,
    allowLoopback: config.allowLoopbackWebhooks,
  })
  const { signingKeys, ed25519MaxBytes } = config.webhooks
  const ed25519 = bytes <= ed25519MaxBytes ? signingKeys : []
  const isHeld = bytes <= heldMaxBytes || ed25519.length > 0
  const held = isHeld ? await readWhole(store, key, bytes) : undefined
  const signing = { platform, keyring, signer, ed25519, messageId }
  const headers = await signMessage({ ...signing, body: held ?? (await open(store, key, bytes)) })
  return await relay({
    platform,
    target,
    headers,
    body: held ?? (await open(store, key, bytes)),
    contentType: 'application/json',
    idleTimeoutMs,
    ...(signal === undefined ? {} : { signal }),
  })
}

/** How long an attempt may take. */
interface SendOptions {
  /** Milliseconds without a byte; as elsewhere by default. */
  readonly idleTimeoutMs?: number
  readonly signal?: AbortSignal
}

async function readWhole(store: ObjectStore, key: string, bytes: number): Promise<Uint8Array> {
  const object = await store.get(key, bytes)
  if (object?.bytes.length !== bytes) throw unreadable()
  return object.bytes
}

async function open(store: ObjectStore, key: string, bytes: number): Promise<OutgoingBody> {
  const { status, body } = await store.send({ method: 'GET', key })
  if (status !== 200) {
    await body.cancel()
    throw unreadable()
  }
  return { length: bytes, read: () => body.read(), cancel: (reason) => body.cancel(reason) }
}

function unreadable(): GatewayError {
  return new GatewayError('store_unavailable', 'Cannot read the webhook', { retryAfterSeconds: 5 })
}
