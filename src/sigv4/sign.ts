import type { Secret } from '../log.ts'
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
  let key: Uint8Array = encoder.encode(`AWS4${secret.reveal()}`)
  for (const step of [scope.date, scope.region, scope.service, 'aws4_request']) {
    key = await hmac('SHA-256', key, encoder.encode(step))
  }
  return encodeHex(await hmac('SHA-256', key, encodeSigned(text)))
}

/** HMAC of a message under raw key bytes. */
export async function hmac(
  hash: 'SHA-1' | 'SHA-256',
  key: Uint8Array,
  message: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey(
    'raw',
    new Uint8Array(key),
    { name: 'HMAC', hash },
    false,
    ['sign'],
  )
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new Uint8Array(message)))
}
