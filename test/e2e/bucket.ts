import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { S3Config } from './platform-view.ts'

/** How to reach a bucket. */
export interface BucketFacts {
  /** URL without the bucket. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Role that jobs' keys are made with, where the server has an STS. */
  readonly roleArn?: string
}

/** The real store behind the gateway, seen directly. */
export interface Bucket {
  /** Every key in it, sorted. */
  keys(): Promise<string[]>
  /** Keys of payloads and outputs: what is neither a grant, a job record nor a result. */
  fileKeys(): Promise<string[]>
  get(key: string): Promise<Buffer>
  put(key: string, bytes: Uint8Array): Promise<void>
  clear(): Promise<void>
}

/** Opens the store with its own keys. */
export function openBucket(facts: BucketFacts): Bucket {
  const { bucket: Bucket } = facts
  const client = s3Client(facts)

  async function keys(): Promise<string[]> {
    const found: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket, ...(ContinuationToken && { ContinuationToken }) }),
      )
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) found.push(Key)
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return found.sort()
  }

  return {
    keys,
    fileKeys: async () => (await keys()).filter((key) => /^\d{4}-\d{2}-\d{2}\//.test(key)),
    async get(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
      return Buffer.from((await Body?.transformToByteArray()) ?? [])
    },
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }))
    },
    async clear() {
      for (const Key of await keys()) await client.send(new DeleteObjectCommand({ Bucket, Key }))
    },
  }
}

/** The official client as a worker makes it: from the four fields and nothing else. */
export function workerClient(s3Config: S3Config): S3Client {
  return new S3Client({
    endpoint: s3Config.endpointUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: s3Config.accessId, secretAccessKey: s3Config.accessSecret },
    maxAttempts: 1,
  })
}

function s3Client(facts: BucketFacts): S3Client {
  return new S3Client({
    endpoint: facts.endpoint,
    region: facts.region,
    forcePathStyle: true,
    credentials: facts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}
