import type { KeyConfig } from '../config/config.ts'
import { encodeHex, isSameText } from '../sigv4/encode.ts'

/**
 * The configured key with this text, if any. Every digest is compared to its end, also after a hit:
 * time tells nothing about the table.
 */
export async function findKey(
  keys: readonly KeyConfig[],
  text: string,
): Promise<KeyConfig | undefined> {
  // A bare SHA-256 is safe for 32 random bytes only, so nothing else is a key.
  if (!/^bw_[A-Za-z0-9_-]{43}$/.test(text)) return undefined
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const hex = encodeHex(new Uint8Array(digest))
  let found: KeyConfig | undefined
  for (const key of keys) {
    if (isSameText(key.sha256, hex)) found = key
  }
  return found
}
