import { errors, type JWTPayload, type JWTVerifyResult, jwtVerify } from 'jose'
import type { JwtConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { createKeySet } from './key-set.ts'
import type { Rights } from './principal.ts'
import { tokenFault, Unfit } from './token-fault.ts'

/** Seconds by which the provider's clock may differ from ours. */
const clockTolerance = 60
const longestSubject = 256

/** Types of a token that says what its bearer may do; others say that somebody logged out, say. */
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt'])

/** Whoever issues the tokens of `jwt` mode. */
export interface IdentityProvider {
  /**
   * What a token is good for.
   * @throws {GatewayError} unauthorized, auth_unavailable
   */
  read(text: string): Promise<Rights>
}

/** Makes the provider's view of the configuration; nothing is fetched before a token is to be read. */
export function createIdentityProvider(
  auth: JwtConfig,
  platform: Pick<Platform, 'now' | 'send' | 'wait'>,
): IdentityProvider {
  const keySet = createKeySet({ platform, url: auth.jwksUrl })

  async function verify(text: string): Promise<JWTVerifyResult> {
    return await jwtVerify(text, (header) => keySet.find(header), {
      issuer: auth.issuer,
      audience: auth.audience,
      algorithms: [...auth.algorithms],
      requiredClaims: ['exp', 'sub'],
      clockTolerance,
      currentDate: new Date(platform.now()),
    })
  }

  return {
    async read(text) {
      try {
        const { protectedHeader, payload } = await verify(text)
        const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '') ?? 'jwt'
        if (!types.has(type)) throw new Unfit('The token is of another type')
        return rightsOf(auth, payload)
      } catch (error) {
        if (error instanceof GatewayError) throw error
        if (error instanceof errors.JOSEError || error instanceof Unfit) throw tokenFault(error)
        // What is left is a key that cannot be imported, which is not the client's fault.
        throw new GatewayError('auth_unavailable', 'Cannot read the key that the token names', {
          cause: new Error('A key of the key set cannot be imported'),
        })
      }
    },
  }
}

function rightsOf(auth: JwtConfig, payload: JWTPayload): Rights {
  const { sub } = payload
  if (typeof sub !== 'string' || sub === '' || sub.length > longestSubject || !sub.isWellFormed()) {
    throw new Unfit(`The subject is no text of 1 to ${longestSubject} characters`)
  }
  const maxBytes = claimOf(payload, auth.maxBytesClaim)
  if (maxBytes !== undefined && !isSize(maxBytes)) {
    throw new Unfit('The limit of bytes is no whole number')
  }
  const isAdmin = namesIn(claimOf(payload, auth.scopesClaim)).includes('admin')
  return {
    owner: `s:${sub}`,
    endpoints: namesIn(claimOf(payload, auth.endpointsClaim)),
    scopes: isAdmin ? ['admin'] : [],
    maxBytes,
  }
}

function claimOf(payload: JWTPayload, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** An array of names, or names separated by blanks; anything else holds none. */
function namesIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((name) => name !== '')
  return Array.isArray(claim) ? claim.filter((name) => typeof name === 'string') : []
}
