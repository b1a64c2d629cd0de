import { createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'
import {
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseTarget } from '../../src/job-bucket/target.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

const virtualHost = 'bucket.example'

test.each([
  ['b.bucket.example', '/a/c', 'b', 'a/c', '/b/a/c'],
  ['b.bucket.example:8443', '/', 'b', '', '/b/'],
  ['B.Bucket.Example', '/a%2fc', 'b', 'a/c', '/b/a%2fc'],
  ['my.own.bucket.example', '/a', 'my.own', 'a', '/my.own/a'],
  ['bucket.example', '/b/a', 'b', 'a', '/b/a'],
  ['bucket.example:80', '/', '', '', '/'],
  ['notbucket.example', '/b/a', 'b', 'a', '/b/a'],
  ['.bucket.example', '/b/a', 'b', 'a', '/b/a'],
  ['x/in.bucket.example', '/b/a', 'b', 'a', '/b/a'],
  ['%2e%2e.bucket.example', '/b/a', 'b', 'a', '/b/a'],
  ['bucket.example.evil', '/b/a', 'b', 'a', '/b/a'],
  ['', '/b/a', 'b', 'a', '/b/a'],
])('reads %s%s as bucket %j and key %j', (host, path, bucket, key, rawResource) => {
  const target = parseTarget(`${path}?list-type=2`, host, { basePath: '', virtualHost })
  expect(target).toMatchObject({ rawPath: path, bucket, key, rawResource })
})

test('takes the path of the job bucket off below a virtual host too', () => {
  const target = parseTarget('/s3/a/c', 'b.bucket.example', { basePath: '/s3', virtualHost })
  expect(target).toMatchObject({
    rawPath: '/s3/a/c',
    bucket: 'b',
    key: 'a/c',
    rawResource: '/b/a/c',
  })
})

test('knows no virtual host where it has none', () => {
  const target = parseTarget('/a/c', '1.127.0.0.1', { basePath: '', virtualHost: undefined })
  expect(target).toMatchObject({ bucket: 'a', key: 'c' })
})

let served: ServedBucket
let agent: Agent
let client: S3Client

beforeAll(async () => {
  served = await serveBucket(undefined, undefined, '', virtualHost)
  // Every name is this machine.
  agent = new Agent({
    lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  client = new S3Client({
    endpoint: `http://${virtualHost}:${new URL(served.url).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: served.accessId, secretAccessKey: served.accessSecret },
    requestHandler: { httpAgent: agent },
    maxAttempts: 1,
  })
})

afterAll(async () => {
  client.destroy()
  agent.destroy()
  await served[Symbol.asyncDispose]()
})

test('serves the official SDK, which puts the bucket into the host by itself', async () => {
  const hosts: (string | undefined)[] = []
  client.middlewareStack.add(
    (next) => async (args) => {
      hosts.push((args.request as { hostname?: string }).hostname)
      return await next(args)
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  const target = { Bucket: 'own-name', Key: 'dir/ü +%.bin' }
  await client.send(new PutObjectCommand({ ...target, Body: 'hello' }))
  expect(served.memory.text('real-day/real-grant/out/dir/ü +%.bin')).toBe('hello')
  const got = await client.send(new GetObjectCommand(target))
  expect(await got.Body?.transformToString()).toBe('hello')
  await client.send(new ListBucketsCommand({}))
  expect(hosts).toEqual(['own-name.bucket.example', 'own-name.bucket.example', 'bucket.example'])
})

test('takes SigV2 URLs, which sign the bucket before the path', async () => {
  served.memory.put('real-day/real-grant/in/a b', 'hello')
  const expires = String(Math.floor(Date.now() / 1000) + 60)
  const get = async (resource: string) => {
    const text = `GET\n\n\n${expires}\n${resource}`
    const signature = createHmac('sha1', served.accessSecret).update(text).digest('base64')
    const query = new URLSearchParams({
      AWSAccessKeyId: served.accessId,
      Expires: expires,
      Signature: signature,
    })
    return await new Promise((resolve, reject) => {
      const headers = { host: `own-name.${virtualHost}` }
      const { port } = new URL(served.url)
      const path = `/in/a%20b?${query}`
      request({ host: '127.0.0.1', port, path, headers }, (incoming) => {
        incoming.resume()
        resolve(incoming.statusCode)
      })
        .on('error', reject)
        .end()
    })
  }
  expect(await get('/own-name/in/a%20b')).toBe(200)
  expect(await get('/other/in/a%20b')).toBe(403)
})
