import { decodeBase32, encodeBase32 } from '../bytes/base32.ts'
import type { Keyring } from '../config/keyring.ts'
import { openBytes, sealBytes } from '../config/sealed-bytes.ts'

const grantBytes = 16

/**
 * The `{sealed}` of a job's webhook URL. The same for the same grant and kid, so that it can be
 * scrubbed later; undefined for an unknown kid or a malformed grant id.
 */
export async function makeWebhookToken(
  keyring: Keyring,
  kid: string,
  grantId: string,
): Promise<string | undefined> {
  const id = decodeBase32(grantId)
  if (id?.length !== grantBytes) return undefined
  return await sealBytes(keyring, kid, 'webhook-link', id)
}

/** The grant that a webhook URL is for; undefined when the gateway never made it. */
export async function readWebhookToken(
  keyring: Keyring,
  token: string,
): Promise<{ grantId: string } | undefined> {
  const id = await openBytes(keyring, 'webhook-link', token)
  if (id?.length !== grantBytes) return undefined
  return { grantId: encodeBase32(id).toLowerCase() }
}
