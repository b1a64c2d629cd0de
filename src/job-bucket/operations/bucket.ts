import type { Reply } from '../../platform.ts'
import { replyXml } from '../reply.ts'

/** HeadBucket: every name means the one bucket, so it exists. */
export async function headBucket(): Promise<Reply> {
  const headers = new Headers({ 'x-amz-bucket-region': 'us-east-1', 'content-length': '0' })
  return { status: 200, headers }
}

/** GetBucketLocation: empty, which is S3's way of saying us-east-1. */
export async function getBucketLocation(): Promise<Reply> {
  return replyXml('LocationConstraint', '')
}
