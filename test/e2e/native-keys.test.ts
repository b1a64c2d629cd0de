import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'
import { storeKind } from './project.ts'

const stack = useStack({ worker: 'none' })
const file = bytesOf(300_000)
const input = { file: file.toString('base64') }
/** Short enough for the STS: 12 h are the longest that it can give. */
const policy = { ttl: 600_000 }

/** Submits a job with keys of the store; gives what its worker is given. */
async function taken() {
  const id = await stack.submitted('native', { input, policy })
  const job = await stack.platform.take('native')
  expect(job.id).toBe(id)
  const s3Config = (job.s3Config ?? {}) as unknown as Record<string, string>
  const { accessId = '', accessSecret = '', sessionToken = '' } = s3Config
  const client = new S3Client({
    endpoint: `${s3Config['endpointUrl']}`,
    region: `${s3Config['region']}`,
    forcePathStyle: true,
    credentials: { accessKeyId: accessId, secretAccessKey: accessSecret, sessionToken },
    maxAttempts: 1,
  })
  return { id, s3Config, client, key: `${job.input['file']}`, Bucket: `${s3Config['bucketName']}` }
}

describe.skipIf(storeKind !== 'rgw')("Keys of the store's own STS", () => {
  test('open the files of their job, and nothing else', async () => {
    const { id, s3Config, client, key, Bucket } = await taken()
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }))
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(file)).toBe(true)
    const prefix = `${s3Config['keyPrefix']}`
    await client.send(new PutObjectCommand({ Bucket, Key: `${prefix}out.txt`, Body: 'done' }))
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }))
    expect(Contents?.map(({ Key }) => Key)).toEqual([`${prefix}out.txt`])

    const grants = (await stack.bucket.keys()).filter((name) => name.startsWith('grants/'))
    expect(grants).not.toEqual([])
    for (const refused of [
      new GetObjectCommand({ Bucket, Key: grants[0] }),
      new PutObjectCommand({ Bucket, Key: key, Body: 'x' }),
      new PutObjectCommand({ Bucket, Key: 'elsewhere', Body: 'x' }),
      new ListObjectsV2Command({ Bucket }),
    ]) {
      await expect(client.send(refused as GetObjectCommand)).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      })
    }
    await stack.platform.finish('native', id, { output: {} })
  })

  test('are removed from what comes back, and a retry is refused', async () => {
    const { id, s3Config } = await taken()
    const { accessId = '', accessSecret = '', sessionToken = '' } = s3Config
    expect(sessionToken).not.toBe('')
    await stack.platform.finish('native', id, { error: `no luck with ${JSON.stringify(s3Config)}` })
    const answer = await stack.settled('native', id)
    expect(json(answer)['status']).toBe('FAILED')
    for (const secret of [accessId, accessSecret, sessionToken]) {
      expect(answer.text).not.toContain(secret)
    }
    const retry = await stack.call('POST', `/v2/native/retry/${id}`)
    expect(retry.status).toBe(409)
    expect(json(retry)).toMatchObject({ code: 'retry_impossible' })
  })

  test('make links that the client can open, once they are ended as well', async () => {
    const { id, s3Config, client, Bucket } = await taken()
    const Key = `${s3Config['keyPrefix']}a picture.png`
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'pixels' }))
    const signed = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key }))
    const plain = encodeURI(`${s3Config['endpointUrl']}/${Bucket}/${Key}`)
    const spaced = `${s3Config['endpointUrl']}/${Bucket}/${Key}`
    const uri = `s3://${Bucket}/${Key}`
    await stack.platform.finish('native', id, { output: { signed, plain, spaced, uri } })
    const answer = await stack.settled('native', id)
    expect(answer.text).not.toContain(`${s3Config['endpointUrl']}`)
    const { output } = json(answer) as { output: Record<string, string> }
    for (const link of Object.values(output)) {
      const { pathname } = new URL(`${link}`)
      expect(pathname).toMatch(/^\/files\/.+\/a%20picture\.png$/)
      expect((await stack.call('GET', pathname)).text).toBe('pixels')
    }
  })

  test('are not given to a job that may take longer than they live', async () => {
    const id = await stack.submitted('native', { input })
    const { s3Config, input: given } = await stack.platform.take('native')
    expect(s3Config).toMatchObject({ accessId: expect.stringMatching(/^BW1/), keyPrefix: '' })
    expect(s3Config).not.toHaveProperty('sessionToken')
    expect(given['file']).toMatch(/^in\//)
    expect(stack.gatewayLines.join('\n')).toContain('access_fallback')
    await stack.platform.finish('native', id, { output: {} })
  })

  test('are not waited for in vain: without an STS the job is a 503 and leaves nothing', async () => {
    const before = await stack.bucket.fileKeys()
    const submissions = stack.submissions()
    const down = { kind: 'answer', status: 503 } as const
    stack.store.fault({ method: 'POST', path: /^\/$/, times: Infinity, fault: down })
    const answer = await stack.submit('native', { input, policy })
    stack.store.clear()
    expect(answer.status).toBe(503)
    expect(json(answer)).toMatchObject({ code: 'access_unavailable' })
    expect(stack.submissions()).toBe(submissions)
    await expect.poll(() => stack.bucket.fileKeys()).toEqual(before)
  })
})
