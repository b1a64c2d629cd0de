import type { Secret } from '../log.ts'
import type { SignedRequest } from './canonical.ts'
import { encodeBase64, isSameText } from './encode.ts'
import { findQuery, type QueryPair } from './query.ts'
import { hmac } from './sign.ts'

const encoder = new TextEncoder()

/** What a SigV2 presigned URL says about its own signature, unproven. */
export interface SigV2Claim {
  readonly accessId: string
  readonly signature: string
  /** Seconds since the epoch, as text: it is signed as it stands. */
  readonly expires: string
}

// Parameters that are part of the signed resource (AWS, "Signing and authenticating REST requests").
const signedParameters = new Set(
  (
    'accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging ' +
    'metrics notification object-lock partNumber policy replication requestPayment restore ' +
    'response-cache-control response-content-disposition response-content-encoding ' +
    'response-content-language response-content-type response-expires select select-type ' +
    'storageClass tagging torrent uploadId uploads versionId versioning versions website'
  ).split(' '),
)

/** Reads `AWSAccessKeyId`, `Signature` and `Expires`; undefined when one is missing or malformed. */
export function readSigV2Claim(query: readonly QueryPair[]): SigV2Claim | undefined {
  const accessId = findQuery(query, 'AWSAccessKeyId')
  const signature = findQuery(query, 'Signature')
  const expires = findQuery(query, 'Expires')
  if (accessId === undefined || signature === undefined || expires === undefined) return undefined
  return /^\d{1,12}$/.test(expires) ? { accessId, signature, expires } : undefined
}

/**
 * Checks a SigV2 presigned URL. `resources` are the paths that the client may have signed: botocore
 * leaves out the path of its endpoint URL, others sign the path as sent.
 */
export async function verifySigV2(
  request: SignedRequest,
  claim: SigV2Claim,
  secret: Secret,
  resources: readonly string[],
  now: number,
): Promise<'expired' | 'mismatch' | undefined> {
  if (now > Number(claim.expires) * 1000) return 'expired'
  const key = encoder.encode(secret.reveal())
  for (const resource of resources) {
    const text = sigV2StringToSign(request, claim.expires, resource)
    const expected = encodeBase64(await hmac('SHA-1', key, encoder.encode(text)))
    if (isSameText(expected, claim.signature)) return undefined
  }
  return 'mismatch'
}

/** The string that a SigV2 presigned URL signs. */
export function sigV2StringToSign(
  request: SignedRequest,
  expires: string,
  resource: string,
): string {
  // botocore moves the headers it signed into the query.
  const given = (name: string) => request.headers.get(name) ?? findQuery(request.query, name) ?? ''
  const names = [...request.headers.keys(), ...request.query.map(({ name }) => name)]
  const amz = [...new Set(names.filter((name) => /^x-amz-(?!cf-)[a-z0-9-]+$/.test(name)))].sort()
  const parameters = request.query
    .filter(({ name }) => signedParameters.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => (value === '' ? name : `${name}=${value}`))
  return [
    request.method,
    given('content-md5'),
    given('content-type'),
    expires,
    ...amz.map((name) => `${name}:${given(name).trim().replaceAll(', ', ',')}`),
    resource + (parameters.length === 0 ? '' : `?${parameters.join('&')}`),
  ].join('\n')
}
