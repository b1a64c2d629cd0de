import { Agent } from 'node:http'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3'

/** A string of this many characters or more is a payload for the peers, as it is for the gateway. */
export const giantCharacters = 64 * 1024

const partBytes = 8 * 1024 * 1024
const Bucket = 'bench'
const { STORE = '', UPSTREAM = '' } = process.env

/**
 * How the peers reach the store. The SDK would hash each payload twice, for a checksum and for a
 * signature over plain HTTP; the gateway does neither, so they are spared it.
 */
export const clientConfig: S3ClientConfig = {
  endpoint: STORE,
  region: 'us-east-1',
  forcePathStyle: true,
  credentials: { accessKeyId: 'bench', secretAccessKey: 'benchbenchbench' },
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  requestHandler: { httpAgent: new Agent({ keepAlive: true }) },
}

/** Reaches the store so. */
export const client: S3Client = new S3Client(clientConfig)
client.middlewareStack.add(
  (next) => (args) => {
    const { headers } = args.request as { headers: Record<string, string> }
    headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
    return next(args)
  },
  { step: 'build', name: 'unsignedPayload' },
)
let made = 0

/** Stores a payload with one `PutObject`; resolves to what stands for it in the request. */
export async function putPayload(bytes: Uint8Array): Promise<string> {
  const Key = `payload-${++made}`
  await client.send(new PutObjectCommand({ Bucket, Key, Body: bytes }))
  return `s3://${Bucket}/${Key}`
}

/** Takes base64 text in pieces and stores it in parts, of which one is sent while one is filled. */
export class PayloadUpload {
  readonly #Key = `payload-${++made}`
  #uploadId: string | undefined
  #filling = Buffer.allocUnsafeSlow(partBytes)
  #spare = Buffer.allocUnsafeSlow(partBytes)
  #filled = 0
  #rest = ''
  #sending: Promise<unknown> = Promise.resolve()
  readonly #parts: { PartNumber: number; ETag: string | undefined }[] = []

  async add(piece: string): Promise<void> {
    const text = this.#rest + piece
    const whole = text.length - (text.length % 4)
    this.#rest = text.slice(whole)
    for (let at = 0; at < whole; ) {
      const room = Math.floor((partBytes - this.#filled) / 3) * 4
      const end = Math.min(whole, at + room)
      this.#filled += this.#filling.write(text.slice(at, end), this.#filled, 'base64')
      at = end
      if (partBytes - this.#filled < 3) await this.#send()
    }
  }

  /** Resolves to what stands for the payload in the request. */
  async end(): Promise<string> {
    await this.add('='.repeat((4 - (this.#rest.length % 4)) % 4))
    if (this.#filled > 0) await this.#send()
    await this.#sending
    await client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: this.#Key,
        UploadId: this.#uploadId,
        MultipartUpload: { Parts: this.#parts },
      }),
    )
    return `s3://${Bucket}/${this.#Key}`
  }

  async #send(): Promise<void> {
    const Key = this.#Key
    await this.#sending
    this.#uploadId ??= (
      await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    ).UploadId
    const [Body, PartNumber] = [this.#filling.subarray(0, this.#filled), this.#parts.length + 1]
    const part: { PartNumber: number; ETag: string | undefined } = { PartNumber, ETag: undefined }
    this.#parts.push(part)
    this.#sending = client
      .send(new UploadPartCommand({ Bucket, Key, UploadId: this.#uploadId, PartNumber, Body }))
      .then(({ ETag }) => {
        part.ETag = ETag
      })
    // Seen where it is awaited; a failure in between must not end the process.
    this.#sending.catch(() => {})
    this.#filling = this.#spare
    this.#spare = Buffer.from(Body.buffer)
    this.#filled = 0
  }
}

/** Sends the rewritten request on; resolves to the platform's answer. */
export async function forward(path: string, body: string): Promise<Response> {
  return await fetch(`${UPSTREAM}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
}
