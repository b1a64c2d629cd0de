import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// The whole way: SDK, job bucket, the store's adapter, the platform's transport, a server.
interface Seen {
  readonly announced: number
  received: number
  isWhole: boolean
}

const seen: Seen[] = []
let respond: (incoming: IncomingMessage, outgoing: ServerResponse, seen: Seen) => void
let served: ServedBucket
let client: S3Client

const server = createServer((incoming, outgoing) => {
  const one = { announced: Number(incoming.headers['content-length']), received: 0, isWhole: false }
  seen.push(one)
  respond(incoming, outgoing, one)
})

function takeWhole(incoming: IncomingMessage, outgoing: ServerResponse, one: Seen): void {
  incoming.on('data', (chunk: Buffer) => {
    one.received += chunk.length
  })
  incoming.on('error', () => {})
  incoming.on('end', () => {
    one.isWhole = incoming.complete
    outgoing.writeHead(200, { etag: '"e"' }).end()
  })
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = {
    id: 'main',
    kind: 's3' as const,
    endpoint: `http://127.0.0.1:${port}`,
    region: 'auto',
    bucket: 'real-bucket',
    pathStyle: true,
    presign: true,
    accessKeyId: new Secret('store-key'),
    secretAccessKey: new Secret('store-secret'),
  }
  const options = { idleTimeoutMs: 10_000, presignSeconds: 900 }
  served = await serveBucket(undefined, (platform) => createS3Store(config, platform, options))
  client = new S3Client({
    endpoint: served.url,
    region: 'us-east-1',
    credentials: { accessKeyId: served.accessId, secretAccessKey: served.accessSecret },
    maxAttempts: 1,
  })
})

beforeEach(() => {
  seen.length = 0
  respond = takeWhole
})

afterAll(async () => {
  client.destroy()
  await served[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function put(Body: Uint8Array, ChecksumCRC32?: string) {
  return client.send(
    new PutObjectCommand({
      Bucket: 'job_files',
      Key: 'x',
      Body,
      ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }),
    }),
  )
}

test('hands the store a whole body with its length', async () => {
  expect((await put(new Uint8Array(3_000_000))).ETag).toBe('"e"')
  expect(seen).toEqual([{ announced: 3_000_000, received: 3_000_000, isWhole: true }])
  await put(new Uint8Array(0))
  expect(seen[1]).toEqual({ announced: 0, received: 0, isWhole: true })
})

test('leaves the store with a short body when the checksum is wrong', async () => {
  for (const size of [1, 2, 3_000_000]) {
    await expect(put(new Uint8Array(size), 'AAAA')).rejects.toMatchObject({ name: 'BadDigest' })
    await expect.poll(() => seen.every(({ isWhole }) => !isWhole)).toBe(true)
    expect(seen.at(-1)?.received ?? 0).toBeLessThan(size)
  }
})

test('passes on that the store is busy though the body has not left', async () => {
  respond = (_, outgoing) => {
    const text = '<Error><Code>SlowDown</Code><Message>real-bucket</Message></Error>'
    outgoing.writeHead(503, { 'content-type': 'application/xml' }).end(text)
  }
  const refused = put(new Uint8Array(8_000_000))
  await expect(refused).rejects.toMatchObject({
    name: 'SlowDown',
    $metadata: { httpStatusCode: 503 },
  })
})

test('passes on that the store broke off in the middle', async () => {
  respond = (incoming) => {
    incoming.once('data', () => incoming.socket.destroy())
  }
  const refused = put(new Uint8Array(8_000_000))
  await expect(refused).rejects.toMatchObject({ name: 'ServiceUnavailable' })
})
