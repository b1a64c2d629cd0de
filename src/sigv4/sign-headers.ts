import type { Secret } from '../log.ts'
import type { ShortDigests } from '../platform.ts'
import { canonicalRequest, stringToSign } from './canonical.ts'
import type { QueryPair } from './query.ts'
import { deriveSigner, type Signer, scopeText } from './sign.ts'

/** Whose keys sign; a session's come with its token. */
export interface SigningKeys {
  readonly accessId: string
  readonly accessSecret: Secret
  readonly sessionToken?: Secret
}

/** A request that is to carry its signature in the header. */
export interface HeaderSigned {
  readonly method: string
  /** Path as the service canonicalises it. */
  readonly rawPath: string
  readonly query: readonly QueryPair[]
  /** All of these are signed, and Host with them. */
  readonly headers: Headers
  /** Host and port. */
  readonly host: string
  /** SHA-256 of the body in lower-case hex, or `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string
}

/** Signs requests to one service in one region; gives the headers with which to send them. */
export type HeaderSigner = (request: HeaderSigned, nowMs: number) => Promise<Headers>

/** Makes the signer of SigV4 in the header (`x-amz-date`, `authorization`); it keeps the day's key. */
export function createHeaderSigner(
  keys: SigningKeys,
  { region, service }: { readonly region: string; readonly service: string },
  digests?: ShortDigests,
): HeaderSigner {
  // A value, never a pending promise: on Workers one request must not await another's.
  let known: { readonly date: string; readonly sign: Signer } | undefined

  return async (request, nowMs) => {
    const timestamp = new Date(nowMs).toISOString().replace(/[:-]|\.\d+/g, '')
    const scope = { date: timestamp.slice(0, 8), region, service }
    const headers = new Headers(request.headers)
    headers.set('x-amz-date', timestamp)
    const { sessionToken } = keys
    if (sessionToken !== undefined) headers.set('x-amz-security-token', sessionToken.reveal())
    const names = [...headers.keys(), 'host'].filter((name) => name !== 'accept').sort()
    const canonical = canonicalRequest({ ...request, headers }, names, request.payloadHash)
    const text = await stringToSign(timestamp, scopeText(scope), canonical, digests)
    if (known?.date !== scope.date) {
      known = { date: scope.date, sign: await deriveSigner(keys.accessSecret, scope, digests) }
    }
    headers.set(
      'authorization',
      `AWS4-HMAC-SHA256 Credential=${keys.accessId}/${scopeText(scope)}, ` +
        `SignedHeaders=${names.join(';')}, Signature=${await known.sign(text)}`,
    )
    return headers
  }
}
