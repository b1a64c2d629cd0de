import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ListMultipartUploadsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/log.ts'
import { createS3Store } from '../../../src/store/s3-store.ts'
import { type BucketFacts, openBucket } from '../../e2e/bucket.ts'
import { type ServedBucket, serveBucket } from '../../job-bucket/serve-bucket.ts'
import { makeCertificate } from '../../runtimes/certificate.ts'

const run = promisify(execFile)

/** Where a client meets the job bucket. */
export interface Place {
  readonly scheme: 'http' | 'https'
  readonly host: '127.0.0.1' | 'localhost'
}

/** A job bucket as one client sees it, before the store in memory or Ceph RGW. */
export interface Scene {
  readonly place: Place
  /** Its base URL. */
  readonly url: string
  readonly accessId: string
  readonly accessSecret: string
  /** Any name would do. */
  readonly bucket: string
  /** Folder of the test's own, and the client's home. */
  readonly folder: string
  /** File with the server's certificate. */
  readonly certificate: string
  /** What the store keeps below the place of outputs; undefined where there is nothing. */
  stored(key: string): Promise<Buffer | undefined>
  /** Runs a program with only this environment; resolves with what it printed on standard output. */
  run(
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<string>
  /** Runs a program that is to fail; resolves with all that it printed. */
  fail(program: string, args: readonly string[]): Promise<string>
}

/** The places at which every client is tested. */
export const places: readonly Place[] = [
  { scheme: 'http', host: '127.0.0.1' },
  { scheme: 'https', host: 'localhost' },
]

/** Path of a file beside this one. */
export function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/**
 * Tests one client over http at an address and over https at a name. `variable` names the program in
 * the environment; without it the tests are skipped. `in/0-image.png` is there to be read; no
 * multipart upload may be left over.
 */
export function testClient(options: {
  readonly client: string
  readonly variable: string
  /** Path of the bucket's URL; default `/s3`. */
  readonly path?: string
  drive(scene: Scene, program: string): Promise<void>
}): void {
  const { client, variable, path = '/s3', drive } = options
  const program = process.env[variable]
  describe.each(places)(`${client} over $scheme at $host`, (place) => {
    test('uses the job bucket', { timeout: 180_000 }, async (context) => {
      if (program === undefined) {
        context.skip(`Set ${variable}, as test/conformance/clients/install.sh prints it`)
        return
      }
      await using folder = await temporaryFolder()
      await using scene = await openScene(place, path, folder.path)
      await drive(scene, program)
      expect(await scene.openUploads()).toBe(0)
    })
  })
}

interface OpenScene extends Scene, AsyncDisposable {
  openUploads(): Promise<number>
}

/** Opens a scene; its server runs until it is disposed of. */
export async function openScene(place: Place, path: string, folder: string): Promise<OpenScene> {
  const certificate = join(folder, 'cert.pem')
  const tls =
    place.scheme === 'https'
      ? await makeCertificate(certificate, join(folder, 'key.pem'))
      : undefined
  const rgw = process.env['BULKWAY_TEST_RGW']
  const { served, ...store } =
    rgw === undefined ? await serveMemory(tls, path) : await serveRgw(tls, path, JSON.parse(rgw))
  const url = served.url.replace('127.0.0.1', place.host)
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: served.accessId,
    AWS_SECRET_ACCESS_KEY: served.accessSecret,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(tls && {
      AWS_CA_BUNDLE: certificate,
      SSL_CERT_FILE: certificate,
      REQUESTS_CA_BUNDLE: certificate,
    }),
  }
  const options = (env: object = {}) => ({
    cwd: folder,
    env: { ...environment, ...env },
    maxBuffer: 16 * 1024 * 1024,
  })
  return {
    place,
    url,
    accessId: served.accessId,
    accessSecret: served.accessSecret,
    bucket: 'job-files',
    folder,
    certificate,
    ...store,
    run: async (program, args, env) => (await run(program, args, options(env))).stdout,
    fail: async (program, args) => {
      const ended = await run(program, args, options()).then(
        ({ stdout }) => ({ failed: false, text: stdout }),
        ({ stdout, stderr }) => ({ failed: true, text: `${stdout}${stderr}` }),
      )
      expect(ended.failed, ended.text).toBe(true)
      return ended.text
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}

interface Store {
  readonly served: ServedBucket
  stored(key: string): Promise<Buffer | undefined>
  openUploads(): Promise<number>
}

type Tls = { key: string; cert: string } | undefined

async function serveMemory(tls: Tls, path: string): Promise<Store> {
  const served = await serveBucket(tls, undefined, path)
  const { memory } = served
  memory.put('real-day/real-grant/in/0-image.png', 'input', { 'content-type': 'image/png' })
  return {
    served,
    stored: async (key) => {
      const kept = memory.objects.get(`real-day/real-grant/out/${key}`)
      return kept && Buffer.from(kept.bytes)
    },
    openUploads: async () => memory.uploads.size,
  }
}

async function serveRgw(tls: Tls, path: string, facts: BucketFacts): Promise<Store> {
  const prefix = `conformance/${randomBytes(8).toString('hex')}/`
  const { endpoint, region, bucket } = facts
  const accessKeyId = new Secret(facts.accessKeyId)
  const secretAccessKey = new Secret(facts.secretAccessKey)
  const config = { kind: 's3', endpoint, region, bucket, pathStyle: true, presign: true } as const
  const options = { idleTimeoutMs: 20_000, presignSeconds: 900 }
  const served = await serveBucket(
    tls,
    (platform) =>
      createS3Store({ id: 'main', ...config, accessKeyId, secretAccessKey }, platform, options),
    path,
  )
  served.change({
    mounts: [
      { path: 'in/', key: `${prefix}in/`, mode: 'read' },
      { path: '', key: `${prefix}out/`, mode: 'read-write' },
    ],
  })
  const direct = openBucket(facts)
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: facts,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  const input = { Bucket: bucket, Key: `${prefix}in/0-image.png`, Body: 'input' }
  await client.send(new PutObjectCommand({ ...input, ContentType: 'image/png' }))
  return {
    served,
    stored: (key) => direct.get(`${prefix}out/${key}`).catch(() => undefined),
    openUploads: async () => {
      const listed = await client.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }),
      )
      return listed.Uploads?.length ?? 0
    },
  }
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'bulkway-client-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
