import { decodeBase64url, encodeBase64url } from '../bytes/base64url.ts'
import { concat } from '../bytes/concat.ts'
import type { Keyring, KeyUse } from './keyring.ts'

const macBytes = 32
const encoder = new TextEncoder()

/**
 * Puts bytes into a token that only a holder of the master key can make; they stay readable.
 * Format: base64url of kid length (1), kid, bytes, HMAC-SHA-256 (32) over all before it.
 * Undefined for an unknown kid.
 */
export async function sealBytes(
  keyring: Keyring,
  kid: string,
  use: KeyUse,
  bytes: Uint8Array,
): Promise<string | undefined> {
  const kidBytes = encoder.encode(kid)
  const message = concat([Uint8Array.of(kidBytes.length), kidBytes, bytes])
  const mac = await keyring.mac(kid, use, message)
  return mac === undefined ? undefined : encodeBase64url(concat([message, mac]))
}

/** The bytes of a token whose MAC holds (checked in constant time); undefined for any other text. */
export async function openBytes(
  keyring: Keyring,
  use: KeyUse,
  token: string,
): Promise<Uint8Array | undefined> {
  const all = decodeBase64url(token)
  const kidLength = all?.[0]
  if (all === undefined || kidLength === undefined) return undefined
  const end = all.length - macBytes
  if (end < 1 + kidLength) return undefined
  const kid = new TextDecoder().decode(all.subarray(1, 1 + kidLength))
  const message = all.subarray(0, end)
  if (!(await keyring.verify(kid, use, message, all.subarray(end)))) return undefined
  return message.subarray(1 + kidLength)
}
