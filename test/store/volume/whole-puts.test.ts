import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNodePlatform } from '../../../src/runtimes/node-platform.ts'
import { headObject } from '../../../src/store/head-object.ts'
import { listUploads } from '../../../src/store/list-uploads.ts'
import { faultOf, openVolumes, streamOf, type VolumeBed } from './volume-bed.ts'

const key = '2026-11-22/abcdefghijklmnopqrstuvwxyz/out/last.pt'
const old = Buffer.from('the checkpoint of before')
const fresh = randomBytes(300_000)

describe.each([1, 2])('a PUT to %i volume(s)', (count) => {
  let bed: VolumeBed
  beforeEach(async () => {
    bed = await openVolumes(count)
  })
  afterEach(() => bed.close())

  const paths = () => bed.directories.map((directory) => join(directory, 'bulkway', key))
  const onVolumes = () => Promise.all(paths().map((path) => readFile(path).catch(() => undefined)))
  const everywhere = (bytes: Buffer | undefined) => bed.directories.map(() => bytes)
  const open = async () => (await listUploads(bed.store, ''))?.uploads

  async function writeOld() {
    for (const path of paths()) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, old)
    }
  }

  test.each(['stream', 'bytes'])('is seen when it is whole, and not before (%s)', async (how) => {
    await writeOld()
    for (const { quirks } of bed.servers) quirks.halfMs = 5
    const seen = new Set<number | undefined>()
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        for (const bytes of await onVolumes()) seen.add(bytes?.length)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })()
    const body = how === 'stream' ? streamOf(fresh, 10_000) : fresh
    const answer = await bed.store.send({ method: 'PUT', key, body })
    isOver = true
    await watching
    expect(answer.status).toBe(200)
    expect(await onVolumes()).toEqual(everywhere(fresh))
    expect([...seen].filter((size) => size !== old.length && size !== fresh.length)).toEqual([])
    expect(answer.headers.get('etag')).toBe((await headObject(bed.store, key))?.etag)
    expect(await open()).toEqual([])
  })

  test('that its writer does not end leaves what was there, and nothing open', async () => {
    await writeOld()
    const body = streamOf(randomBytes(5_000_000), 100_000)
    const read = body.read.bind(body)
    body.read = async () => {
      if (body.reads > 40) throw new Error('The worker is gone')
      return await read()
    }
    const asked = bed.store.send({ method: 'PUT', key, body })
    expect((await faultOf(asked)).code).toBe('store_unavailable')
    expect(await onVolumes()).toEqual(everywhere(old))
    expect(await open()).toEqual([])
  })

  test.each(['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'] as const)(
    'whose %s is refused leaves what was there, and nothing open',
    async (operation) => {
      await writeOld()
      for (const server of bed.servers) {
        server.fault({ operation, status: 400, code: 'InvalidRequest' })
      }
      const answer = await bed.store.send({ method: 'PUT', key, body: streamOf(fresh, 10_000) })
      expect(answer.status).toBe(400)
      await answer.body.cancel()
      expect(await onVolumes()).toEqual(everywhere(old))
      expect(await open()).toEqual([])
    },
  )

  test('of bytes that are not those of their MD5 leaves what was there', async () => {
    await writeOld()
    const headers = { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==', 'content-type': 'image/png' }
    const answer = await bed.store.send({ method: 'PUT', key, headers, body: fresh })
    expect(answer.status).toBe(400)
    await answer.body.cancel()
    expect(await onVolumes()).toEqual(everywhere(old))
  })

  test('that some volume got other bytes of is none', async () => {
    await writeOld()
    const { length } = bed.servers
    const node = createNodePlatform({ write() {} })
    const store = bed.open(
      {},
      {
        async send(request) {
          const answer = await node.send(request)
          const isPart =
            request.method === 'PUT' && request.url.startsWith(bed.servers[0]?.url ?? '')
          if (isPart) answer.headers.set('etag', `"${'0'.repeat(32)}"`)
          return answer
        },
      },
    )
    const answer = store.send({ method: 'PUT', key, body: streamOf(fresh, 10_000) })
    if (length === 1) expect((await answer).status).toBe(400)
    else expect((await faultOf(answer)).code).toBe('store_unavailable')
    expect(await onVolumes()).toEqual(everywhere(old))
    expect(await open()).toEqual([])
  })

  test('of nothing is one request', async () => {
    await bed.store.put(key, new Uint8Array(0))
    expect(await onVolumes()).toEqual(everywhere(Buffer.alloc(0)))
    expect(bed.servers[0]?.log.map(({ operation }) => operation)).toEqual(['PutObject'])
  })

  test('is seven requests for a new file, six in the place of another', async () => {
    const names = () => bed.servers[0]?.log.map(({ operation }) => operation)
    const write = ['CreateMultipartUpload', 'UploadPart', 'ListParts', 'CompleteMultipartUpload']
    await bed.store.put(key, fresh)
    expect(names()?.sort()).toEqual([...write, 'HeadBucket', 'HeadObject', 'HeadObject'].sort())
    bed.servers[0]?.clear()
    await bed.store.put(key, fresh)
    expect(names()?.sort()).toEqual([...write, 'HeadObject', 'HeadObject'].sort())
  })
})
