import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Minted } from '../../src/access/minter.ts'
import { Secret } from '../../src/log.ts'
import { inputPrefix, outputPrefix } from '../../src/store/keys.ts'
import { grantOf, minterContract } from '../contracts/minter.ts'
import { openR2, r2Parent } from './fakes/beds.ts'

const encoder = new TextEncoder()
let bed: Awaited<ReturnType<typeof openR2>>

beforeAll(async () => {
  bed = await openR2()
})
afterAll(async () => {
  await bed.server[Symbol.asyncDispose]()
})

minterContract(
  'R2',
  () => ({
    minter: bed.minter,
    store: bed.store,
    now: bed.now,
    expire: async (at) => {
      bed.clock.now = at + 1000
    },
  }),
  { keepsInputs: false, copies: false, partBytes: 1024 },
)

describe('keys of R2, used by the AWS SDK', () => {
  const folder = grantOf(0)
  const key = `${inputPrefix(folder)}0-file.png`

  async function open(change: object = {}): Promise<{ minted: Minted; client: S3Client }> {
    const minted = await bed.minter.mint({
      ...folder,
      mounts: [
        { path: 'in/0-file.png', key, mode: 'read' },
        { path: 'in/refs/', key: 'shared/refs/', mode: 'read' },
        { path: '', key: outputPrefix(folder), mode: 'read-write' },
      ],
      writeExpiresAt: bed.now() + 60_000,
      ...change,
    })
    return { minted, client: clientOf(minted) }
  }

  function clientOf({ s3Config }: Pick<Minted, 's3Config'>): S3Client {
    return new S3Client({
      endpoint: s3Config.endpointUrl,
      region: s3Config.region,
      forcePathStyle: true,
      systemClockOffset: bed.now() - Date.now(),
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      credentials: {
        accessKeyId: s3Config.accessId,
        secretAccessKey: s3Config.accessSecret.reveal(),
        sessionToken: s3Config.sessionToken?.reveal() ?? '',
      },
    })
  }

  const Bucket = r2Parent.bucket

  it('reach what the grant mounts, several prefixes and keys, and nothing else', async () => {
    for (const name of [key, 'shared/refs/a', 'shared/other']) {
      await bed.store.put(name, encoder.encode(name))
    }
    const { client } = await open()
    const read = (Key: string) => client.send(new GetObjectCommand({ Bucket, Key }))
    expect(await (await read(key)).Body?.transformToString()).toBe(key)
    await client.send(new HeadObjectCommand({ Bucket, Key: 'shared/refs/a' }))
    const Key = `${outputPrefix(folder)}result.png`
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'made' }))
    const Prefix = outputPrefix(folder)
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix }))
    expect(page.Contents?.map((one) => one.Key)).toEqual([Key])
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
    const refused = { name: 'AccessDenied' }
    await expect(read('shared/other')).rejects.toMatchObject(refused)
    await expect(read(`${key}.more`)).rejects.toMatchObject(refused)
    await expect(client.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject(refused)
    const other = new PutObjectCommand({ Bucket, Key: 'shared/other', Body: 'x' })
    await expect(client.send(other)).rejects.toMatchObject(refused)
    const begin = new CreateMultipartUploadCommand({ Bucket, Key: 'shared/other' })
    await expect(client.send(begin)).rejects.toMatchObject(refused)
    // Copies are no part of what these keys can do.
    const copy = new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${key}` })
    await expect(client.send(copy)).rejects.toMatchObject(refused)
    const elsewhere = new GetObjectCommand({ Bucket: 'another', Key: key })
    await expect(client.send(elsewhere)).rejects.toMatchObject(refused)
  })

  it('make presigned URLs that carry their session token', async () => {
    await bed.store.put(key, encoder.encode('presigned'))
    const { client } = await open()
    const signingDate = new Date(bed.now())
    const command = new GetObjectCommand({ Bucket, Key: key })
    const url = await getSignedUrl(client, command, { expiresIn: 60, signingDate })
    expect(await (await fetch(url)).text()).toBe('presigned')
    const bare = new URL(url)
    bare.searchParams.delete('X-Amz-Security-Token')
    expect((await fetch(bare)).status).toBe(403)
  })

  it('say nothing but what they must', async () => {
    const { minted } = await open()
    const token = atob(minted.s3Config.sessionToken?.reveal() ?? '')
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    expect(Object.keys(claims).sort()).toEqual(
      ['actions', 'aud', 'bucket', 'exp', 'iat', 'iss', 'paths', 'sub'].sort(),
    )
    expect(claims.paths).toEqual({
      prefixPaths: ['shared/refs/', outputPrefix(folder)],
      objectPaths: [key],
    })
    expect(claims.actions).not.toContain('CopyObject')
    expect(claims.exp * 1000).toBe(minted.expiresAt)
    expect(minted.secrets.map(({ kind }) => kind)).toEqual([
      'access id',
      'access secret',
      'session token',
    ])
    expect(JSON.stringify(minted)).not.toContain(r2Parent.secretAccessKey)
    expect(minted.revocation).toBeUndefined()
  })

  it('never live longer than R2 allows', async () => {
    const { minted, client } = await open({ writeExpiresAt: bed.now() + 604_800_999 })
    expect(minted.expiresAt - bed.now()).toBeLessThanOrEqual(604_800_000)
    await client.send(new HeadObjectCommand({ Bucket, Key: key }))
  })

  it.for([
    ['a claim', (token: string) => edit(token, { bucket: 'another' })],
    ['longer life', (token: string) => edit(token, { exp: 4_000_000_000 })],
    ['wider paths', (token: string) => edit(token, { paths: { prefixPaths: [''] } })],
    ['no algorithm', (token: string) => edit(token, {}, { alg: 'none' })],
    ['its end', (token: string) => btoa(atob(token).slice(0, -4))],
  ] as const)('are refused where %s of the token was changed', async ([, change]) => {
    const { minted } = await open()
    const sessionToken = new Secret(change(minted.s3Config.sessionToken?.reveal() ?? ''))
    const client = clientOf({ s3Config: { ...minted.s3Config, sessionToken } })
    const read = client.send(new GetObjectCommand({ Bucket, Key: key }))
    await expect(read).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
  })

  it('of another bucket or account are refused', async () => {
    const other = await openR2('another')
    const minted = await other.minter.mint({ ...folder, writeExpiresAt: bed.now() + 60_000 })
    const endpointUrl = bed.server.url.replace(/\/$/, '')
    // Its audience is another host, too.
    const client = clientOf({ s3Config: { ...minted.s3Config, endpointUrl } })
    const read = client.send(new GetObjectCommand({ Bucket, Key: key }))
    await expect(read).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
    await other.server[Symbol.asyncDispose]()
  })

  function edit(token: string, claims: object, header?: object): string {
    const [head = '', payload = '', signature = ''] = atob(token).slice(4).split('.')
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    const write = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const parts = [write({ ...read(head), ...header }), write({ ...read(payload), ...claims })]
    return btoa(`jwt/${[...parts, signature].join('.')}`)
  }
})
