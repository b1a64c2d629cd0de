import { S3Client } from '@aws-sdk/client-s3'
import type { ServedBucket } from './serve-bucket.ts'

/** The official SDK with its default settings, but for the four fields that a worker is given. */
export function openClient(served: ServedBucket): S3Client {
  return new S3Client({
    endpoint: served.url,
    region: 'us-east-1',
    credentials: { accessKeyId: served.accessId, secretAccessKey: served.accessSecret },
    maxAttempts: 1,
  })
}
