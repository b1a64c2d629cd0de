import { createHash } from 'node:crypto'
import {
  type BucketLifecycleConfiguration,
  CreateMultipartUploadCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  ListMultipartUploadsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { PRESETS, type PresetName, type Support } from '../../src/config/presets.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { probeConditionalWrites } from '../../src/store/conditional-writes.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { objectStoreContract } from '../contracts/object-store.ts'
import { configOf } from './local-r2.ts'

/** Real servers and the JSON of their `dev/….sh start`, where they run. */
const servers: readonly (readonly [PresetName, string | undefined])[] = [
  ['ceph', process.env['BULKWAY_TEST_RGW']],
  ['minio', process.env['BULKWAY_TEST_MINIO']],
  ['garage', process.env['BULKWAY_TEST_GARAGE']],
  ['seaweedfs', process.env['BULKWAY_TEST_SEAWEEDFS']],
]
/** What a server leaves out of the contract. */
const gapsOf: Partial<Record<PresetName, object>> = {
  minio: { emptySegments: false, listsUploads: false },
  garage: { conditionalWrites: false },
  seaweedfs: {},
}
const platform = createNodePlatform({ write() {} })
const partBytes = 6 * 1024 * 1024

for (const [preset, facts] of servers) {
  if (facts !== undefined) presetIsTrue(preset, facts)
}

test('every store has a preset of its own', () => {
  expect(new Set(Object.values(PRESETS).map(({ name }) => name)).size).toBe(
    Object.keys(PRESETS).length,
  )
})

/** What a preset says of a store, held against a server. */
function presetIsTrue(name: PresetName, facts: string): void {
  const preset = PRESETS[name]
  const config = { ...configOf(JSON.parse(facts)), preset: name, pathStyle: preset.pathStyle }
  const store = createS3Store(config, platform, { idleTimeoutMs: 20_000, presignSeconds: 900 })
  const { bucket: Bucket, endpoint, region } = config
  const client = new S3Client({
    ...{ endpoint, region, forcePathStyle: preset.pathStyle },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: {
      accessKeyId: config.accessKeyId.reveal(),
      secretAccessKey: config.secretAccessKey.reveal(),
    },
  })
  const folder = `preset-${crypto.randomUUID()}/`

  // Ceph's is in s3-store.test.ts.
  const gaps = gapsOf[name]
  if (gaps !== undefined) {
    objectStoreContract(preset.name, () => store, { partBytes, overridesHeaders: true, ...gaps })
  }

  /** Puts one rule into the bucket, and says whether it is there afterwards. */
  async function keepsRule(
    action: NonNullable<BucketLifecycleConfiguration['Rules']>[number],
  ): Promise<boolean> {
    const rule = { ID: 'preset', Filter: { Prefix: folder }, ...action }
    const LifecycleConfiguration = { Rules: [rule] }
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
    )
    const read = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
    return read.Rules?.some((one) => Object.keys(action).every((key) => key in one)) === true
  }

  describe(`${preset.name} is as its preset says`, () => {
    const claims: readonly (readonly [string, Support, () => Promise<boolean>])[] = [
      [
        'conditional writes',
        preset.conditionalWrites,
        async () => {
          await probeConditionalWrites(store)
          return true
        },
      ],
      [
        'lifecycle rules',
        preset.lifecycle,
        () => keepsRule({ Status: 'Enabled', Expiration: { Days: 1 } }),
      ],
      [
        'rules that abort uploads',
        preset.abortLifecycle,
        () =>
          keepsRule({
            Status: 'Enabled',
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          }),
      ],
      [
        'CORS rules',
        preset.cors,
        async () => {
          const rule = { AllowedOrigins: ['https://a.example'], AllowedMethods: ['PUT'] }
          const CORSConfiguration = { CORSRules: [rule] }
          await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
          const read = await client.send(new GetBucketCorsCommand({ Bucket }))
          return read.CORSRules?.[0]?.AllowedOrigins?.[0] === 'https://a.example'
        },
      ],
      [
        'lists of open uploads by prefix',
        preset.listUploads,
        async () => {
          const Key = `${folder}open/upload`
          await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
          const Prefix = `${folder}open/`
          const { Uploads = [] } = await client.send(
            new ListMultipartUploadsCommand({ Bucket, Prefix }),
          )
          return Uploads.some((upload) => upload.Key === Key)
        },
      ],
    ]

    test.each(claims)('%s: %s', async (_what, expected, holds) => {
      expect(await holds().catch(() => false)).toBe(expected)
    })

    test(`a signed digest: ${preset.signedDigest}`, async () => {
      const key = `${folder}digest`
      const uploadId = await store.createUpload(key, 'text/plain')
      const sha256 = createHash('sha256').update('abc').digest('hex')
      const part = { key, uploadId, partNumber: 1, length: 3, sha256 }
      const { url, headers } = await store.presignPart(part, 60)
      const statusOf = async (body: string) =>
        (await fetch(url, { method: 'PUT', headers, body })).status
      expect('x-amz-content-sha256' in headers).toBe(preset.signedDigest)
      expect((await statusOf('abd')) === 200).toBe(!preset.signedDigest)
      expect(await statusOf('abc')).toBe(200)
    })
  })
}
