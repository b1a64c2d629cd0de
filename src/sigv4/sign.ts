import type { Secret } from '../log.ts'
import type { ShortDigests } from '../platform.ts'
import { encodeHex, encodeSigned } from './encode.ts'

const encoder = new TextEncoder()

/** What a SigV4 signature is bound to beside the request: the credential scope's parts. */
export interface Scope {
  /** `YYYYMMDD`. */
  readonly date: string
  readonly region: string
  readonly service: string
}

/** The scope's text in the string to sign. */
export function scopeText(scope: Scope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`
}

/** Lower-case hex signature of a string to sign, with the key derived for the scope. */
export async function signSigV4(secret: Secret, scope: Scope, text: string): Promise<string> {
  const sign = await deriveSigner(secret, scope)
  return await sign(text)
}

/** Lower-case hex signature of a string to sign. */
export type Signer = (text: string) => Promise<string>

/** Signs for a scope; its key is four HMACs away from the secret, so it is worth keeping for its day. */
export async function deriveSigner(
  secret: Secret,
  scope: Scope,
  digests?: ShortDigests,
): Promise<Signer> {
  let key: Uint8Array = encoder.encode(`AWS4${secret.reveal()}`)
  for (const step of [scope.date, scope.region, scope.service, 'aws4_request']) {
    const bytes = encoder.encode(step)
    key = digests?.hmac(key, bytes) ?? (await hmac('SHA-256', key, bytes))
  }
  if (digests !== undefined) return async (text) => encodeHex(digests.hmac(key, encodeSigned(text)))
  const imported = await importKey('SHA-256', key)
  return async (text) => {
    const mac = await crypto.subtle.sign('HMAC', imported, new Uint8Array(encodeSigned(text)))
    return encodeHex(new Uint8Array(mac))
  }
}

/** HMAC of a message under raw key bytes. */
export async function hmac(
  hash: 'SHA-1' | 'SHA-256',
  key: Uint8Array,
  message: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await importKey(hash, key)
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new Uint8Array(message)))
}

async function importKey(hash: 'SHA-1' | 'SHA-256', key: Uint8Array): Promise<CryptoKey> {
  const algorithm = { name: 'HMAC', hash }
  return await crypto.subtle.importKey('raw', new Uint8Array(key), algorithm, false, ['sign'])
}
