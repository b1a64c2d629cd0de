import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import runpodSdk from 'runpod-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePorts } from '../../dev/child.ts'
import { memberOf } from '../../dev/scene/facts.ts'
import { type DevStack, PortBusy, startStack } from '../../dev/stack.ts'
import { leakForms } from '../../dev/worker/leak.ts'

// Without a gateway: the client talks to the platform and gives the store's own keys away.
let stack: DevStack
let directory: string
let port: number

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-stack-'))
  port = await freePorts(3)
  stack = await startStack({ runtime: 'node', port, directory, gateway: false })
}, 60_000)

afterAll(async () => {
  await stack.stop()
  await rm(directory, { recursive: true, force: true })
})

const s3Config = () => ({
  accessId: stack.store?.accessKeyId ?? '',
  accessSecret: stack.store?.secretAccessKey ?? '',
  // Local R2 takes the bucket from the path only.
  bucketName: stack.store?.bucket ?? '',
  endpointUrl: stack.store?.endpoint ?? '',
})

function endpoint() {
  const made = runpodSdk('any', { baseUrl: `${stack.platformUrl}/v2` }).endpoint('demo')
  if (made === null) throw new Error('The SDK has no endpoint')
  return made
}

async function perform(input: object) {
  return await endpoint().runSync({ input, s3Config: s3Config() }, 30_000)
}

test('reads a key of the bucket as a stream and answers its digest', async () => {
  const { store } = stack
  if (store === undefined) throw new Error('There is no store')
  const bytes = randomBytes(3_000_000)
  const client = new S3Client({
    endpoint: store.endpoint,
    region: store.region,
    forcePathStyle: true,
    credentials: store,
  })
  await client.send(new PutObjectCommand({ Bucket: store.bucket, Key: 'in/0-x.bin', Body: bytes }))
  const answer = await perform({ task: 'digest', nested: [{ file: 'in/0-x.bin' }] })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect(answer.output).toEqual({ files: [{ path: 'in/0-x.bin', bytes: 3_000_000, sha256 }] })
})

test('writes what it is told in parts, with a link that leads there', async () => {
  const answer = await perform({ task: 'write', bytes: 6_000_000, key: 'results/a.bin' })
  expect(answer).toMatchObject({ output: { key: 'results/a.bin', bytes: 6_000_000 } })
  const response = await fetch(`${memberOf(answer, 'output', 'url')}`)
  const found = createHash('sha256').update(Buffer.from(await response.arrayBuffer()))
  expect(found.digest('hex')).toBe(memberOf(answer, 'output', 'sha256'))
})

test('echoes its whole job', async () => {
  const answer = await perform({ task: 'echo', word: 'x' })
  expect(answer.output).toEqual({
    job: { id: answer.id, input: { task: 'echo', word: 'x' }, s3Config: s3Config() },
  })
})

test('leaks every secret in every form, in an output and in an error', async () => {
  const whole = JSON.stringify(await perform({ task: 'leak' }))
  for (const form of Object.values(leakForms(s3Config().accessSecret))) {
    expect(whole).toContain(JSON.stringify(form).slice(1, -1))
  }
  const failed = await perform({ task: 'leak', fail: true })
  expect(failed.status).toBe('FAILED')
  const error: unknown = JSON.parse(`${memberOf(failed, 'error')}`)
  expect(Object.keys(Object(error))).toEqual([
    'error_type',
    'error_message',
    'error_traceback',
    'hostname',
    'worker_id',
    'runpod_version',
  ])
  expect(memberOf(error, 'error_message')).toContain(s3Config().accessSecret)
})

test('streams chunks, one of which leaks', async () => {
  const { id } = await endpoint().run({ input: { task: 'stream' }, s3Config: s3Config() })
  const chunks: string[] = []
  for await (const chunk of endpoint().stream(id)) chunks.push(JSON.stringify(chunk))
  expect(chunks).toHaveLength(5)
  expect(chunks.filter((chunk) => chunk.includes(s3Config().accessSecret))).toHaveLength(1)
})

test('lets go of a job that is cancelled', async () => {
  const { id } = await endpoint().run({ input: { task: 'sleep', ms: 60_000 } })
  await expect.poll(async () => (await endpoint().status(id)).status).toBe('IN_PROGRESS')
  expect(await endpoint().cancel(id)).toMatchObject({ status: 'CANCELLED' })
  const others = Array.from({ length: 4 }, () => perform({ task: 'echo' }))
  for (const answer of await Promise.all(others)) expect(answer.status).toBe('COMPLETED')
})

test('names the port that another program has', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const busy = typeof address === 'object' && address !== null ? address.port : 0
  const started = startStack({ runtime: 'node', port: busy, directory, gateway: false })
  await expect(started).rejects.toThrow(PortBusy)
  await expect(started).rejects.toThrow(`Port ${busy} is in use`)
  server.close()
})
