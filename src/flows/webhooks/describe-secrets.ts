import type { Reply } from '../../platform.ts'
import { publicKeysOf } from '../../webhooks/ed25519.ts'
import { signerIds, signingSecrets } from '../../webhooks/signing-secret.ts'
import { admit, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'

/**
 * Tells a caller what its webhooks are signed with: its own secrets, and the public keys of the gateway.
 *
 * @throws {GatewayError} unauthorized, not_found, busy, upstream_unreachable
 */
export async function describeWebhookSecrets(deps: Deps, call: Call): Promise<Reply> {
  const admission = await admit(deps, call)
  await proveCaller(deps, call, admission)
  const { keyring, config } = deps
  const ids = await admission.principal.ids()
  const secrets = await signingSecrets(keyring, signerIds(keyring, ids))
  const publicKeys = await publicKeysOf(config.webhooks.signingKeys)
  const content = {
    secrets: secrets.map((secret) => `whsec_${encode(secret)}`),
    publicKeys: publicKeys.map((key) => `whpk_${encode(key)}`),
  }
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(content)) }
}

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
