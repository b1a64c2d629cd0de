import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Child, freePorts } from '../../dev/child.ts'
import { workerClient } from './bucket.ts'
import { useStack } from './harness.ts'
import { bytesOf } from './payload.ts'

const port = await freePorts(1)
const jobBucketUrl = `http://127.0.0.1:${port}`
const file = bytesOf(300_000)
const stack = useStack({ worker: 'none', config: (document) => ({ ...document, jobBucketUrl }) })
let other: Child

// Beside a gateway at an edge that limits bodies, whatever its runtime: one on Node for the workers.
beforeAll(async () => {
  other = await stack.startAnother(port)
})
afterAll(async () => await other?.stop())

test('The job bucket can be another instance of the gateway', async () => {
  const id = await stack.submitted('always', { input: { file: file.toString('base64') } })
  const job = await stack.platform.take('always')
  if (job.s3Config === undefined) throw new TypeError('The job has no s3Config')
  expect(job.s3Config.endpointUrl).toBe(jobBucketUrl)
  const client = workerClient(job.s3Config)
  const { bucketName: Bucket } = job.s3Config
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${job.input['file']}` }))
  expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(file)).toBe(true)
  await client.send(new PutObjectCommand({ Bucket, Key: 'out.bin', Body: file }))

  // What the first instance ends, the second one no longer serves.
  expect((await stack.call('DELETE', `/v2/always/jobs/${id}`)).status).toBe(204)
  const put = () =>
    client.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'x' })).then(
      () => 'none',
      (error: Error) => error.name,
    )
  await expect.poll(put, { timeout: 5_000 }).toBe('ExpiredToken')
})
