import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { OutgoingBody } from '../../../src/platform.ts'
import { copyObject } from '../../../src/store/copy-object.ts'
import { headObject } from '../../../src/store/head-object.ts'
import { listParts } from '../../../src/store/list-parts.ts'
import { listUploads } from '../../../src/store/list-uploads.ts'
import type { StoreSend } from '../../../src/store/s3-operations.ts'
import { storeUnavailable } from '../../../src/store/store-fault.ts'
import { xmlAnswer } from '../../../src/store/volume/held-answer.ts'
import { createMirroredSend } from '../../../src/store/volume/mirrored-send.ts'
import { teeBody } from '../../../src/store/volume/tee-body.ts'
import { faultOf, openVolumes, streamOf, type VolumeBed } from './volume-bed.ts'

let bed: VolumeBed
beforeEach(async () => {
  bed = await openVolumes(3)
})
afterEach(() => bed.close())

const key = '2026-11-22/abcdefghijklmnopqrstuvwxyz/in/0-image.png'
const text = (words: string) => new TextEncoder().encode(words)
const onDisk = (path: string) => bed.directories.map((directory) => join(directory, path))
const everywhere = (path: string) => Promise.all(onDisk(path).map((one) => readFile(one)))
const exists = (path: string) =>
  Promise.all(
    onDisk(path).map((one) =>
      stat(one).then(
        () => true,
        () => false,
      ),
    ),
  )
const server = (index: number) => bed.servers[index] as (typeof bed.servers)[number]
const noWait = async () => {}

async function upload(at = key) {
  const uploadId = await bed.store.createUpload(at, 'image/png')
  const parts = []
  for (const [index, words] of ['first', 'secon', 'la'].entries()) {
    parts.push(await bed.store.uploadPart(at, uploadId, index + 1, text(words)))
  }
  return { uploadId, parts }
}

describe('several volumes', () => {
  test('get what is written, and lose what is deleted', async () => {
    await bed.store.put(key, text('hello'))
    expect((await everywhere(`bulkway/${key}`)).map(String)).toEqual(['hello', 'hello', 'hello'])
    expect(await copyObject(bed.store, { key, size: 5 }, 'shared/models/w', noWait)).toBe(true)
    expect((await everywhere('models/w')).map(String)).toEqual(['hello', 'hello', 'hello'])
    await bed.store.delete(key)
    expect(await exists(`bulkway/${key}`)).toEqual([false, false, false])
    await bed.store.delete(key)
  })

  test('get one stream in one pass, at the pace of the slowest', async () => {
    const bytes = randomBytes(3_000_000)
    const body = streamOf(bytes, 65_536)
    const answer = await bed.store.send({ method: 'PUT', key, body })
    expect(answer.status).toBe(200)
    expect(body.reads).toBe(Math.ceil(bytes.length / 65_536) + 1)
    for (const one of await everywhere(`bulkway/${key}`)) expect(one.equals(bytes)).toBe(true)
  })

  test('get the parts of one upload', async () => {
    const { store } = bed
    const { uploadId, parts } = await upload()
    expect(uploadId).toMatch(/^[A-Za-z0-9_-]+$/)
    expect((await listUploads(store, ''))?.uploads).toEqual([{ key, uploadId }])
    const stored = await listParts(store, key, uploadId, noWait)
    expect(stored).toEqual(parts.map((part, index) => ({ ...part, size: index < 2 ? 5 : 2 })))
    expect(await store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect((await everywhere(`bulkway/${key}`)).map(String)).toEqual(Array(3).fill('firstseconla'))
    expect(await listParts(store, key, uploadId, noWait)).toBe('gone')
  })

  test('are aborted together', async () => {
    const { uploadId } = await upload()
    await bed.store.abortUpload(key, uploadId)
    expect((await listUploads(bed.store, ''))?.uploads).toEqual([])
    await bed.store.abortUpload(key, uploadId)
    await bed.store.abortUpload(key, 'nobody')
  })

  test('are listed as one, whatever their pages', async () => {
    for (let index = 0; index < 7; index++) await bed.store.put(`d/${index}`, text('x'))
    for (const [index, directory] of bed.directories.entries()) {
      await mkdir(join(directory, 'bulkway/d/sub'), { recursive: true })
      await writeFile(join(directory, `bulkway/d/by-worker-${index}`), 'xy')
      await writeFile(join(directory, `bulkway/d/sub/${index}`), 'xy')
    }
    server(1).quirks.repeatedTokens = 100
    const keys: string[] = []
    let next: string | undefined
    do {
      const page = await bed.store.list('d/', { maxKeys: 2, delimiter: '/', ...(next && { next }) })
      keys.push(...page.objects.map((one) => one.key), ...page.prefixes)
      next = page.next
    } while (next !== undefined)
    const numbers = Array.from({ length: 7 }, (_, index) => `d/${index}`)
    const written = [0, 1, 2].map((index) => `d/by-worker-${index}`)
    expect(keys).toEqual([...numbers, ...written, 'd/sub/'])
  })

  test('are read from the first that has it', async () => {
    await mkdir(join(bed.directories[2] ?? '', 'bulkway/job'), { recursive: true })
    await writeFile(join(bed.directories[2] ?? '', 'bulkway/job/out'), 'by a worker')
    expect((await bed.store.get('job/out', 100))?.bytes).toEqual(text('by a worker'))
    expect(await headObject(bed.store, 'job/out')).toMatchObject({ size: 11 })
    expect(await bed.store.get('job/none', 100)).toBeUndefined()
    await bed.store.put(key, text('hello'))
    server(0).volume('vol1').state = 'stopped'
    expect((await bed.store.get(key, 100))?.bytes).toEqual(text('hello'))
    // It may be on the one that does not answer.
    expect((await faultOf(bed.store.get('job/none', 100))).code).toBe('volume_gone')
  })
})

describe('one of several that fails', () => {
  test.each([0, 1, 2])('fails the whole write (volume %i)', async (index) => {
    server(index).volume(`vol${index + 1}`).state = 'stopped'
    expect((await faultOf(bed.store.put(key, text('x')))).code).toBe('volume_gone')
    const body = streamOf(randomBytes(1_000_000), 10_000)
    expect((await faultOf(bed.store.send({ method: 'PUT', key, body }))).code).toBe('volume_gone')
    expect((await faultOf(bed.store.createUpload(key, 'image/png'))).code).toBe('volume_gone')
    server(index).volume(`vol${index + 1}`).state = 'running'
    expect((await listUploads(bed.store, ''))?.uploads).toEqual([])
    await bed.store.delete(key)
    expect(await exists(`bulkway/${key}`)).toEqual([false, false, false])
  })

  test('in the middle of a stream ends it for all', async () => {
    server(1).volume('vol2').sizeBytes = 300_000
    const bytes = randomBytes(3_000_000)
    const body = streamOf(bytes, 10_000)
    expect((await faultOf(bed.store.send({ method: 'PUT', key, body }))).code).toBe('volume_full')
  })

  test('tells why, though the others end before it has said so', async () => {
    const body = streamOf(randomBytes(1000), 10)
    const full: StoreSend = async (request) => {
      const branch = request.body as OutgoingBody
      await branch.read()
      await branch.cancel(new Error('The line broke'))
      await new Promise((resolve) => setTimeout(resolve, 10))
      throw new GatewayError('volume_full', 'Delete files')
    }
    const reading: StoreSend = async (request) => {
      const branch = request.body as OutgoingBody
      try {
        while ((await branch.read()) !== undefined);
      } catch (cause) {
        throw storeUnavailable(cause)
      }
      return xmlAnswer(200, '')
    }
    const asked = createMirroredSend([reading, full])({ method: 'PUT', key, body })
    expect((await faultOf(asked)).code).toBe('volume_full')
  })

  test('to know what is deleted or aborted hides not that the others did', async () => {
    await bed.store.put(key, text('x'))
    await rm(join(bed.directories[0] ?? '', 'bulkway', key))
    server(0).fault({ operation: 'DeleteObject', status: 404, code: 'NoSuchKey' })
    const deleted = await bed.store.send({ method: 'DELETE', key })
    expect(deleted.status).toBe(204)
    await deleted.body.cancel()
    const { uploadId } = await upload()
    server(1).fault({ operation: 'AbortMultipartUpload', status: 404, code: 'NoSuchUpload' })
    const request = { method: 'DELETE', key, query: { uploadId } } as const
    expect((await bed.store.send(request)).status).toBe(204)
    expect((await bed.store.send(request)).status).toBe(204)
    expect((await bed.store.send(request)).status).toBe(404)
  })

  test.each(['answer', 'error'] as const)(
    'early, by an %s, is waited for by nobody',
    async (how) => {
      const body = streamOf(randomBytes(100_000), 1000)
      const refusing: StoreSend = async (request) => {
        const branch = request.body as OutgoingBody
        for (let read = 0; read < 3; read++) await branch.read()
        if (how === 'error') throw new Error('The line broke')
        return xmlAnswer(507, '<Error><Code>Full</Code></Error>')
      }
      const reading: StoreSend = async (request) => {
        const branch = request.body as OutgoingBody
        while ((await branch.read()) !== undefined);
        return xmlAnswer(200, '', new Headers({ etag: '"x"' }))
      }
      const asked = createMirroredSend([reading, refusing, reading])({ method: 'PUT', key, body })
      if (how === 'error') await expect(asked).rejects.toThrow('The line broke')
      else expect((await asked).status).toBe(507)
      expect(body.reads).toBeLessThan(5)
    },
  )

  test('to complete is completed later, and nothing is acknowledged before', async () => {
    const { uploadId, parts } = await upload()
    server(2).fault({ operation: 'CompleteMultipartUpload', status: 400, code: 'InvalidPart' })
    expect((await faultOf(bed.store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
    expect(await exists(`bulkway/${key}`)).toEqual([true, true, false])
    const stored = await listParts(bed.store, key, uploadId, noWait)
    expect(stored).toMatchObject(parts)
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect(await exists(`bulkway/${key}`)).toEqual([true, true, true])
  })

  test('to keep the file is not hidden by the others', async () => {
    const { uploadId, parts } = await upload()
    server(1).quirks.vanishing = 1
    expect((await faultOf(bed.store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
    expect((await faultOf(bed.store.completeUpload(key, uploadId, parts))).code).toBe(
      'store_unavailable',
    )
  })

  test('to delete is told', async () => {
    await bed.store.put(key, text('x'))
    server(1).fault({ operation: 'DeleteObject', status: 501, code: 'NotImplemented' })
    expect((await faultOf(bed.store.delete(key))).code).toBe('store_unavailable')
    await bed.store.delete(key)
    expect(await exists(`bulkway/${key}`)).toEqual([false, false, false])
  })

  test('with an answer that passes is asked again', async () => {
    server(1).fault({ operation: 'UploadPart', status: 503, code: 'SlowDown' })
    expect(await bed.store.put(key, text('x'))).toMatch(/^"/)
    server(0).fault({ operation: 'CreateMultipartUpload', status: 500, code: 'InternalError' })
    const { uploadId } = await upload()
    expect((await listUploads(bed.store, ''))?.uploads).toEqual([{ key, uploadId }])
    const folders = await Promise.all(onDisk('.s3compat_uploads').map((path) => readdir(path)))
    expect(folders.map(({ length }) => length)).toEqual([1, 1, 1])
  })
})

describe('a body for several readers', () => {
  test('is read one chunk ahead of the slowest, cut wherever', async () => {
    const bytes = text('some bytes that are read by three')
    for (let chunk = 1; chunk <= bytes.length; chunk++) {
      const body = streamOf(bytes, chunk)
      const branches = teeBody(body, 3)
      const read = await Promise.all(
        branches.map(async (branch, index) => {
          const all: number[] = []
          for (let got = await branch.read(); got !== undefined; got = await branch.read()) {
            all.push(...got)
            for (let turn = 0; turn < index; turn++) await null
          }
          return new Uint8Array(all)
        }),
      )
      for (const one of read) expect(one).toEqual(bytes)
    }
  })

  test('waits for the last to ask', async () => {
    const body = streamOf(new Uint8Array(10), 1)
    const [one, other] = teeBody(body, 2)
    const first = one?.read()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(body.reads).toBe(0)
    await Promise.all([first, other?.read()])
    expect(body.reads).toBe(1)
  })

  test('ends for all with the first that gives up, and with its source', async () => {
    const [one, other] = teeBody(streamOf(new Uint8Array(10), 1), 2)
    const waiting = one?.read()
    await other?.cancel(new Error('full'))
    await expect(waiting).rejects.toThrow('full')
    await expect(one?.read()).rejects.toThrow('full')
    const broken = { length: 5, read: () => Promise.reject(new Error('gone')), cancel: noWait }
    const [a, b] = teeBody(broken, 2)
    const results = await Promise.allSettled([a?.read(), b?.read()])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })
})
