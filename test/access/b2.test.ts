import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inputPrefix, outputPrefix } from '../../src/store/keys.ts'
import { grantOf, minterContract } from '../contracts/minter.ts'
import { b2Account } from './fakes/b2.ts'
import { openB2 } from './fakes/beds.ts'

const encoder = new TextEncoder()
let bed: Awaited<ReturnType<typeof openB2>>

beforeAll(async () => {
  bed = await openB2()
})
afterAll(async () => {
  await bed.server[Symbol.asyncDispose]()
})

minterContract(
  'B2',
  () => ({
    minter: bed.minter,
    store: bed.store,
    now: bed.now,
    expire: async (at) => {
      bed.clock.now = at + 1000
    },
  }),
  { keepsInputs: false, copies: true, partBytes: 1024 },
)

describe('keys of B2', () => {
  it('work in the AWS SDK without a session token, below their prefix alone', async () => {
    const grant = grantOf(bed.now())
    const Bucket = b2Account.bucket
    await bed.store.put(`${inputPrefix(grant)}0-a.png`, encoder.encode('input'))
    await bed.store.put('elsewhere', encoder.encode('x'))
    const { s3Config, revocation } = await bed.minter.mint(grant)
    expect(s3Config.sessionToken).toBeUndefined()
    const client = new S3Client({
      endpoint: s3Config.endpointUrl,
      region: s3Config.region,
      forcePathStyle: true,
      systemClockOffset: bed.now() - Date.now(),
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      credentials: {
        accessKeyId: s3Config.accessId,
        secretAccessKey: s3Config.accessSecret.reveal(),
      },
    })
    await client.send(new HeadBucketCommand({ Bucket }))
    const read = await client.send(
      new GetObjectCommand({ Bucket, Key: `${inputPrefix(grant)}0-a.png` }),
    )
    expect(await read.Body?.transformToString()).toBe('input')
    const Key = `${outputPrefix(grant)}made`
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'made' }))
    const deletion = (one: string) =>
      client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: one }] } }))
    await deletion(Key)
    expect(bed.b2.s3.objects.has(Key)).toBe(false)
    await expect(deletion('elsewhere')).rejects.toMatchObject({ name: 'AccessDenied' })
    const list = client.send(new ListObjectsV2Command({ Bucket }))
    await expect(list).rejects.toMatchObject({ name: 'AccessDenied' })
    await bed.minter.revoke?.(revocation ?? '')
    const after = client.send(new GetObjectCommand({ Bucket, Key }))
    await expect(after).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
  })

  it('can do what S3 clients need, and are no wider', async () => {
    const grant = grantOf(bed.now())
    const { revocation, expiresAt } = await bed.minter.mint(grant)
    expect(bed.b2.keys.get(revocation ?? '')).toMatchObject({
      capabilities: [
        'listAllBucketNames',
        'listBuckets',
        'listFiles',
        'readFiles',
        'writeFiles',
        'deleteFiles',
      ],
      namePrefix: `${grant.day}/${grant.grantId}/`,
      expiresAt,
    })
  })

  it('are not made for files outside one folder', async () => {
    const grant = grantOf(bed.now())
    const mounts = [...grant.mounts, { path: 'x', key: 'elsewhere', mode: 'read' as const }]
    const calls = bed.b2.calls.length
    await expect(bed.minter.mint({ ...grant, mounts })).rejects.toMatchObject({
      code: 'internal_error',
    })
    expect(bed.b2.calls.length).toBe(calls)
  })
})
