import type { Reply } from '../../platform.ts'
import { findQuery } from '../../sigv4/query.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'

const bucketName = 'job_files'

/** The owner of everything, where S3 always names one. */
export const owner = { ID: 'job', DisplayName: 'job' } as const

/** HeadBucket: every name means the one bucket, so it exists. */
export async function headBucket(): Promise<Reply> {
  const headers = new Headers({ 'x-amz-bucket-region': 'us-east-1', 'content-length': '0' })
  return { status: 200, headers }
}

/** GetBucketLocation: empty, which is S3's way of saying us-east-1. */
export async function getBucketLocation(): Promise<Reply> {
  return replyXml('LocationConstraint', '')
}

/** ListBuckets: the one bucket, by the name that workers are given. */
export async function listBuckets(call: Call): Promise<Reply> {
  const prefix = findQuery(call.target.query, 'prefix') ?? ''
  const bucket = { Name: bucketName, CreationDate: new Date(call.grant.createdAt).toISOString() }
  return replyXml('ListAllMyBucketsResult', {
    Owner: owner,
    Buckets: { Bucket: bucketName.startsWith(prefix) ? [bucket] : [] },
  })
}
