import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { asObject } from '../platform/job.ts'

/** The four documented fields, and no other. */
export interface S3Config {
  readonly accessId: string
  readonly accessSecret: string
  readonly bucketName: string
  readonly endpointUrl: string
}

/** What was read. */
export interface Digest {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** What was written. */
export interface Written {
  readonly key: string
  readonly bytes: number
  readonly sha256: string
  /** Presigned GET, signed with the job's own keys. */
  readonly url: string
}

const blockBytes = 1_048_576
const presignSeconds = 604_800

/** The four fields of a job; throws when one is missing. */
export function parseS3Config(value: unknown): S3Config {
  const object = asObject(value) ?? {}
  const { accessId, accessSecret, bucketName, endpointUrl } = object
  if (
    typeof accessId !== 'string' ||
    typeof accessSecret !== 'string' ||
    typeof bucketName !== 'string' ||
    typeof endpointUrl !== 'string'
  ) {
    throw new TypeError('The job has no s3Config')
  }
  return { accessId, accessSecret, bucketName, endpointUrl }
}

/** A client made of the four fields; a bucket name with an underscore makes it use path style. */
export function createClient(s3Config: S3Config): S3Client {
  return new S3Client({
    endpoint: s3Config.endpointUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: s3Config.accessId, secretAccessKey: s3Config.accessSecret },
  })
}

/** Reads a key of the bucket, or a link, as a stream. */
export async function digest(
  path: string,
  s3Config: S3Config | undefined,
  abortSignal: AbortSignal,
): Promise<Digest> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of await open(path, s3Config, abortSignal)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { path, bytes, sha256: hash.digest('hex') }
}

async function open(
  path: string,
  s3Config: S3Config | undefined,
  abortSignal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  if (/^https?:/.test(path)) {
    const response = await fetch(path, { signal: abortSignal })
    if (response.status !== 200 || response.body === null) {
      throw new Error(`Cannot read the link: status ${response.status}`)
    }
    return response.body
  }
  if (s3Config === undefined) throw new TypeError('The job has no s3Config')
  const command = new GetObjectCommand({ Bucket: s3Config.bucketName, Key: path })
  const { Body } = await createClient(s3Config).send(command, { abortSignal })
  if (Body instanceof Readable) return Body
  throw new TypeError(`Cannot read ${path}: no stream`)
}

/** Writes `bytes` random bytes as a stream and presigns a GET of them. */
export async function write(
  key: string,
  bytes: number,
  s3Config: S3Config,
  abortSignal: AbortSignal,
): Promise<Written> {
  const client = createClient(s3Config)
  const where = { Bucket: s3Config.bucketName, Key: key }
  const hash = createHash('sha256')
  const upload = new Upload({ client, params: { ...where, Body: randomStream(bytes, hash) } })
  abortSignal.addEventListener('abort', () => void upload.abort())
  await upload.done()
  const url = await getSignedUrl(client, new GetObjectCommand(where), {
    expiresIn: presignSeconds,
  })
  return { key, bytes, sha256: hash.digest('hex'), url }
}

function randomStream(bytes: number, hash: { update(chunk: Uint8Array): unknown }): Readable {
  function* blocks() {
    for (let left = bytes; left > 0; left -= blockBytes) {
      const block = randomBytes(Math.min(left, blockBytes))
      hash.update(block)
      yield block
    }
  }
  return Readable.from(blocks(), { objectMode: false })
}
