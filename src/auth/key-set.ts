import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose'
import { readCapped } from '../bytes/read-capped.ts'
import { GatewayError } from '../errors.ts'
import { reasonOf } from '../log.ts'
import type { Platform } from '../platform.ts'

/** How long the keys are believed. */
const keepMs = 600_000
/** Time between two questions because of a key that is not among them. */
const unknownMs = 30_000
/** Time after a question in vain in which none is asked. */
const pauseMs = 5_000
const timeoutMs = 5_000
const maxBytes = 262_144
/** Time after which a request looks again whether another one's question is answered. */
const lookAgainMs = 50

/** The keys that an identity provider publishes (RFC 7517). */
export interface KeySet {
  /**
   * The key that a token names, or the only one that fits its algorithm.
   * @throws {GatewayError} auth_unavailable
   * @throws {JOSEError} when there is none, or the token leaves open which
   */
  find(header: JWTHeaderParameters): Promise<CryptoKey>
}

interface Published {
  readonly jwks: JSONWebKeySet
  readonly at: number
  /** By algorithm and kid. */
  readonly imported: Map<string, CryptoKey>
}

/**
 * Makes the key set: fetched when it is needed first, again after ten minutes, and for an unknown
 * kid at most every 30 s; none is believed more than 5 s longer. Nobody awaits another request's question, because on Workers one must not.
 */
export function createKeySet(options: {
  readonly platform: Pick<Platform, 'now' | 'send' | 'wait'>
  readonly url: string
}): KeySet {
  const { platform, url } = options
  let published: Published | undefined
  let askedAt: number | undefined
  let failedAt: number | undefined
  let isOpen = false

  const isWithin = (at: number | undefined, ms: number): boolean => {
    const age = platform.now() - (at ?? Number.NaN)
    return age >= 0 && age < ms
  }
  // A request that was ended with its question open must not keep the others waiting.
  const isAsking = () => isOpen && isWithin(askedAt, timeoutMs)

  async function current(): Promise<Published> {
    if (published === undefined) return await newerThan(published)
    // Only while the first question is open: with every further one they would live on for ever.
    const ms = isAsking() ? keepMs + timeoutMs : keepMs
    return isWithin(published.at, ms) ? published : await newerThan(published)
  }

  async function newerThan(old: Published | undefined): Promise<Published> {
    while (isAsking()) await platform.wait(lookAgainMs)
    if (published !== undefined && published !== old) return published
    if (isWithin(failedAt, pauseMs)) throw unavailable()
    return await ask()
  }

  async function ask(): Promise<Published> {
    const at = platform.now()
    askedAt = at
    isOpen = true
    try {
      published = { jwks: await fetchKeys(platform, url), at, imported: new Map() }
      failedAt = undefined
      return published
    } catch (error) {
      failedAt = platform.now()
      throw unavailable(error)
    } finally {
      isOpen = false
    }
  }

  return {
    async find(header) {
      const known = await current()
      try {
        return await keyIn(known, header)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        if (!isAsking() && isWithin(askedAt, unknownMs) && published === known) {
          throw failedAt === undefined ? error : unavailable()
        }
        return await keyIn(await newerThan(known), header)
      }
    },
  }
}

async function keyIn(
  { jwks, imported }: Published,
  header: JWTHeaderParameters,
): Promise<CryptoKey> {
  const { alg, kid } = header
  const name = `${alg} ${kid ?? ''}`
  const known = imported.get(name)
  if (known !== undefined) return known
  if (kid !== undefined && !jwks.keys.some((jwk) => jwk.kid === kid)) {
    throw new errors.JWKSNoMatchingKey()
  }
  // Made anew: it keeps promises, and this one's must not be awaited by another request.
  const key = await createLocalJWKSet(jwks)(header)
  imported.set(name, key)
  return key
}

async function fetchKeys(
  platform: Pick<Platform, 'send' | 'wait'>,
  url: string,
): Promise<JSONWebKeySet> {
  const stop = new AbortController()
  const late = platform.wait(timeoutMs).then(() => {
    const error = new Error(`There was no key set within ${timeoutMs} ms`)
    stop.abort(error)
    throw error
  })
  return await Promise.race([late, fetchNow()])

  async function fetchNow(): Promise<JSONWebKeySet> {
    const { status, body } = await platform.send({
      ...{ method: 'GET', url, signal: stop.signal },
      headers: new Headers({
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': 'identity',
      }),
      idleTimeoutMs: timeoutMs,
      idempotent: true,
    })
    if (status !== 200) {
      await body.cancel()
      throw new Error(`The key set was answered with ${status}`)
    }
    const over = () => new Error(`The key set is longer than ${maxBytes} bytes`)
    const text = new TextDecoder().decode(await readCapped(body, maxBytes, over))
    return parseKeys(text)
  }
}

function parseKeys(text: string): JSONWebKeySet {
  try {
    const jwks: JSONWebKeySet = JSON.parse(text)
    // It refuses what is no key set; what is wrong with one key shows when it is needed.
    createLocalJWKSet(jwks)
    return jwks
  } catch {
    throw new Error('The answer is no key set')
  }
}

function unavailable(cause?: unknown): GatewayError {
  return new GatewayError(
    'auth_unavailable',
    'Cannot fetch the keys that tokens are checked with',
    {
      retryAfterSeconds: pauseMs / 1000,
      ...(cause !== undefined && { cause: new Error(reasonOf(cause)) }),
    },
  )
}
