import type { Secret } from '../log.ts'
import type { ShortDigests } from '../platform.ts'
import { canonicalRequest, stringToSign } from '../sigv4/canonical.ts'
import { encodeHex, encodeRfc3986 } from '../sigv4/encode.ts'
import { deriveSigner, scopeText } from '../sigv4/sign.ts'

/** Whose keys sign; a session's come with its token. */
export interface SigningKeys {
  readonly accessId: string
  readonly accessSecret: Secret
  readonly sessionToken?: Secret
}

/** The headers of a POST to an STS with SigV4 in the header, its body's SHA-256 bound by the signature. */
export async function signSts(
  keys: SigningKeys,
  request: { readonly url: URL; readonly headers: Headers; readonly body: Uint8Array },
  options: { readonly region: string; readonly now: number; readonly digests?: ShortDigests },
): Promise<Headers> {
  const { url } = request
  const timestamp = new Date(options.now).toISOString().replace(/[:-]|\.\d+/g, '')
  const scope = { date: timestamp.slice(0, 8), region: options.region, service: 'sts' }
  const headers = new Headers(request.headers)
  headers.set('x-amz-date', timestamp)
  const { sessionToken } = keys
  if (sessionToken !== undefined) headers.set('x-amz-security-token', sessionToken.reveal())
  const names = [...headers.keys(), 'host'].filter((name) => name !== 'accept').sort()
  const body = new Uint8Array(request.body)
  const hash =
    options.digests?.sha256(body) ?? new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const canonical = canonicalRequest(
    {
      method: 'POST',
      // Everywhere but in S3 the path of the URL is encoded once more.
      rawPath: url.pathname.split('/').map(encodeRfc3986).join('/'),
      query: [],
      headers,
      host: url.host,
    },
    names,
    encodeHex(hash),
  )
  const text = await stringToSign(timestamp, scopeText(scope), canonical, options.digests)
  const sign = await deriveSigner(keys.accessSecret, scope, options.digests)
  headers.set(
    'authorization',
    `AWS4-HMAC-SHA256 Credential=${keys.accessId}/${scopeText(scope)}, ` +
      `SignedHeaders=${names.join(';')}, Signature=${await sign(text)}`,
  )
  return headers
}

/** The region that an STS wants in signatures: the one in its name, where it has one. */
export function stsRegion(endpoint: string, storeRegion: string): string {
  const host = new URL(endpoint).hostname
  if (host === 'sts.amazonaws.com' || host === 'sts.wasabisys.com') return 'us-east-1'
  return /^sts(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1] ?? storeRegion
}
