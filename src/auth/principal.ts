import type { Keyring } from '../config/keyring.ts'
import type { Secret } from '../log.ts'
import { encodeHex } from '../sigv4/encode.ts'
import type { ApiKey } from './api-key.ts'

/** Who calls. */
export interface Principal {
  /**
   * Opaque ids: `k:` and the HMAC of the API key in passthrough mode, `n:` and the key's name in
   * `keys`, `t:`, the key's name and `:{subject}` for a client token with a subject, `s:` and the
   * subject in `jwt`. First the one in force, then those under older master keys, for what was owned
   * before a rotation. Made when asked for: a request that is passed on needs none.
   */
  ids(): Promise<readonly [string, ...string[]]>
  readonly mode: 'passthrough' | 'keys' | 'jwt'
  /** The caller's own upstream key; passthrough only. */
  readonly apiKey?: ApiKey
  /** In passthrough mode upstream itself judges, so nothing is kept back here. */
  readonly scopes: readonly 'admin'[]
  /** Bytes that one request body or one upload may have at most. */
  readonly maxBytes?: number
}

/** What a key or token of the gateway, or of an identity provider, is good for. */
export interface Rights {
  /** The one id of its holder. */
  readonly owner: string
  /** Endpoint ids, or `*`. */
  readonly endpoints: readonly string[]
  readonly scopes: readonly 'admin'[]
  readonly maxBytes?: number | undefined
}

/** Whether a list of endpoints has this one. */
export function covers(endpoints: readonly string[], endpointId: string): boolean {
  return endpoints.includes('*') || endpoints.includes(endpointId)
}

/** Whether what is owned by `owner` is this caller's. */
export async function isOwner(principal: Principal, owner: string): Promise<boolean> {
  return (await principal.ids()).includes(owner)
}

/** Ids of an API key under every accepted master key, the current one first. */
export async function principalIds(keyring: Keyring, key: Secret): Promise<[string, ...string[]]> {
  const message = new TextEncoder().encode(key.reveal())
  const ids: string[] = []
  for (const kid of keyring.kids) {
    const mac = await keyring.mac(kid, 'principal', message)
    if (mac !== undefined) ids.push(`k:${encodeHex(mac)}`)
  }
  const [current, ...former] = ids
  if (current === undefined) throw new TypeError('The keyring does not know its own keys')
  return [current, ...former]
}
