import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { StoreFacts } from '../../dev/store.ts'
import { createVolumeServer, type VolumeServer } from '../../dev/volume/volume-server.ts'

export const accountKey = { accessKeyId: 'user_1', secretAccessKey: 'rps_secret' }
export const Bucket = 'vol1'

/** A fake with one volume in EU-RO-1, and the official client of it. */
export interface VolumeBed {
  readonly server: VolumeServer
  readonly directory: string
  readonly client: S3Client
  open(options?: { region?: string; secretAccessKey?: string }): S3Client
  put(Key: string, Body?: string | Uint8Array): Promise<{ ETag?: string | undefined }>
  /** Starts an upload and sends its parts; the command that completes it is left to send. */
  uploadParts(
    Key: string,
    bodies: readonly (string | Uint8Array)[],
  ): Promise<{ UploadId: string | undefined; complete: CompleteMultipartUploadCommand }>
  close(): Promise<void>
}

/** Starts a fake over a directory of its own, `behind` it a real S3 server. */
export async function openVolumeBed(behind?: StoreFacts): Promise<VolumeBed> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkway-volume-'))
  const server = await createVolumeServer({
    port: 0,
    dataCenterId: 'EU-RO-1',
    volumes: [{ id: Bucket, directory }],
    keys: [accountKey],
    behind,
  })
  const open = (options: { region?: string; secretAccessKey?: string } = {}) =>
    new S3Client({
      endpoint: server.url,
      region: options.region ?? 'EU-RO-1',
      forcePathStyle: true,
      credentials: { ...accountKey, ...options },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 1,
    })
  const client = open()

  return {
    server,
    directory,
    client,
    open,
    put: (Key, Body = 'x') => client.send(new PutObjectCommand({ Bucket, Key, Body })),
    async uploadParts(Key, bodies) {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      const Parts = []
      for (const [at, Body] of bodies.entries()) {
        const PartNumber = at + 1
        const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body })
        Parts.push({ PartNumber, ETag: (await client.send(command)).ETag })
      }
      const MultipartUpload = { Parts }
      const complete = new CompleteMultipartUploadCommand({
        ...{ Bucket, Key, UploadId, MultipartUpload },
      })
      return { UploadId, complete }
    },
    async close() {
      client.destroy()
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Status and S3's word of what a request was refused with. */
export async function refusal(sent: Promise<unknown>): Promise<[status: number, code: string]> {
  const error: unknown = await sent.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error)) throw new TypeError('The request was not refused')
  const metadata = '$metadata' in error ? error.$metadata : undefined
  const status =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? Number(metadata.httpStatusCode)
      : 0
  return [status, error.name]
}
