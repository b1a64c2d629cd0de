import { Recent } from '../cache/recent.ts'
import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { encodeHex } from '../sigv4/encode.ts'
import type { ApiKey } from './api-key.ts'

/** `status` is upstream's own 4xx: 401 and 403 refuse the key, 404 the endpoint, 429 comes too soon. */
export type Verdict =
  | { readonly proven: true }
  | { readonly proven: false; readonly status: number }

export interface Proof {
  /**
   * Proves a key for an endpoint by asking upstream, or from what it said within the last seconds.
   * `check` sends a cheap request with the key and resolves to upstream's status.
   *
   * @throws {GatewayError} upstream_unreachable when upstream gives no verdict
   */
  prove(endpointId: string, apiKey: ApiKey, check: () => Promise<number>): Promise<Verdict>
}

/** Makes the proof; it remembers successes only, under an HMAC of key and endpoint. */
export function createProof(options: {
  readonly keyring: Keyring
  readonly platform: Pick<Platform, 'now'>
  /** How long a success is believed. */
  readonly seconds: number
  /** Successes kept at most; the one longest unused goes first. */
  readonly maxEntries?: number
}): Proof {
  const { keyring, platform, seconds, maxEntries = 10_000 } = options
  // Times, never pending promises: on Workers one request must not await another's.
  const provenAt = new Recent<number>(maxEntries)

  function isFresh(name: string): boolean {
    const at = provenAt.get(name)
    if (at === undefined) return false
    const age = platform.now() - at
    const fresh = age >= 0 && age < seconds * 1000
    if (!fresh) provenAt.delete(name)
    return fresh
  }

  async function prove(
    endpointId: string,
    { key }: ApiKey,
    check: () => Promise<number>,
  ): Promise<Verdict> {
    const message = new TextEncoder().encode(`${endpointId}\n${key.reveal()}`)
    const mac = await keyring.mac(keyring.current, 'proof-cache', message)
    if (mac === undefined) throw new TypeError('The keyring does not know its current key')
    const name = encodeHex(mac)
    if (isFresh(name)) return { proven: true }
    const askedAt = platform.now()
    const status = await ask(check)
    if (status >= 200 && status < 300) {
      provenAt.set(name, askedAt)
      return { proven: true }
    }
    if (status >= 400 && status < 500) return { proven: false, status }
    throw unreachable(new Error(`Upstream answered ${status} when asked about a key`))
  }

  return { prove }
}

async function ask(check: () => Promise<number>): Promise<number> {
  try {
    return await check()
  } catch (error) {
    throw error instanceof GatewayError ? error : unreachable(error)
  }
}

function unreachable(cause: unknown): GatewayError {
  return new GatewayError('upstream_unreachable', 'Cannot check the API key upstream', { cause })
}
