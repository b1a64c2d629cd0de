import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { Grants } from '../grants/grant.ts'
import { type Log, reasonOf } from '../log.ts'
import type { Body, Platform, Reply } from '../platform.ts'
import type { ObjectStore } from '../store/store.ts'
import { type Authenticated, authenticate } from './authenticate.ts'
import { checkGrant, type Deed } from './authorise.ts'
import { createUploadBody, discardBody, type UploadBody } from './body/upload-body.ts'
import type { Call } from './call.ts'
import { detectOperation, type Operation } from './detect.ts'
import { getBucketLocation, headBucket } from './operations/bucket.ts'
import { listObjects } from './operations/list.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './operations/multipart.ts'
import { getObject, headObject, putObject } from './operations/object.ts'
import { replyError } from './reply.ts'
import { S3Error } from './s3-error.ts'
import { checkKey, parseTarget } from './target.ts'

const maxDiscardBytes = 16 * 1024 * 1024

const operations: Readonly<
  Record<Operation, { readonly deed: Deed; readonly run: (call: Call) => Promise<Reply> }>
> = {
  GetObject: { deed: 'read', run: getObject },
  HeadObject: { deed: 'read', run: headObject },
  PutObject: { deed: 'write', run: putObject },
  CreateMultipartUpload: { deed: 'write', run: createMultipartUpload },
  UploadPart: { deed: 'write', run: uploadPart },
  CompleteMultipartUpload: { deed: 'write', run: completeMultipartUpload },
  AbortMultipartUpload: { deed: 'write', run: abortMultipartUpload },
  ListObjectsV2: { deed: 'read', run: listObjects },
  HeadBucket: { deed: 'read', run: headBucket },
  GetBucketLocation: { deed: 'read', run: getBucketLocation },
}

/** One request to the job bucket, as it came over the wire. */
export interface BucketRequest {
  readonly method: string
  /** Path and query exactly as received: undecoded, not normalised. */
  readonly rawTarget: string
  /** The Host header. */
  readonly host: string
  readonly headers: Headers
  readonly body: Body | undefined
  /** Request id. */
  readonly id: string
}

/** What the job bucket stands on. */
export interface JobBucketDeps {
  readonly platform: Platform
  readonly keyring: Keyring
  readonly grants: Pick<Grants, 'read'>
  store(storeId: string): ObjectStore | undefined
  readonly log: Log
  /** Path of the job bucket's URL, such as `/s3`; empty where it has a host of its own. */
  readonly basePath: string
}

/** The S3 API that the holder of a scoped key sees. */
export interface JobBucket {
  /** Answers every request, errors in S3 XML; never rejects. */
  answer(request: BucketRequest): Promise<Reply>
}

/**
 * Makes the job bucket: path style, any bucket name, any region, any host; keys are those of the
 * grant's mounts. It imitates Amazon S3's REST API (2006-03-01); what `detect.ts` does not list is
 * NotImplemented, and chunks signed with ECDSA (`STREAMING-AWS4-ECDSA-…`) are too.
 */
export function createJobBucket(deps: JobBucketDeps): JobBucket {
  const { platform, log, basePath } = deps

  async function answer(request: BucketRequest): Promise<Reply> {
    const { method, id } = request
    let upload: UploadBody | undefined
    const takeUpload = ({ payloadHash, chunkSeed }: Authenticated) => {
      upload = createUploadBody(request.body, request.headers, payloadHash, platform, chunkSeed)
      return upload
    }
    const reply = await perform(request, takeUpload).catch((error: unknown) => {
      const refusal = error instanceof S3Error ? error : unexpected(error)
      logRefusal(log, id, refusal)
      const resource = request.rawTarget.split('?')[0] ?? '/'
      return replyError(refusal, { method, resource, id })
    })
    if (upload?.isVerified !== true) {
      const rest = upload?.discard(maxDiscardBytes) ?? discardBody(request.body, maxDiscardBytes)
      platform.waitUntil(rest)
    }
    reply.headers.set('x-amz-request-id', id)
    return reply
  }

  async function perform(
    request: BucketRequest,
    takeUpload: (proof: Authenticated) => UploadBody,
  ): Promise<Reply> {
    const { method, headers, host, id } = request
    const target = parseTarget(request.rawTarget, basePath)
    const { rawPath, rawResource, query } = target
    const signed = { method, rawPath, query, headers, host }
    const auth = { keyring: deps.keyring, grants: deps.grants, now: () => platform.now() }
    const proof = await authenticate(auth, signed, rawResource)
    const { grant } = proof
    const operation = detectOperation(method, target, headers)
    if (operation === undefined) throw new S3Error('NotImplemented')
    if (target.key !== '') checkKey(target.key)
    const { deed, run } = operations[operation]
    checkGrant(grant, deed, platform.now())
    const store = deps.store(grant.storeId)
    if (store === undefined) throw new S3Error('InternalError', undefined, 'the store is gone')
    const upload = () => takeUpload(proof)
    return await run({ target, headers, grant, store, platform, log, id, upload })
  }

  return { answer }
}

function unexpected(error: unknown): S3Error {
  const isPassing =
    error instanceof GatewayError && (error.code === 'store_unavailable' || error.code === 'busy')
  const code = isPassing ? 'ServiceUnavailable' : 'InternalError'
  return new S3Error(code, undefined, reasonOf(error))
}

function logRefusal(log: Log, id: string, refusal: S3Error): void {
  log.write(refusal.status >= 500 && refusal.code !== 'NotImplemented' ? 'error' : 'info', {
    event: 'job_bucket_refused',
    requestId: id,
    code: refusal.code,
    reason: refusal.reason,
  })
}
