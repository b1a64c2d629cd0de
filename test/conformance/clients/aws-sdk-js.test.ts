import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  paginateListParts,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import { openScene, places } from './scene.ts'

describe.each(places)('aws-sdk-js over $scheme at $host', (place) => {
  test('uses the job bucket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkway-client-'))
    try {
      await using scene = await openScene(place, '/s3', folder)
      const ca = place.scheme === 'https' ? await readFile(scene.certificate, 'utf8') : undefined
      const { url: endpoint, accessId: accessKeyId, accessSecret: secretAccessKey } = scene
      const client = new S3Client({
        endpoint,
        region: 'us-east-1',
        // A name would become part of the host, which has no address here.
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
        ...(ca && { requestHandler: { httpsAgent: new Agent({ ca }) } }),
      })
      await drive(client, scene.bucket)
      expect(await scene.openUploads()).toBe(0)
      client.destroy()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

async function drive(client: S3Client, Bucket: string): Promise<void> {
  const big = randomBytes(12 * 1024 * 1024 + 1)
  const upload = (Key: string, bytes: Uint8Array) => {
    const chunks = [bytes.subarray(0, 99_999), bytes.subarray(99_999)]
    const Body = Readable.from(chunks.filter(({ length }) => length > 0))
    return new Upload({ client, params: { Bucket, Key, Body, ContentType: 'video/mp4' } }).done()
  }
  const read = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }
  await upload('js/big', big)
  await upload('js/small ü+', big.subarray(0, 300_000))
  await upload('js/empty', new Uint8Array(0))
  expect((await read('js/big')).equals(big)).toBe(true)
  expect((await read('js/small ü+')).equals(big.subarray(0, 300_000))).toBe(true)
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'js/big' }))
  expect(head).toMatchObject({ ContentLength: big.length, ContentType: 'video/mp4' })

  const CopySource = `${Bucket}/${encodeURIComponent('js/small ü+')}`
  await client.send(new CopyObjectCommand({ Bucket, Key: 'js/copy', CopySource }))
  expect((await read('js/copy')).length).toBe(300_000)

  const keys: (string | undefined)[] = []
  const pages = paginateListObjectsV2({ client, pageSize: 1 }, { Bucket, Prefix: 'js/' })
  for await (const { Contents = [] } of pages) keys.push(...Contents.map(({ Key }) => Key))
  expect(keys).toEqual(['js/big', 'js/copy', 'js/empty', 'js/small ü+'])
  const UploadId = 'none'
  const parts = paginateListParts({ client }, { Bucket, Key: 'js/big', UploadId })
  await expect(parts.next()).rejects.toMatchObject({ name: 'NoSuchUpload' })

  const link = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'js/copy' }))
  if (link.startsWith('http:'))
    expect((await (await fetch(link)).arrayBuffer()).byteLength).toBe(300_000)

  const Objects = keys.map((Key) => ({ Key }))
  const gone = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  expect([gone.Deleted?.length, gone.Errors?.length ?? 0]).toEqual([4, 0])
  await expect(read('js/big')).rejects.toMatchObject({ name: 'NoSuchKey' })
}
