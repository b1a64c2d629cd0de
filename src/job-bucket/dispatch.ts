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
import { getBucketLocation, headBucket, listBuckets } from './operations/bucket.ts'
import { copyObject, uploadPartCopy } from './operations/copy.ts'
import { deleteObject, deleteObjects } from './operations/delete.ts'
import { listObjects, listObjectsV2 } from './operations/list.ts'
import { listParts } from './operations/list-parts.ts'
import { listMultipartUploads } from './operations/list-uploads.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './operations/multipart.ts'
import { getObject, headObject, putObject } from './operations/object.ts'
import { createQuotas } from './quota.ts'
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
  CopyObject: { deed: 'write', run: copyObject },
  DeleteObject: { deed: 'write', run: deleteObject },
  DeleteObjects: { deed: 'write', run: deleteObjects },
  CreateMultipartUpload: { deed: 'write', run: createMultipartUpload },
  UploadPart: { deed: 'write', run: uploadPart },
  UploadPartCopy: { deed: 'write', run: uploadPartCopy },
  CompleteMultipartUpload: { deed: 'write', run: completeMultipartUpload },
  AbortMultipartUpload: { deed: 'write', run: abortMultipartUpload },
  ListParts: { deed: 'write', run: listParts },
  ListMultipartUploads: { deed: 'write', run: listMultipartUploads },
  ListObjects: { deed: 'read', run: listObjects },
  ListObjectsV2: { deed: 'read', run: listObjectsV2 },
  ListBuckets: { deed: 'read', run: listBuckets },
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
  /** The client's own Accept-Encoding, where an edge tells what it has rewritten. */
  readonly acceptEncoding?: string | undefined
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
  /**
   * Host name (no port) under which every subdomain is a bucket: virtual-host addressing. Undefined
   * where the job bucket has no DNS name of its own.
   */
  readonly virtualHost: string | undefined
}

/** The S3 API that the holder of a scoped key sees. */
export interface JobBucket {
  /** Answers every request, errors in S3 XML; never rejects. */
  answer(request: BucketRequest): Promise<Reply>
}

/**
 * Makes the job bucket: path style or virtual hosts, any bucket name, any region; keys are those of the
 * grant's mounts. It imitates Amazon S3's REST API (2006-03-01); what `detect.ts` does not list is
 * NotImplemented, and chunks signed with ECDSA (`STREAMING-AWS4-ECDSA-…`) are too.
 */
export function createJobBucket(deps: JobBucketDeps): JobBucket {
  const { platform, log } = deps
  const quotas = createQuotas()

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
    const { method, headers, host, acceptEncoding, id } = request
    const target = parseTarget(request.rawTarget, host, deps)
    const { rawPath, rawResource, query } = target
    const signed = { method, rawPath, query, headers, host, acceptEncoding }
    const { keyring, grants } = deps
    const auth = { keyring, grants, now: () => platform.now(), digests: platform.digests }
    const proof = await authenticate(auth, signed, rawResource)
    const { grant, payloadHash } = proof
    const operation = detectOperation(method, target, headers)
    if (operation === undefined) throw new S3Error('NotImplemented')
    if (target.key !== '') checkKey(target.key)
    const { deed, run } = operations[operation]
    checkGrant(grant, deed, platform.now())
    const store = deps.store(grant.storeId)
    if (store === undefined) throw new S3Error('InternalError', undefined, 'the store is gone')
    const upload = () => takeUpload(proof)
    return await run({
      ...{ target, headers, grant, store, quotas, platform, log, payloadHash, id },
      upload,
    })
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
