import type { Keyring } from '../config/keyring.ts'
import type { Secret } from '../log.ts'
import { encodeHex } from '../sigv4/encode.ts'
import type { ApiKey } from './api-key.ts'

/** Who calls. */
export interface Principal {
  /** Opaque: `k:` and the HMAC of the API key in passthrough mode, `n:` and the key's name in `keys`. */
  readonly id: string
  /** Ids of the same caller under older master keys, for what was owned before a rotation. */
  readonly formerIds: readonly string[]
  readonly mode: 'passthrough' | 'keys'
  /** The caller's own upstream key; passthrough only. */
  readonly apiKey?: ApiKey
  /** In passthrough mode upstream itself judges, so nothing is kept back here. */
  readonly scopes: readonly 'admin'[]
}

/** Whether what is owned by `owner` is this caller's. */
export function isOwner(principal: Principal, owner: string): boolean {
  return principal.id === owner || principal.formerIds.includes(owner)
}

/** Ids of an API key under every accepted master key, the current one first. */
export async function principalIds(keyring: Keyring, key: Secret): Promise<string[]> {
  const message = new TextEncoder().encode(key.reveal())
  const ids: string[] = []
  for (const kid of keyring.kids) {
    const mac = await keyring.mac(kid, 'principal', message)
    if (mac !== undefined) ids.push(`k:${encodeHex(mac)}`)
  }
  return ids
}
