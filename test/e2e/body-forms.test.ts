import { createHash } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { sendAsIs, sha256, signHeaders } from '../job-bucket/raw-client.ts'
import { workerClient } from './bucket.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'
import type { S3Config } from './platform-view.ts'

const stack = useStack({ worker: 'none' })
const content = bytesOf(200_000, 3)
let s3Config: S3Config

beforeAll(async () => {
  await stack.submitted('always', { input: { file: bytesOf(70_000).toString('base64') } })
  const job = await stack.platform.take('always')
  if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
  ;({ s3Config } = job)
})

/** What the job bucket holds under a key; undefined for nothing. */
async function kept(Key: string): Promise<Buffer | undefined> {
  const client = workerClient(s3Config)
  const get = new GetObjectCommand({ Bucket: s3Config.bucketName, Key })
  const answer = await client.send(get).catch((error: Error) => error)
  if (answer instanceof Error) return undefined
  return Buffer.from((await answer.Body?.transformToByteArray()) ?? [])
}

/** Puts the content in signed chunks with a signed trailer; `damage` has its way with the body. */
async function putSigned(key: string, checksum: string, damage = (body: Buffer) => body) {
  const { endpointUrl: url, accessId, accessSecret } = s3Config
  const sent = {
    method: 'PUT',
    target: `/any/${key}`,
    hash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': `${content.length}`,
      'x-amz-trailer': 'x-amz-checksum-sha1',
    },
  }
  const signer = { url, accessId, accessSecret }
  const { headers, signature, sign } = signHeaders(signer, sent)
  let previous = signature
  const pieces: Buffer[] = []
  for (let at = 0; ; at += 65_536) {
    const piece = content.subarray(at, at + 65_536)
    previous = sign('AWS4-HMAC-SHA256-PAYLOAD', previous, sha256(''), sha256(piece))
    pieces.push(Buffer.from(`${piece.length.toString(16)};chunk-signature=${previous}\r\n`), piece)
    if (piece.length === 0) break
    pieces.push(Buffer.from('\r\n'))
  }
  const trailer = `x-amz-checksum-sha1:${checksum}\n`
  const end = sign('AWS4-HMAC-SHA256-TRAILER', previous, sha256(trailer))
  pieces.push(Buffer.from(`${trailer.trim()}\r\nx-amz-trailer-signature:${end}\r\n\r\n`))
  return await sendAsIs(signer, { ...sent, headers, body: damage(Buffer.concat(pieces)) })
}

const sha1 = createHash('sha1').update(content).digest('base64')

describe('Signed chunks with a signed trailer', () => {
  test('are verified and kept without their frames', async () => {
    expect(await putSigned('signed.bin', sha1)).toMatchObject({ status: 200 })
    expect((await kept('signed.bin'))?.equals(content)).toBe(true)
  })

  test.each([
    ['a changed byte', sha1, 100_000, 'SignatureDoesNotMatch'],
    ['a wrong checksum', `${'A'.repeat(27)}=`, undefined, 'BadDigest'],
  ] as const)('leave no object with %s', async (name, checksum, place, code) => {
    const damage = (body: Buffer) => {
      if (place !== undefined) body[place] = (body[place] ?? 0) ^ 1
      return body
    }
    const key = `${name.replaceAll(' ', '-')}.bin`
    expect(await putSigned(key, checksum, damage)).toMatchObject({
      status: expect.any(Number),
      code,
    })
    expect(await kept(key)).toBeUndefined()
  })
})

describe.each(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)('The checksum %s', (algorithm) => {
  const wrong = {
    CRC32: 'AAAAAA==',
    CRC32C: 'AAAAAA==',
    SHA1: `${'A'.repeat(27)}=`,
    SHA256: `${'A'.repeat(43)}=`,
  }
  const Bucket = 'job_files'

  test('is verified', async () => {
    const client = workerClient(s3Config)
    const Key = `${algorithm}.bin`
    const ChecksumAlgorithm = algorithm
    await client.send(new PutObjectCommand({ Bucket, Key, Body: content, ChecksumAlgorithm }))
    expect((await kept(Key))?.equals(content)).toBe(true)
  })

  test('leaves no object when it is another one', async () => {
    const client = workerClient(s3Config)
    const Key = `${algorithm}-wrong.bin`
    const put = { Bucket, Key, Body: content, [`Checksum${algorithm}`]: wrong[algorithm] }
    await expect(client.send(new PutObjectCommand(put))).rejects.toMatchObject({
      name: 'BadDigest',
    })
    expect(await kept(Key)).toBeUndefined()
  })
})
