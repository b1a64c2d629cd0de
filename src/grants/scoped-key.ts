import { decodeBase32, encodeBase32 } from '../bytes/base32.ts'
import type { Keyring } from '../config/keyring.ts'
import { Secret } from '../log.ts'

const prefix = 'BW1'
const encoder = new TextEncoder()

/** The pair that stands for one grant in the job bucket. */
export interface ScopedKey {
  readonly accessId: string
  readonly accessSecret: Secret
}

/**
 * Derives a grant's scoped key: `accessId` is `BW1` and base32 of kid length, kid and grantId,
 * `accessSecret` the base64url HMAC of it. Undefined when the kid is no longer accepted.
 */
export async function deriveScopedKey(
  keyring: Keyring,
  kid: string,
  grantId: string,
): Promise<ScopedKey | undefined> {
  const id = decodeBase32(grantId)
  if (id === undefined) return undefined
  const kidBytes = encoder.encode(kid)
  const accessId = prefix + encodeBase32(Uint8Array.of(kidBytes.length, ...kidBytes, ...id))
  const mac = await keyring.mac(kid, 'scoped-key', encoder.encode(accessId))
  if (mac === undefined) return undefined
  const secret = btoa(String.fromCharCode(...mac))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
  return { accessId, accessSecret: new Secret(secret.replace(/=+$/, '')) }
}

/** What an `accessId` claims, unproven until a signature is checked; undefined when malformed. */
export function readAccessId(accessId: string): { kid: string; grantId: string } | undefined {
  if (!accessId.startsWith(prefix)) return undefined
  const bytes = decodeBase32(accessId.slice(prefix.length))
  const kidLength = bytes?.[0]
  if (bytes === undefined || kidLength === undefined || bytes.length !== 1 + kidLength + 16) {
    return undefined
  }
  const kid = new TextDecoder().decode(bytes.subarray(1, 1 + kidLength))
  const grantId = encodeBase32(bytes.subarray(1 + kidLength)).toLowerCase()
  const canonical = prefix + encodeBase32(bytes)
  return canonical === accessId ? { kid, grantId } : undefined
}
