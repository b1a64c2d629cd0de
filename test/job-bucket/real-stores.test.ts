import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoreConfig } from '../../src/config/config.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { configOf, startLocalR2 } from '../store/local-r2.ts'
import { openClient } from './open-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// The operations of the job bucket, on stores that are no fakes.
const Bucket = 'job_files'
const odd = 'dir/odd +&=%2f?#;é e\u0301 ~*\'()!@$,<>".txt'
const encodeSource = (key: string) =>
  `${Bucket}/${key.split('/').map(encodeURIComponent).join('/')}`
const minPart = 'x'.repeat(5 * 1024 * 1024)

/** JSON of `dev/rgw.sh start`, to run this on Ceph RGW as well. */
const rgw = process.env['BULKWAY_TEST_RGW']
const stores = [
  ['local R2', false, startLocalR2],
  ...(rgw === undefined
    ? []
    : [
        [
          'Ceph RGW',
          true,
          async () => ({ config: configOf(JSON.parse(rgw)), stop: async () => {} }),
        ] as const,
      ]),
] satisfies readonly (readonly [
  string,
  boolean,
  () => Promise<{ config: StoreConfig; stop(): Promise<void> }>,
])[]

describe.each(stores)('%s', (_, listsUploads, start) => {
  let started: { config: StoreConfig; stop(): Promise<void> }
  let served: ServedBucket
  let client: S3Client

  beforeAll(async () => {
    started = await start()
    const options = { idleTimeoutMs: 20_000, presignSeconds: 900 }
    served = await serveBucket(undefined, (platform) =>
      createS3Store(started.config, platform, options),
    )
    client = openClient(served)
    for (const key of ['a', odd]) await put(key, key)
  }, 90_000)

  afterAll(async () => {
    client.destroy()
    await served[Symbol.asyncDispose]()
    await started.stop()
  })

  const put = (Key: string, Body: string) =>
    client.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentType: 'text/own', Metadata: { a: 'b' } }),
    )
  const get = async (Key: string) => {
    const { Body, ContentType, Metadata } = await client.send(new GetObjectCommand({ Bucket, Key }))
    return { text: await Body?.transformToString(), ContentType, Metadata }
  }
  const copy = (Key: string, from: string, options: object = {}) =>
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource: encodeSource(from), ...options }))

  test('copies with headers, or with others', async () => {
    const answer = await copy('copies/1', odd)
    expect(answer.CopyObjectResult?.ETag).toMatch(/^"[^"]+"$/)
    const kept = { ContentType: 'text/own', Metadata: { a: 'b' } }
    expect(await get('copies/1')).toEqual({ text: odd, ...kept })
    const other = { ContentType: 'text/other', Metadata: { c: 'd' } }
    await copy(odd, odd, { MetadataDirective: 'REPLACE', ...other })
    expect(await get(odd)).toEqual({ text: odd, ...other })
    await copy('copies/2', 'a', { MetadataDirective: 'REPLACE', ...other })
    expect(await get('copies/2')).toEqual({ text: 'a', ...other })
    await expect(copy('a', 'a')).rejects.toMatchObject({ name: 'InvalidRequest' })
    await expect(copy('copies/3', 'none')).rejects.toMatchObject({ name: 'NoSuchKey' })
  })

  test('holds copies to conditions on both ends', async () => {
    const { CopyObjectResult } = await copy('copies/4', 'a')
    const failed = { name: 'PreconditionFailed' }
    const ETag = CopyObjectResult?.ETag
    for (const conditions of [
      { CopySourceIfMatch: '"other"' },
      { CopySourceIfNoneMatch: ETag },
      { CopySourceIfUnmodifiedSince: new Date('2020-01-01') },
      { CopySourceIfModifiedSince: new Date(Date.now() + 3_600_000) },
      { IfNoneMatch: '*' },
    ]) {
      await expect(copy('copies/4', 'a', conditions)).rejects.toMatchObject(failed)
    }
    // The store may keep what an earlier run has left.
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'copies/5' }))
    await copy('copies/5', 'a', { CopySourceIfMatch: ETag, IfNoneMatch: '*' })
    expect(await get('copies/5')).toMatchObject({ text: 'a', Metadata: { a: 'b' } })
  })

  test('makes an object of parts, sent and copied', async () => {
    const Key = 'made/parts +.bin'
    await put('source', `${minPart}tail`)
    await put('source odd+', `${minPart}odd`)
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    const upload = { Bucket, Key, UploadId }
    const Parts: { PartNumber: number; ETag: string | undefined }[] = []
    const first = { ...upload, PartNumber: 1, Body: minPart }
    Parts.push({ PartNumber: 1, ETag: (await client.send(new UploadPartCommand(first))).ETag })
    for (const [PartNumber, from, last] of [
      [2, 'source', minPart.length - 1],
      [3, 'source odd+', minPart.length - 1],
      [4, 'source odd+', minPart.length + 2],
    ] as const) {
      const range = PartNumber === 4 ? `bytes=${minPart.length}-${last}` : `bytes=0-${last}`
      const { CopyPartResult } = await client.send(
        new UploadPartCopyCommand({
          ...{ ...upload, PartNumber, CopySource: encodeSource(from) },
          CopySourceRange: range,
        }),
      )
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag })
    }
    const listed = client.send(new ListPartsCommand(upload))
    if (listsUploads) {
      const { Parts: found } = await listed
      expect(found?.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))).toEqual(Parts)
      const page = await client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }))
      expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' })
      const unknown = new ListPartsCommand({ ...upload, UploadId: '2~none' })
      await expect(client.send(unknown)).rejects.toMatchObject({ name: 'NoSuchUpload' })
    } else await expect(listed).rejects.toMatchObject({ name: 'NotImplemented' })
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    expect((await get(Key)).text === `${minPart.repeat(3)}odd`).toBe(true)
  }, 60_000)

  test('lists uploads in pages, or says that it cannot', async () => {
    const made: string[] = []
    for (const Key of ['u/a +b', 'u/c', 'u/c', 'u/d/1', 'u/d/2', 'u/e']) {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
      made.push(`${Key} ${UploadId}`)
    }
    const list = (options: object) =>
      client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'u/', ...options }))
    if (!listsUploads) await expect(list({})).rejects.toMatchObject({ name: 'NotImplemented' })
    else {
      for (const MaxUploads of [1, 2, 1000]) {
        const found: string[] = []
        for (let markers = {}; ; ) {
          const page = await list({ MaxUploads, ...markers })
          found.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => `${Key} ${UploadId}`))
          if (page.IsTruncated !== true) break
          markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        }
        expect(found.sort()).toEqual([...made].sort())
      }
      const { Uploads } = await list({ KeyMarker: 'u/c' })
      expect(Uploads?.map(({ Key }) => Key)).toEqual(['u/d/1', 'u/d/2', 'u/e'])
      const rolled = await list({ Delimiter: '/' })
      expect(rolled.CommonPrefixes).toEqual([{ Prefix: 'u/d/' }])
    }
    for (const line of made) {
      const [, Key, UploadId] = /^(.*) (\S+)$/.exec(line) ?? []
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    }
  })

  test('lists as version 1 and deletes, one by one and by list', async () => {
    const keys = Array.from({ length: 9 }, (_, at) => `d/${at} +é%2f`)
    for (const key of keys) await put(key, key)
    const list = async (options: object = {}) =>
      await client.send(new ListObjectsCommand({ Bucket, Prefix: 'd/', ...options }))
    const names = async () => (await list()).Contents?.map(({ Key }) => Key)
    expect(await names()).toEqual(keys)
    const page = await list({ MaxKeys: 4, Marker: keys[2] })
    expect(page.Contents?.map(({ Key }) => Key)).toEqual(keys.slice(3, 7))
    expect(page.IsTruncated).toBe(true)
    const remove = new DeleteObjectCommand({ Bucket, Key: keys[0] })
    for (const _ of ['there', 'gone']) await client.send(remove)
    expect(await names()).toEqual(keys.slice(1))
    const Objects = [...keys.map((Key) => ({ Key })), { Key: 'in/x' }]
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    expect(answer.Deleted?.length).toBe(9)
    expect(answer.Errors?.map(({ Code }) => Code)).toEqual(['AccessDenied'])
    expect(await names()).toBeUndefined()
  })
})
