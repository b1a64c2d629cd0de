import type { Keyring } from '../config/keyring.ts'

/** A principal's id under each master key, by kid; one id for all of them where it has only one. */
export type SignerIds = string | Readonly<Record<string, string>>

/** What `ids` of a principal, in the order of the keyring, are by kid. */
export function signerIds(
  { kids }: Pick<Keyring, 'kids'>,
  [first, ...others]: readonly [string, ...string[]],
): SignerIds {
  if (others.length === 0) return first
  return Object.fromEntries(kids.map((kid, index) => [kid, others[index - 1] ?? first]))
}

/**
 * The secrets that sign a principal's webhooks, 32 bytes each: one for every accepted master key under
 * which the principal is known, the current one first.
 */
export async function signingSecrets(keyring: Keyring, ids: SignerIds): Promise<Uint8Array[]> {
  const secrets: Uint8Array[] = []
  for (const kid of keyring.kids) {
    const id = typeof ids === 'string' ? ids : ids[kid]
    if (id === undefined) continue
    const secret = await keyring.mac(kid, 'webhook-secret', new TextEncoder().encode(id))
    if (secret !== undefined) secrets.push(secret)
  }
  return secrets
}
