import type { Keyring } from '../config/keyring.ts'
import type { Grant, Grants } from '../grants/grant.ts'
import { deriveScopedKey, readAccessId } from '../grants/scoped-key.ts'
import type { Secret } from '../log.ts'
import type { ShortDigests } from '../platform.ts'
import type { SignedRequest } from '../sigv4/canonical.ts'
import type { ChunkSeed } from '../sigv4/chunk-chain.ts'
import {
  type ClaimFault,
  readHeaderClaim,
  readQueryClaim,
  type SigV4Claim,
} from '../sigv4/credential.ts'
import { findQuery } from '../sigv4/query.ts'
import { readSigV2Claim, verifySigV2 } from '../sigv4/sigv2.ts'
import { type SignatureFault, verifySigV4 } from '../sigv4/verify.ts'
import { chunkSigningOf, literalHash } from './body/upload-body.ts'
import { S3Error } from './s3-error.ts'

/** Who asks, proven, and what their signature says of the body. */
export interface Authenticated {
  readonly grant: Grant
  /** The signed `x-amz-content-sha256`. */
  readonly payloadHash: string
  /** What signatures of the body's chunks hang on; only SigV4 has them. */
  readonly chunkSeed?: ChunkSeed
}

/** What authentication needs. */
export interface AuthenticateDeps {
  readonly keyring: Keyring
  readonly grants: Pick<Grants, 'read'>
  now(): number
  readonly digests?: ShortDigests | undefined
}

/**
 * Proves the signature of a request (SigV4 in header or query, SigV2 in the query of GET and HEAD)
 * and reads its grant. `rawResource` is the raw path without the job bucket's own. A presigned URL may
 * be signed for longer than its grant lasts, as RunPod's uploader always does (604,800 s): it ends
 * with the grant, which is read for every request, and says nothing about it. `x-amz-security-token`
 * means nothing here.
 * @throws {S3Error} as S3 does
 */
export async function authenticate(
  deps: AuthenticateDeps,
  request: SignedRequest,
  rawResource: string,
): Promise<Authenticated> {
  const authorization = request.headers.get('authorization')
  const { query } = request
  const signedIn = [
    authorization !== null,
    findQuery(query, 'X-Amz-Algorithm') !== undefined,
    findQuery(query, 'AWSAccessKeyId') !== undefined,
  ]
  if (signedIn.filter(Boolean).length > 1) {
    throw new S3Error('InvalidArgument', 'Only one authorization mechanism is allowed')
  }
  if (signedIn[2]) return await authenticateV2(deps, request, rawResource)
  if (signedIn[1]) return await authenticateQuery(deps, request)
  if (authorization === null) throw new S3Error('AccessDenied', undefined, 'unsigned')
  return await authenticateHeader(deps, request, authorization)
}

async function authenticateHeader(
  deps: AuthenticateDeps,
  request: SignedRequest,
  authorization: string,
): Promise<Authenticated> {
  if (!authorization.startsWith('AWS4-HMAC-SHA256')) {
    const text = 'Only AWS4-HMAC-SHA256 is supported in the Authorization header'
    throw new S3Error('InvalidRequest', text)
  }
  const claim = readHeaderClaim(authorization, request.headers.get('x-amz-date'))
  if (typeof claim === 'string') throw refuseClaim(claim, 'AuthorizationHeaderMalformed')
  const hash = request.headers.get('x-amz-content-sha256')
  if (hash === null) {
    const text = 'Missing required header for this request: x-amz-content-sha256'
    throw new S3Error('InvalidRequest', text)
  }
  return await authenticateV4(deps, request, claim, hash)
}

async function authenticateQuery(
  deps: AuthenticateDeps,
  request: SignedRequest,
): Promise<Authenticated> {
  const { headers, query } = request
  if (findQuery(query, 'X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    throw new S3Error('AuthorizationQueryParametersError')
  }
  const claim = readQueryClaim(query)
  if (typeof claim === 'string') throw refuseClaim(claim, 'AuthorizationQueryParametersError')
  // A hash that the signature does not cover says nothing.
  const header = claim.signedHeaders.includes('x-amz-content-sha256')
    ? headers.get('x-amz-content-sha256')
    : null
  const hash = header ?? findQuery(query, 'X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD'
  return await authenticateV4(deps, request, claim, hash)
}

async function authenticateV4(
  deps: AuthenticateDeps,
  request: SignedRequest,
  claim: SigV4Claim,
  payloadHash: string,
): Promise<Authenticated> {
  const isStreaming = payloadHash.startsWith('STREAMING-')
  if (!isStreaming && payloadHash !== 'UNSIGNED-PAYLOAD' && !literalHash.test(payloadHash)) {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is not valid')
  }
  const { secret, grantId } = await findSecret(deps, claim.accessId)
  const fault = await verifySigV4(request, claim, secret, payloadHash, deps.now(), deps.digests)
  if (fault !== undefined) throw refuseSignature(fault)
  if (isStreaming && chunkSigningOf(payloadHash) === undefined) {
    throw new S3Error('NotImplemented', `${payloadHash} is not supported`)
  }
  const { scope, timestamp, signature } = claim
  return {
    grant: await readGrant(deps, grantId),
    payloadHash,
    chunkSeed: { secret, scope, timestamp, signature },
  }
}

async function authenticateV2(
  deps: AuthenticateDeps,
  request: SignedRequest,
  rawResource: string,
): Promise<Authenticated> {
  const claim = readSigV2Claim(request.query)
  if (claim === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
    throw new S3Error('AccessDenied', undefined, 'SigV2 is for presigned GET and HEAD')
  }
  const { secret, grantId } = await findSecret(deps, claim.accessId)
  const resources = [...new Set([rawResource, request.rawPath])]
  const fault = await verifySigV2(request, claim, secret, resources, deps.now())
  if (fault !== undefined) throw refuseSignature(fault)
  return { grant: await readGrant(deps, grantId), payloadHash: 'UNSIGNED-PAYLOAD' }
}

async function findSecret(
  { keyring }: AuthenticateDeps,
  accessId: string,
): Promise<{ secret: Secret; grantId: string }> {
  const named = readAccessId(accessId)
  const key = named && (await deriveScopedKey(keyring, named.kid, named.grantId))
  if (named === undefined || key === undefined || key.accessId !== accessId) {
    throw new S3Error('InvalidAccessKeyId')
  }
  return { secret: key.accessSecret, grantId: named.grantId }
}

async function readGrant({ grants }: AuthenticateDeps, grantId: string): Promise<Grant> {
  const grant = await grants.read(grantId)
  if (grant === undefined) throw new S3Error('InvalidAccessKeyId', undefined, 'no such grant')
  return grant
}

function refuseClaim(
  fault: ClaimFault,
  code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): S3Error {
  if (fault === 'no-date' && code === 'AuthorizationHeaderMalformed') {
    return new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header')
  }
  return new S3Error(code, undefined, fault)
}

function refuseSignature(fault: SignatureFault): S3Error {
  switch (fault) {
    case 'skewed':
      return new S3Error('RequestTimeTooSkewed')
    case 'expired':
      return new S3Error('AccessDenied', 'Request has expired')
    case 'unsigned-header':
      return new S3Error('AccessDenied', 'There were headers present which were not signed')
    case 'mismatch':
      return new S3Error('SignatureDoesNotMatch')
  }
}
