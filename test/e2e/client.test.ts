import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { FaultRule } from '../../dev/faults/rule.ts'
import { type Client, createClient } from '../../src/client/client.ts'
import { useStack } from './harness.ts'
import { bytesOf, sha256 } from './payload.ts'

const run = promisify(execFile)
const partSize = 5_242_880
const parts = 8
const bytes = bytesOf(40_000_000)
const digest = sha256(bytes)
/** Three parts: enough where it is not the size that matters. */
const short = bytesOf(15_000_000)
const shortDigest = sha256(short)
const shortFile = new File([new Uint8Array(short)], 'short.mp4', { type: 'video/mp4' })
const file = new File([new Uint8Array(bytes)], 'film.mp4', { type: 'video/mp4', lastModified: 1 })

/** What the sample worker has read. */
const readBy = ({ output }: { output?: unknown }) => JSON.stringify(output)

for (const presign of [true, false]) {
  describe(presign ? 'The client, past the gateway' : 'The client, through the gateway', () => {
    const stack = useStack({
      config: (document) => ({
        ...document,
        stores: withPresign(document['stores'], presign),
        uploads: { partBytes: partSize, signedParts: 3 },
      }),
    })
    let client: Client
    beforeAll(() => {
      const retry = { baseMs: 20, capMs: 200, giveUpMs: 20_000 }
      client = createClient({ baseUrl: stack.url, apiKey: 'rpa_test', retry })
    })
    afterEach(() => stack.store.clear())
    const puts = () =>
      stack.store.log.filter(
        ({ method, query }) => method === 'PUT' && query.includes('partNumber'),
      )

    test('runs a job with a file of 40 MB, which the worker reads whole', async () => {
      const files = { image: file }
      const { id } = await client.run('demo', { input: { task: 'digest' } }, { files })
      const job = await client.wait('demo', id)

      expect(job.status, JSON.stringify(job)).toBe('COMPLETED')
      expect(readBy(job)).toContain(digest)
      expect(puts()).toHaveLength(parts)
    })

    test('pauses half way, and goes on in another session', async () => {
      const kept = new Map<string, string>()
      const resume = {
        getItem: (key: string) => kept.get(key),
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
      }
      const pausing = new AbortController()
      const paused = client.upload('demo', file, {
        resume,
        concurrency: 2,
        signal: pausing.signal,
        onProgress: (progress) => {
          if (progress.bytes > bytes.length / 2) pausing.abort()
        },
      })
      await expect(paused).rejects.toMatchObject({ name: 'AbortError' })
      expect(kept.size).toBe(1)
      const before = puts().length

      const { ref } = await client.upload('demo', file, { resume })
      expect(puts().length - before).toBeLessThanOrEqual(parts / 2)
      expect(kept.size).toBe(0)
      const { id } = await client.run('demo', { input: { task: 'digest', image: ref } })
      expect(readBy(await client.wait('demo', id))).toContain(digest)
    })

    const faults: [string, FaultRule['fault']][] = [
      ['500', { kind: 'answer', status: 500 }],
      ['SlowDown', { kind: 'slow-down' }],
      ['a reset', { kind: 'reset' }],
      ['a cut in the middle', { kind: 'cut-request', bytes: 3_000_000 }],
      ['a lost answer', { kind: 'cut-response', bytes: 0 }],
      ['403, as an old signature has', { kind: 'answer', status: 403 }],
    ]
    test.each(faults)('survives %s at parts', async (_, fault) => {
      const planted = stack.store.fault({
        method: 'PUT',
        query: /partNumber=[23]\b/,
        times: 2,
        fault,
      })
      const uploaded = await client.upload('demo', shortFile, { sha256: shortDigest })

      expect(planted.hits).toBeGreaterThan(0)
      expect(uploaded).toMatchObject({ size: short.length, reused: false })
      await client.abortUpload('demo', uploaded.uploadId)
    })

    test('sends nothing that is there already, told by its SHA-256', async () => {
      const first = await client.upload('demo', shortFile, { sha256: true })
      const before = puts().length
      const second = await client.upload('demo', shortFile, { sha256: true })

      expect(second).toMatchObject({ ref: first.ref, reused: true })
      expect(puts()).toHaveLength(before)
      await client.abortUpload('demo', first.uploadId)
    })

    test('says that a file is not what its SHA-256 promises', async () => {
      const wrong = sha256(Buffer.from('another'))
      await expect(client.upload('demo', shortFile, { sha256: wrong })).rejects.toMatchObject({
        code: 'upload_mismatch',
        status: 400,
      })
    })

    test('uploads small and empty files', async () => {
      for (const small of [new Blob(['hello']), new Blob([])]) {
        expect((await client.upload('demo', small)).size).toBe(small.size)
      }
    })

    describe('from the command line', () => {
      let directory: string
      let path: string
      let shortPath: string
      beforeAll(async () => {
        directory = await mkdtemp(join(tmpdir(), 'bulkway-cli-'))
        path = join(directory, 'film.mp4')
        await writeFile(path, bytes)
        shortPath = join(directory, 'short.mp4')
        await writeFile(shortPath, short)
      })
      afterAll(() => rm(directory, { recursive: true, force: true }))
      async function bulkway(...args: string[]) {
        const env = {
          BULKWAY_URL: stack.url,
          BULKWAY_API_KEY: 'rpa_test',
          XDG_STATE_HOME: directory,
        }
        const command = ['bin/bulkway.js', ...args, '--endpoint', 'demo']
        const { stdout } = await run(process.execPath, command, { env: { ...process.env, ...env } })
        return stdout
      }

      test('runs a job with a file, and prints its output', async () => {
        const place = `image=@${path}`
        expect(await bulkway('run', '--input', '{"task":"digest"}', '--file', place)).toContain(
          digest,
        )
      })

      test('uploads a file, whose ref a job takes', async () => {
        const ref = (await bulkway('upload', shortPath)).trim()
        expect(ref).toMatch(/^bulkway:[a-z2-7]{26}$/)
        const { id } = await client.run('demo', { input: { task: 'digest', image: ref } })
        expect(readBy(await client.wait('demo', id))).toContain(shortDigest)
      })
    })
  })
}

function withPresign(stores: unknown, presign: boolean): unknown {
  if (typeof stores !== 'object' || stores === null || !('main' in stores)) return stores
  const { main } = stores
  return { ...stores, main: typeof main === 'object' ? { ...main, presign } : main }
}
