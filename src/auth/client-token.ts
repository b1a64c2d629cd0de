import { jwtVerify, SignJWT } from 'jose'
import { decodeBase64url } from '../bytes/base64url.ts'
import type { Config, KeyConfig } from '../config/config.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { longestKey } from './api-key.ts'
import { covers, type Rights } from './principal.ts'
import { tokenFault, Unfit } from './token-fault.ts'

const algorithm = 'HS256'
const audience = 'bulkway'
/** A type of its own (RFC 8725 §3.11): no other JWT under these keys can pass for one. */
const type = 'client-token+jwt'
/** Seconds by which the clocks of two instances may differ. */
const clockTolerance = 5

/** What a token is to be good for; never more than the key it comes from. */
export interface TokenWish {
  /** Whose it is among those who hold tokens of the key; well-formed. */
  readonly subject?: string | undefined
  /** Absent: those of the key, as they are when the token is used. */
  readonly endpoints?: readonly string[] | undefined
  readonly maxBytes?: number | undefined
  readonly ttlSeconds: number
}

/** Short-lived tokens that the holder of a key hands to browsers. */
export interface ClientTokens {
  /** Longest life of a token in seconds. */
  readonly maxSeconds: number
  /** @throws {GatewayError} invalid_request when the token would not fit into a header */
  make(key: KeyConfig, wish: TokenWish): Promise<{ token: string; expiresAt: number }>
  /**
   * What a token is good for now: what it says, within what its key is good for.
   * @throws {GatewayError} unauthorized, also when its key is configured no more
   */
  read(text: string): Promise<Rights>
}

/** Whether a text is a token, and not a key. */
export function isToken(text: string): boolean {
  return /^ey[\w-]*\.[\w-]+\.[\w-]+$/.test(text)
}

/** Makes the tokens of `keys` mode; undefined where there are none. */
export function createClientTokens(options: {
  readonly config: Pick<Config, 'auth' | 'publicUrl'>
  readonly keyring: Keyring
  readonly platform: Pick<Platform, 'now'>
}): ClientTokens | undefined {
  const { config, keyring, platform } = options
  const { auth, publicUrl: issuer } = config
  if (auth.mode !== 'keys' || auth.tokenMaxSeconds === 0) return undefined
  const { tokenMaxSeconds: maxSeconds } = auth
  const keysByName = new Map(auth.keys.map((key) => [key.name, key]))

  return {
    maxSeconds,
    async make({ name }, { subject, endpoints, maxBytes, ttlSeconds }) {
      const secret = await keyring.derive(keyring.current, 'client-token')
      if (secret === undefined) throw new TypeError('The keyring does not know its current key')
      const now = Math.floor(platform.now() / 1000)
      const expiresAt = now + ttlSeconds
      const token = await new SignJWT({ endpoints, maxBytes })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: keyring.current })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject === undefined ? name : `${name}:${subject}`)
        .setIssuedAt(now)
        .setExpirationTime(expiresAt)
        .sign(secret)
      if (token.length > longestKey) {
        const actual = token.length
        const detail = `Cannot make a token of ${actual} characters: ${longestKey} allowed. Name fewer endpoints`
        throw new GatewayError('invalid_request', detail, { limit: longestKey, actual })
      }
      return { token, expiresAt: expiresAt * 1000 }
    },

    async read(text) {
      try {
        // Only one spelling of a signature is the one that was made.
        if (decodeBase64url(text.split('.')[2] ?? '') === undefined) {
          throw new Unfit('The signature is misspelt')
        }
        const { payload } = await jwtVerify(
          text,
          async ({ kid = '' }) => {
            const secret = await keyring.derive(kid, 'client-token')
            if (secret === undefined) throw new Unfit('The master key is unknown')
            return secret
          },
          {
            ...{ issuer, audience, typ: type, algorithms: [algorithm], clockTolerance },
            requiredClaims: ['exp', 'sub'],
            // A life that was cut short in the configuration is cut for tokens that are out, too.
            maxTokenAge: maxSeconds,
            currentDate: new Date(platform.now()),
          },
        )
        return rightsOf(payload)
      } catch (error) {
        throw tokenFault(error)
      }
    },
  }

  /** The gateway has signed it: its shape is known. */
  function rightsOf(payload: {
    readonly sub?: string
    readonly endpoints?: unknown
    readonly maxBytes?: unknown
  }): Rights {
    const { sub = '', endpoints, maxBytes } = payload
    // Names of keys have no colon.
    const [name = ''] = sub.split(':', 1)
    const key = keysByName.get(name)
    if (key === undefined) throw new Unfit('The key of the token is not configured any more')
    return {
      owner: name === sub ? `n:${name}` : `t:${sub}`,
      endpoints: Array.isArray(endpoints) ? within(key.endpoints, endpoints) : key.endpoints,
      scopes: [],
      maxBytes: least(key.maxBytes, typeof maxBytes === 'number' ? maxBytes : undefined),
    }
  }
}

/** What two lists of endpoints have in common. */
function within(endpoints: readonly string[], wanted: readonly string[]): readonly string[] {
  return wanted.includes('*') ? endpoints : wanted.filter((id) => covers(endpoints, id))
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
