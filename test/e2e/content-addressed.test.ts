import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { workerClient } from './bucket.ts'
import { json } from './call.ts'
import { useStack } from './harness.ts'
import { bytesOf, multipartBytes, sha256 } from './payload.ts'
import type { TakenJob } from './platform-view.ts'
import { storeKind } from './project.ts'
import { python, startPythonWorker } from './python-worker.ts'

const dayMs = 86_400_000
const file = bytesOf(multipartBytes)
const base64 = file.toString('base64')
const name = `sha256-${sha256(file)}.bin`

const byContent = { stage: 'always', contentAddressed: true }
const stack = useStack({
  worker: 'none',
  volume: {},
  config: (document) => ({
    ...document,
    endpoints: {
      ...document.endpoints,
      content: { ...byContent, as: 'key' },
      'content-wrapped': { ...byContent, as: 'original' },
      'content-link': { ...byContent, as: 'url' },
      'content-path': { ...document.endpoints['volume'], ...byContent, volumes: 'configured' },
      ...(document.endpoints['native'] && {
        'content-native': { ...document.endpoints['native'], ...byContent },
      }),
    },
  }),
})

/** Submits a job; gives what its worker takes. */
async function taken(endpointId: string, input: object, key?: string): Promise<TakenJob> {
  const options = key === undefined ? {} : { key }
  // The store's own keys do not live as long as a job may by default.
  const policy = { ttl: 3_600_000 }
  const id = await stack.submitted(endpointId, { input, policy }, options)
  const job = await stack.platform.take(endpointId)
  expect(job.id).toBe(id)
  return job
}

/** What the worker of a job reads with the keys that it was given. */
async function read({ s3Config }: TakenJob, Key: unknown): Promise<string> {
  if (s3Config === undefined) throw new Error('no s3Config')
  const { accessId: accessKeyId, accessSecret: secretAccessKey, endpointUrl } = s3Config
  const { sessionToken } = { sessionToken: '', ...s3Config }
  const client = new S3Client({
    endpoint: endpointUrl,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== '' && { sessionToken }) },
    maxAttempts: 1,
  })
  const Bucket = s3Config.bucketName
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `${Key}` }))
  return sha256(Buffer.from((await Body?.transformToByteArray()) ?? []))
}

const kept = async () => (await stack.bucket.keys()).filter((key) => key.endsWith(`/${name}`))

describe('A payload that is named by its content', () => {
  test('is one key in every job, is stored once, and goes when nobody needs it', async () => {
    const one = await taken('content', { file: base64 })
    const two = await taken('content', { list: [base64, base64] })
    expect(one.input).toEqual({ file: `in/${name}` })
    expect(two.input).toEqual({ list: [`in/${name}`, `in/${name}`] })
    for (const job of [one, two]) expect(await read(job, `in/${name}`)).toBe(sha256(file))
    const { s3Config } = two
    if (s3Config === undefined) throw new Error('no s3Config')
    const listing = new ListObjectsV2Command({ Bucket: s3Config.bucketName, Prefix: 'in/' })
    const { Contents } = await workerClient(s3Config).send(listing)
    expect(Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([[`in/${name}`, file.length]])
    const files = async () => (await kept()).filter((key) => /^content\/[0-9a-f]{32}\//.test(key))
    expect(await files()).toHaveLength(1)
    await stack.expectNoFiles()

    // Another caller has a file of its own.
    const other = await taken('content', { file: base64 }, 'rpa_another')
    expect(other.input).toEqual({ file: `in/${name}` })
    expect(await files()).toHaveLength(2)

    await stack.platform.finish('content', one.id, { output: {} })
    expect((await stack.settled('content', one.id)).status).toBe(200)
    expect((await stack.call('DELETE', `/v2/content/jobs/${one.id}`)).status).toBe(204)
    await stack.sweep(new Date(Date.now() + dayMs / 2))
    expect(await read(two, `in/${name}`)).toBe(sha256(file))
    await stack.sweep(new Date(Date.now() + 40 * dayMs))
    expect(await stack.bucket.keys()).toEqual([])
  })

  test('is a link of its own for every job, with the same name', async () => {
    const one = await taken('content-link', { file: base64 })
    const two = await taken('content-link', { file: base64 })
    const links = [one, two].map((job) => `${job.input['file']}`)
    expect(new Set(links).size).toBe(2)
    for (const link of links) {
      expect(link.endsWith(`/${name}`)).toBe(true)
      const served = await fetch(link)
      expect(served.headers.get('content-disposition')).toContain(`filename="${name}"`)
      expect(sha256(Buffer.from(await served.arrayBuffer()))).toBe(sha256(file))
    }
  })

  test('is one path on a network volume, and one file', async () => {
    const one = await taken('content-path', { file: base64 })
    const path = `${one.input['file']}`
    const { ino, mtimeMs } = await stat(path)
    const two = await taken('content-path', { file: base64 })
    expect(two.input).toEqual({ file: path })
    expect(path.endsWith(`/${name}`)).toBe(true)
    expect(sha256(await readFile(path))).toBe(sha256(file))
    // Nobody has written it a second time.
    expect(await stat(path)).toMatchObject({ ino, mtimeMs })
    for (const { id } of [one, two]) {
      await stack.platform.finish('content-path', id, { output: {} })
      expect(json(await stack.settled('content-path', id))['status']).toBe('COMPLETED')
    }
    await stack.sweep(new Date(Date.now() + 40 * dayMs))
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('is a key of the store itself where the worker is given the store’s keys', async (context) => {
    if (storeKind !== 'rgw') context.skip('Set BULKWAY_E2E_STORE=rgw: local R2 has no STS')
    const one = await taken('content-native', { file: base64 })
    const two = await taken('content-native', { file: base64 })
    expect(two.input).toEqual(one.input)
    expect(`${one.input['file']}`).toMatch(new RegExp(`^content/[0-9a-f]{32}/.*/${name}$`))
    expect(await read(two, two.input['file'])).toBe(sha256(file))
  })
})

// Made by test/python/setup.sh; without it there is nothing to attach.
describe.runIf(python !== undefined)(
  "RunPod's own worker with a wrapped handler and a cache",
  () => {
    test('fetches once what is sent again', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'bulkway-cache-'))
      const worker = startPythonWorker({
        platformUrl: stack.platformUrl,
        endpointId: 'content-wrapped',
        script: 'test/python/wrapped_worker.py',
        env: { HANDLER: 'plain', BULKWAY_CACHE_DIR: folder, INPUTS: '{"/input/file": "path"}' },
      })
      const isRead = ({ method, path }: { method: string; path: string }) =>
        method === 'GET' && /\/content\/[0-9a-f]{32}\//.test(path)
      const runs: number[] = []
      try {
        for (let run = 0; run < 2; run++) {
          const before = stack.store.log.filter(isRead).length
          const input = { task: 'path', file: base64 }
          const id = await stack.submitted('content-wrapped', { input })
          expect(json(await stack.settled('content-wrapped', id))).toMatchObject({
            status: 'COMPLETED',
            output: { name, seen: { sha256: sha256(file) } },
          })
          runs.push(stack.store.log.filter(isRead).length - before)
        }
        expect(runs[0]).toBeGreaterThan(0)
        expect(runs[1]).toBe(0)
        expect(await readdir(folder)).toEqual([name.replace('.bin', '')])
      } finally {
        await worker.stop()
        await rm(folder, { recursive: true, force: true })
      }
    })
  },
)
