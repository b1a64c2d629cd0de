import type { TokenIssuer } from '../access/token-issuer.ts'
import { GatewayError } from '../errors.ts'
import type { Reply } from '../platform.ts'
import type { Deps } from './deps.ts'

/** Seconds that others may keep the documents: a new key must be published for longer before it signs. */
const maxAgeSeconds = 300

/** Where the public keys are, below the issuer. */
export const keySetPath = '/.well-known/jwks.json'

/**
 * OpenID Connect Discovery 1.0, §3, as far as a provider needs it that checks tokens: nobody logs in
 * here, so there is no authorization endpoint.
 *
 * @throws {GatewayError} not_found where the gateway is no issuer
 */
export async function describeIssuer(deps: Pick<Deps, 'issuer'>): Promise<Reply> {
  const { issuer } = issuerOf(deps)
  return jsonReply({
    issuer,
    jwks_uri: `${issuer}${keySetPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
  })
}

/**
 * The public keys that check the gateway's tokens (RFC 7517).
 * @throws {GatewayError} not_found where the gateway is no issuer, misconfigured
 */
export async function readKeySet(deps: Pick<Deps, 'issuer'>): Promise<Reply> {
  return jsonReply(await issuerOf(deps).publicKeys())
}

function issuerOf({ issuer }: Pick<Deps, 'issuer'>): TokenIssuer {
  if (issuer === undefined) throw new GatewayError('not_found', 'Cannot find this route')
  return issuer
}

function jsonReply(content: unknown): Reply {
  const headers = new Headers({
    'content-type': 'application/json',
    'cache-control': `public, max-age=${maxAgeSeconds}`,
  })
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(content)) }
}
