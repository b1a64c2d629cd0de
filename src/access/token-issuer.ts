import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  importPKCS8,
  importX509,
  type JWK,
  SignJWT,
} from 'jose'
import { encodeBase64url } from '../bytes/base64url.ts'
import type { Config } from '../config/config.ts'
import { parseSigningKeys, type SigningKeyText } from '../config/signing-keys.ts'
import { GatewayError } from '../errors.ts'
import { Secret } from '../log.ts'
import type { Platform } from '../platform.ts'

/** Only what RFC 7518 requires of everyone, and all that AWS and Ceph take. */
const algorithm = 'RS256'

/** Some servers refuse a token from the future, by however little. */
const clockLagSeconds = 5

/** The gateway as OpenID Connect issuer: its tokens, and what others check them with. */
export interface TokenIssuer {
  /** `iss`: an origin, no trailing slash. */
  readonly issuer: string
  /**
   * A signed token with an id of its own; it lives for `tokenSeconds`.
   * @throws {GatewayError} misconfigured
   */
  issue(claims: { readonly subject: string; readonly audience: string }): Promise<Secret>
  /**
   * The public keys, the one that signs first: radosgw looks at no other.
   * @throws {GatewayError} misconfigured
   */
  publicKeys(): Promise<{ readonly keys: readonly JWK[] }>
}

interface SigningKey {
  readonly privateKey: CryptoKey
  readonly jwk: JWK & { readonly kid: string }
}

/** Makes the issuer; its keys are read when they are needed first. */
export function createTokenIssuer(
  oidc: NonNullable<Config['oidc']>,
  platform: Pick<Platform, 'now'>,
): TokenIssuer {
  const { issuer, tokenSeconds } = oidc
  // A value, never a pending promise: on Workers one request must not await another's.
  let known: readonly [SigningKey, ...SigningKey[]] | undefined

  async function keys(): Promise<readonly [SigningKey, ...SigningKey[]]> {
    known ??= await readKeys(oidc.signingKeys)
    return known
  }

  return {
    issuer,
    async issue({ subject, audience }) {
      const [{ privateKey, jwk }] = await keys()
      const now = Math.floor(platform.now() / 1000)
      const token = await new SignJWT()
        .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: jwk.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt(now - clockLagSeconds)
        .setExpirationTime(now + tokenSeconds)
        .setJti(crypto.randomUUID())
        .sign(privateKey)
      return new Secret(token)
    },
    async publicKeys() {
      return { keys: (await keys()).map(({ jwk }) => jwk) }
    },
  }
}

async function readKeys(text: Secret): Promise<readonly [SigningKey, ...SigningKey[]]> {
  try {
    const texts = parseSigningKeys(text, () => {})
    const [first, ...others] = await Promise.all(texts.map(readKey))
    if (first === undefined) throw new TypeError('There is no private key')
    return [first, ...others]
  } catch (error) {
    // Libraries may repeat what they could not read.
    const cause = new Error(error instanceof Mismatch ? error.message : 'A key cannot be imported')
    throw new GatewayError('misconfigured', 'Cannot read the keys that sign tokens', { cause })
  }
}

class Mismatch extends Error {}

async function readKey({ privateKey: pem, certificate }: SigningKeyText): Promise<SigningKey> {
  const privateKey = await importPKCS8(pem.reveal(), algorithm, { extractable: true })
  const { kty = 'RSA', n = '', e = '' } = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint({ kty, n, e })
  const jwk = { kty, n, e, kid, use: 'sig', alg: algorithm }
  if (certificate === undefined) return { privateKey, jwk }
  const certified = await exportJWK(
    await importX509(certificate.pem, algorithm, { extractable: true }),
  )
  if (certified.n !== n) throw new Mismatch('A certificate is not that of the key before it')
  const der = Uint8Array.from(atob(certificate.base64), (character) => character.charCodeAt(0))
  const x5t = await thumbprint('SHA-1', der)
  const x5tS256 = await thumbprint('SHA-256', der)
  return {
    privateKey,
    jwk: { ...jwk, x5c: [certificate.base64], x5t, 'x5t#S256': x5tS256 },
  }
}

async function thumbprint(hash: string, der: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest(hash, der)))
}
