import type { Config } from '../config/config.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import { type ApiKey, readApiKey } from './api-key.ts'
import { type ClientTokens, isToken } from './client-token.ts'
import { findKey } from './gateway-key.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { covers, type Principal, principalIds, type Rights } from './principal.ts'

export type { Principal } from './principal.ts'

/**
 * Tells who calls an endpoint, from the headers alone: nothing is asked of upstream.
 *
 * @throws {GatewayError} unauthorized; not_found for an endpoint that the key or token is not for, so
 *   that nobody learns which endpoints exist; auth_unavailable
 */
export type Authenticator = (headers: Headers, endpointId: string) => Promise<Principal>

/** Characters of a token at most: those of some providers list a user's groups. */
const longestToken = 12_288

/** Makes the authenticator of the configured mode. */
export function createAuthenticator(options: {
  readonly auth: Config['auth']
  readonly keyring: Keyring
  /** Needed in `jwt` mode. */
  readonly provider?: IdentityProvider | undefined
  /** In `keys` mode, where there are any. */
  readonly clientTokens?: ClientTokens | undefined
}): Authenticator {
  const { auth, keyring, provider, clientTokens } = options

  async function rightsOf({ key }: ApiKey): Promise<Rights> {
    const text = key.reveal()
    if (auth.mode === 'keys') {
      if (clientTokens !== undefined && isToken(text)) return await clientTokens.read(text)
      const known = await findKey(auth.keys, text)
      if (known !== undefined) return { ...known, owner: `n:${known.name}` }
    }
    if (provider !== undefined) return await provider.read(text)
    throw new GatewayError('unauthorized', 'Use a valid API key')
  }

  return async function authenticate(headers, endpointId) {
    const apiKey = readApiKey(headers, auth.mode === 'jwt' ? longestToken : undefined)
    if (apiKey === undefined) {
      const what = auth.mode === 'jwt' ? 'a token' : 'an API key'
      throw new GatewayError('unauthorized', `Send ${what} in the Authorization header`)
    }
    if (auth.mode === 'passthrough') {
      const ids = () => principalIds(keyring, apiKey.key)
      return { ids, mode: 'passthrough', apiKey, scopes: ['admin'] }
    }
    const { owner, endpoints, scopes, maxBytes } = await rightsOf(apiKey)
    if (!covers(endpoints, endpointId)) {
      // The very words of an endpoint that is not configured.
      throw new GatewayError('not_found', `Cannot find endpoint ${endpointId}`)
    }
    const ids = async (): Promise<[string]> => [owner]
    return { ids, mode: auth.mode, scopes, ...(maxBytes !== undefined && { maxBytes }) }
  }
}
