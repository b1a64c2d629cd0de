import type { Secret } from '../log.ts'
import type { ShortDigests } from '../platform.ts'

/** What a derived key is for: one HKDF label per use, so that no two uses share a key. */
export type KeyUse =
  | 'scoped-key'
  | 'grant-seal'
  | 'webhook-link'
  | 'file-link'
  | 'principal'
  | 'proof-cache'
  | 'client-token'
  | 'upload-seal'
  | 'part-link'
  | 'webhook-secret'
  | 'delivery-seal'

/** The master keys, and what is derived from them (HKDF-SHA-256, RFC 5869). */
export interface Keyring {
  /** Kid used for new things. */
  readonly current: string
  /** Every accepted kid, the current one first. */
  readonly kids: readonly string[]
  /** 32 derived bytes; undefined for an unknown kid. */
  derive(kid: string, use: KeyUse): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** HMAC-SHA-256 under the derived key; undefined for an unknown kid. */
  mac(kid: string, use: KeyUse, message: Uint8Array): Promise<Uint8Array | undefined>
  /** Constant-time check of a MAC, whole or cut to `mac.length` (16 bytes at least). */
  verify(kid: string, use: KeyUse, message: Uint8Array, mac: Uint8Array): Promise<boolean>
}

/** Makes the keyring, its MACs by `digests` where there are some. Keys are base64 of 32 bytes or more; kids are 1–8 of `[a-z0-9]`. */
export function createKeyring(
  masterKeys: readonly { readonly kid: string; readonly key: Secret }[],
  digests?: ShortDigests,
): Keyring {
  const [first] = masterKeys
  if (first === undefined) throw new TypeError('Cannot make a keyring of no keys')
  const masters = new Map(masterKeys.map(({ kid, key }) => [kid, key]))
  // Values, never pending promises: on Workers one request must not await another's.
  const derived = new Map<string, Uint8Array<ArrayBuffer>>()
  const macKeys = new Map<string, CryptoKey>()

  async function derive(kid: string, use: KeyUse): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const master = masters.get(kid)
    if (master === undefined) return undefined
    const name = `${kid}|${use}`
    const known = derived.get(name) ?? (await expand(master, use))
    derived.set(name, known)
    return known
  }

  async function macKey(kid: string, use: KeyUse): Promise<CryptoKey | undefined> {
    const name = `${kid}|${use}`
    const known = macKeys.get(name)
    if (known !== undefined) return known
    const bytes = await derive(kid, use)
    if (bytes === undefined) return undefined
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
    macKeys.set(name, key)
    return key
  }

  async function mac(
    kid: string,
    use: KeyUse,
    message: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    if (digests !== undefined) {
      const bytes = await derive(kid, use)
      return bytes === undefined ? undefined : digests.hmac(bytes, message)
    }
    const key = await macKey(kid, use)
    if (key === undefined) return undefined
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, new Uint8Array(message)))
  }

  async function verify(kid: string, use: KeyUse, message: Uint8Array, given: Uint8Array) {
    const expected = await mac(kid, use, message)
    if (expected === undefined || given.length < 16 || given.length > expected.length) return false
    let difference = 0
    for (let i = 0; i < given.length; i++) difference |= (given[i] ?? 0) ^ (expected[i] ?? 0)
    return difference === 0
  }

  return { current: first.kid, kids: masterKeys.map(({ kid }) => kid), derive, mac, verify }
}

async function expand(key: Secret, use: KeyUse): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(atob(key.reveal()), (character) => character.charCodeAt(0))
  const master = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits'])
  const info = new TextEncoder().encode(`bulkway/1/${use}`)
  const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info }
  return new Uint8Array(await crypto.subtle.deriveBits(params, master, 256))
}
