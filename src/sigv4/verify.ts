import type { Secret } from '../log.ts'
import type { ShortDigests } from '../platform.ts'
import {
  canonicalRequest,
  type HeaderSpelling,
  type SignedRequest,
  stringToSign,
} from './canonical.ts'
import type { SigV4Claim } from './credential.ts'
import { isSameText } from './encode.ts'
import { deriveSigner, scopeText } from './sign.ts'

/** Allowed difference between the client's clock and ours, in milliseconds. */
export const clockSkewMs = 900_000

/** Why a signature is refused. */
export type SignatureFault = 'skewed' | 'expired' | 'mismatch' | 'unsigned-header'

/** Headers that an edge adds under the reserved prefix, and the token, which has no meaning here. */
const unsignedAllowed = /^x-amz-(cf-|content-sha256$|security-token$)/

/**
 * Checks a SigV4 signature against the secret: clock, life of a presigned URL, that no `x-amz-`
 * header came unsigned, and the signature itself in constant time. Pure but for the hashes.
 */
export async function verifySigV4(
  request: SignedRequest,
  claim: SigV4Claim,
  secret: Secret,
  payloadHash: string,
  now: number,
  digests?: ShortDigests,
): Promise<SignatureFault | undefined> {
  const late = checkTime(claim, now)
  if (late !== undefined) return late
  for (const name of request.headers.keys()) {
    const matters = name.startsWith('x-amz-') && !unsignedAllowed.test(name)
    if (matters && !claim.signedHeaders.includes(name)) return 'unsigned-header'
  }
  const sign = await deriveSigner(secret, claim.scope, digests)
  for (const spell of spellings(request, claim)) {
    const canonical = canonicalRequest(request, claim.signedHeaders, payloadHash, {
      spell,
      ...(claim.kind === 'query' && { omitQuery: 'X-Amz-Signature' }),
    })
    const text = await stringToSign(claim.timestamp, scopeText(claim.scope), canonical, digests)
    const expected = await sign(text)
    if (isSameText(expected, claim.signature)) return undefined
  }
  return 'mismatch'
}

function checkTime(claim: SigV4Claim, now: number): SignatureFault | undefined {
  if (claim.expiresInSeconds === undefined) {
    return Math.abs(now - claim.signedAt) > clockSkewMs ? 'skewed' : undefined
  }
  if (claim.signedAt - now > clockSkewMs) return 'skewed'
  return now > claim.signedAt + claim.expiresInSeconds * 1000 ? 'expired' : undefined
}

/** Headers that a hop may take off, each with the one value that there is to sign. */
const hopByHop: Readonly<Record<string, string>> = {
  // Old botocore signs it.
  'transfer-encoding': 'chunked',
  expect: '100-continue',
}

/** What SDKs that sign Accept-Encoding send. */
const usualCodings = ['identity', 'gzip', '', 'gzip, deflate', 'gzip, deflate, br']

/**
 * The spellings that signed headers may have had before an intermediary touched them. None of these
 * headers is acted upon, so trying several weakens nothing.
 */
function* spellings(request: SignedRequest, claim: SigV4Claim): Generator<HeaderSpelling> {
  const { signedHeaders } = claim
  const { acceptEncoding } = request
  // Cloudflare's edge rewrites Accept-Encoding; where it tells the client's own, that is the first.
  const codings = signedHeaders.includes('accept-encoding')
    ? [...(acceptEncoding === undefined ? [] : [acceptEncoding]), undefined, ...usualCodings]
    : [undefined]
  // Fetch joins repeated headers with ", ", SigV4 with ",".
  const isJoined = signedHeaders.some((name) => request.headers.get(name)?.includes(', '))
  for (const coding of codings) {
    for (const join of isJoined ? [', ', ','] : [', ']) {
      yield (name, value) => {
        if (name === 'accept-encoding' && coding !== undefined) return coding
        return value === '' ? (hopByHop[name] ?? '') : value.replaceAll(', ', join)
      }
    }
  }
}
