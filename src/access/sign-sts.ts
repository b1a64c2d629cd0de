import type { ShortDigests } from '../platform.ts'
import { encodeHex, encodeRfc3986 } from '../sigv4/encode.ts'
import { createHeaderSigner, type SigningKeys } from '../sigv4/sign-headers.ts'

export type { SigningKeys }

/** The headers of a POST to an STS with SigV4 in the header, its body's SHA-256 bound by the signature. */
export async function signSts(
  keys: SigningKeys,
  request: { readonly url: URL; readonly headers: Headers; readonly body: Uint8Array },
  options: { readonly region: string; readonly now: number; readonly digests?: ShortDigests },
): Promise<Headers> {
  const { url, headers } = request
  const body = new Uint8Array(request.body)
  const hash =
    options.digests?.sha256(body) ?? new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  const sign = createHeaderSigner(keys, { region: options.region, service: 'sts' }, options.digests)
  return await sign(
    {
      method: 'POST',
      // Everywhere but in S3 the path of the URL is encoded once more.
      rawPath: url.pathname.split('/').map(encodeRfc3986).join('/'),
      query: [],
      headers,
      host: url.host,
      payloadHash: encodeHex(hash),
    },
    options.now,
  )
}

/** The region that an STS wants in signatures: the one in its name, where it has one. */
export function stsRegion(endpoint: string, storeRegion: string): string {
  const host = new URL(endpoint).hostname
  if (host === 'sts.amazonaws.com' || host === 'sts.wasabisys.com') return 'us-east-1'
  return /^sts(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1] ?? storeRegion
}
