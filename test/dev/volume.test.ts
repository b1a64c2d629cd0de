import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import { type DevStore, type StoreFacts, startStore } from '../../dev/store.ts'
import type { VolumeServer } from '../../dev/volume/volume-server.ts'
import { Bucket, openVolumeBed, refusal, type VolumeBed } from './volume-client.ts'

/** JSON of `dev/rgw.sh start`, to read the files from Ceph RGW as well. */
const rgw = process.env['BULKWAY_TEST_RGW']

describe('over a directory', () => volumeTests(() => undefined))

describe('in front of local R2', () => {
  let directory: string
  let store: DevStore
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bulkway-behind-'))
    store = await startStore({ port: await freePorts(1), directory })
  }, 60_000)
  afterAll(async () => {
    await store.stop()
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  volumeTests(() => ({ ...store, bucket: store.volumeBucket }))
})

describe.skipIf(rgw === undefined)('in front of Ceph RGW', () => {
  volumeTests(() => JSON.parse(rgw ?? '{}'))
})

function volumeTests(behind: () => StoreFacts | undefined): void {
  let bed: VolumeBed
  let client: S3Client
  let directory: string
  let server: VolumeServer
  beforeEach(async () => {
    bed = await openVolumeBed(behind())
    ;({ client, directory, server } = bed)
  })
  afterEach(() => bed.close())

  async function read(Key: string, Range?: string): Promise<string> {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }))
    return (await Body?.transformToString()) ?? ''
  }

  async function keysOf(options: object = {}): Promise<string[]> {
    const page = await client.send(new ListObjectsV2Command({ Bucket, ...options }))
    return page.Contents?.map((one) => one.Key ?? '') ?? []
  }

  test('what is put is a file of the directory, and is read back whole or in part', async () => {
    const bytes = randomBytes(300_000)
    const { ETag } = await bed.put('bulkway/a/ä b#?+%.bin', bytes)
    expect(await readFile(join(directory, 'bulkway/a/ä b#?+%.bin'))).toEqual(bytes)
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'bulkway/a/ä b#?+%.bin' }))
    expect(head.ContentLength).toBe(300_000)
    expect(head.ETag).toBe(ETag)
    expect(ETag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`)
    await bed.put('text', 'hello world')
    expect(await read('text', 'bytes=6-8')).toBe('wor')
    expect(await read('text', 'bytes=-5')).toBe('world')
    expect(await refusal(read('text', 'bytes=11-'))).toEqual([416, 'InvalidRange'])
  })

  test('what a worker writes is seen by GET, HEAD and LIST, and a change of it too', async () => {
    await mkdir(join(directory, 'out'))
    await writeFile(join(directory, 'out/x.tmp'), 'from the worker')
    await rename(join(directory, 'out/x.tmp'), join(directory, 'out/x.bin'))
    expect(await read('out/x.bin')).toBe('from the worker')
    const first = await client.send(new HeadObjectCommand({ Bucket, Key: 'out/x.bin' }))
    await writeFile(join(directory, 'out/x.bin'), 'something else of the worker')
    const second = await client.send(new HeadObjectCommand({ Bucket, Key: 'out/x.bin' }))
    expect(second.ETag).not.toBe(first.ETag)
    expect(await keysOf()).toEqual(['out/x.bin'])
  })

  test('lists in the order of bytes, in pages, with a delimiter, and empty directories', async () => {
    for (const one of ['a/1', 'a/2', 'a-b', 'b/c/d', 'é']) await bed.put(one)
    await mkdir(join(directory, 'empty'))
    const all = ['a-b', 'a/1', 'a/2', 'b/c/d', 'empty/', 'é']
    expect(await keysOf()).toEqual(all)
    const found: string[] = []
    for await (const page of paginateListObjectsV2({ client, pageSize: 2 }, { Bucket })) {
      for (const { Key = '' } of page.Contents ?? []) found.push(Key)
    }
    expect(found).toEqual(all)
    const top = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }))
    expect(top.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['a/', 'b/', 'empty/'])
    expect(top.Contents?.map(({ Key }) => Key)).toEqual(['a-b', 'é'])
    expect(await keysOf({ Prefix: 'a/', StartAfter: 'a/1' })).toEqual(['a/2'])
  })

  test('puts parts of any size together in the hidden folder, and cleans it up', async () => {
    const { UploadId, complete } = await bed.uploadParts('models/w.bin', ['one', 'two', 'three'])
    const parts = await client.send(new ListPartsCommand({ Bucket, Key: 'models/w.bin', UploadId }))
    expect(parts.Parts?.map(({ Size }) => Size)).toEqual([3, 3, 5])
    const open = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    expect(open.Uploads?.map(({ Key }) => Key)).toEqual(['models/w.bin'])
    expect(await keysOf()).toEqual([])
    const { ETag } = await client.send(complete)
    expect(ETag).toMatch(/^"[0-9a-f]{32}-3"$/)
    expect(await readFile(join(directory, 'models/w.bin'), 'utf8')).toBe('onetwothree')
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined()
    expect(await refusal(client.send(complete))).toEqual([404, 'NoSuchUpload'])
  })

  test('forgets an aborted upload', async () => {
    const { UploadId, complete } = await bed.uploadParts('a', ['one'])
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'a', UploadId }))
    expect(await refusal(client.send(complete))).toEqual([404, 'NoSuchUpload'])
    expect(await keysOf()).toEqual([])
  })

  test('copies within the volume, and deletes', async () => {
    await bed.put('from/a b', 'text')
    const copy = new CopyObjectCommand({ Bucket, Key: 'to/c', CopySource: `${Bucket}/from/a%20b` })
    expect((await client.send(copy)).CopyObjectResult?.ETag).toMatch(/^"/)
    expect(await read('to/c')).toBe('text')
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'from/a b' }))
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'from/a b' }))
    expect(await keysOf()).toEqual(['from/', 'to/c'])
  })

  test('has a bucket for each volume', async () => {
    expect((await client.send(new ListBucketsCommand({}))).Buckets).toEqual([{ Name: Bucket }])
    await client.send(new HeadBucketCommand({ Bucket }))
    expect(await refusal(client.send(new ListObjectsV2Command({ Bucket: 'other' })))).toEqual([
      404,
      'NoSuchBucket',
    ])
  })

  test('takes signatures in the header alone, of its region, key and hour', async () => {
    await bed.put('a')
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'a' }))
    const answer = await fetch(url)
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('Presigned URLs are not supported')
    expect((await fetch(`${server.url}/${Bucket}/a`)).status).toBe(403)
    const get = new GetObjectCommand({ Bucket, Key: 'a' })
    await bed.open({ region: 'eu-ro-1' }).send(get)
    expect(await refusal(bed.open({ region: 'US-KS-2' }).send(get))).toEqual([
      400,
      'AuthorizationHeaderMalformed',
    ])
    expect(await refusal(bed.open({ secretAccessKey: 'rps_other' }).send(get))).toEqual([
      403,
      'SignatureDoesNotMatch',
    ])
    server.quirks.clockOffsetMs = 3_500_000
    await client.send(get)
    server.quirks.clockOffsetMs = 3_700_000
    expect(await refusal(client.send(get))).toEqual([403, 'RequestTimeTooSkewed'])
  })

  test('has no other operations, and no conditions on writes', async () => {
    await bed.put('a')
    const Delete = { Objects: [{ Key: 'a' }] }
    const CopySource = `${Bucket}/a`
    const part = { Bucket, Key: 'b', UploadId: 'u', PartNumber: 1, CopySource }
    for (const send of [
      () => client.send(new DeleteObjectsCommand({ Bucket, Delete })),
      () => client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
      () => client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'x', IfNoneMatch: '*' })),
      () => client.send(new UploadPartCopyCommand(part)),
    ]) {
      expect(await refusal(send())).toEqual([501, 'NotImplemented'])
    }
  })

  test('refuses what is as large as the limits, by the announced length', async () => {
    server.quirks.putMaxBytes = 1_000
    server.quirks.partMaxBytes = 1_000
    await bed.put('a', 'x'.repeat(999))
    expect(await refusal(bed.put('b', 'x'.repeat(1_000)))).toEqual([413, 'EntityTooLarge'])
    await bed.uploadParts('c', ['x'.repeat(1_000)])
    expect(await refusal(bed.uploadParts('d', ['x'.repeat(1_001)]))).toEqual([
      413,
      'EntityTooLarge',
    ])
  })

  test('has the names that a file system has', async () => {
    await bed.put('a/b')
    expect(await refusal(bed.put('a'))).toEqual([409, 'ObjectExistsAsDirectory'])
    expect(await refusal(bed.put('a/b/c'))).toEqual([409, 'ParentIsObject'])
    expect(await refusal(bed.put('x'.repeat(300)))).toEqual([400, 'KeyTooLongError'])
    expect(await refusal(client.send(new GetObjectCommand({ Bucket, Key: 'a' })))).toEqual([
      404,
      'NoSuchKey',
    ])
    expect(await refusal(client.send(new GetObjectCommand({ Bucket, Key: 'a/b/c' })))).toEqual([
      404,
      'NoSuchKey',
    ])
  })
}
