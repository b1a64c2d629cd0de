import type { Config, KeyConfig } from '../config/config.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import { encodeHex, isSameText } from '../sigv4/encode.ts'
import { type ApiKey, readApiKey } from './api-key.ts'
import { type Principal, principalIds } from './principal.ts'

export type { Principal } from './principal.ts'

/**
 * Tells who calls an endpoint, from the headers alone: nothing is asked of upstream.
 *
 * @throws {GatewayError} unauthorized; not_found for an endpoint that the key is not for, so that
 *   nobody learns which endpoints exist
 */
export type Authenticator = (headers: Headers, endpointId: string) => Promise<Principal>

/** Makes the authenticator of the configured mode. */
export function createAuthenticator(options: {
  readonly auth: Config['auth']
  readonly keyring: Keyring
}): Authenticator {
  const { auth, keyring } = options

  return async function authenticate(headers, endpointId) {
    const apiKey = readApiKey(headers)
    if (apiKey === undefined) {
      throw new GatewayError('unauthorized', 'Send an API key in the Authorization header')
    }
    if (auth.mode === 'passthrough') return passthroughPrincipal(keyring, apiKey)
    if (auth.mode === 'jwt') {
      throw new GatewayError('misconfigured', 'Cannot check tokens of an identity provider yet')
    }
    return await keyPrincipal(auth.keys, apiKey, endpointId)
  }
}

function passthroughPrincipal(keyring: Keyring, apiKey: ApiKey): Principal {
  const ids = () => principalIds(keyring, apiKey.key)
  return { ids, mode: 'passthrough', apiKey, scopes: ['admin'] }
}

async function keyPrincipal(
  keys: readonly KeyConfig[],
  { key }: ApiKey,
  endpointId: string,
): Promise<Principal> {
  const known = await findKey(keys, key.reveal())
  if (known === undefined) throw new GatewayError('unauthorized', 'Use a valid API key')
  if (!known.endpoints.includes('*') && !known.endpoints.includes(endpointId)) {
    // The very words of an endpoint that is not configured.
    throw new GatewayError('not_found', `Cannot find endpoint ${endpointId}`)
  }
  return { ids: async () => [`n:${known.name}`], mode: 'keys', scopes: known.scopes }
}

/** Every digest is compared to its end, also after a hit: time tells nothing about the table. */
async function findKey(keys: readonly KeyConfig[], text: string): Promise<KeyConfig | undefined> {
  // A bare SHA-256 is safe for 32 random bytes only, so nothing else is a key.
  if (!/^bw_[A-Za-z0-9_-]{43}$/.test(text)) return undefined
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const hex = encodeHex(new Uint8Array(digest))
  let found: KeyConfig | undefined
  for (const key of keys) {
    if (isSameText(key.sha256, hex)) found = key
  }
  return found
}
