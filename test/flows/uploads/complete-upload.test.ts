import { describe, expect, it } from 'vitest'
import { readUpload } from '../../../src/flows/uploads/read-upload.ts'
import { unavailable } from '../../intake/memory-store.ts'
import {
  asking,
  completing,
  jsonOf,
  putPart,
  sha256,
  started,
  uploaded,
  uploadGateway,
} from './upload-bed.ts'

const mebibyte = 1024 * 1024
const hello = new TextEncoder().encode('hello')

/** An upload of three parts, all of them in the store. */
async function threeParts(lists = true) {
  const gateway = uploadGateway()
  gateway.store.listsParts = lists
  const bytes = [1, 2, 3].map((n) => new Uint8Array(n === 3 ? 100 : 5 * mebibyte).fill(n))
  const upload = await started(gateway, { size: 10 * mebibyte + 100, filename: 'a.bin' })
  const parts = []
  for (const part of upload.parts) {
    parts.push(await putPart(gateway, part, bytes[part.partNumber - 1] ?? hello))
  }
  return { gateway, upload, parts }
}

describe('completing an upload', () => {
  it('puts the parts together and answers with the ref', async () => {
    const { gateway, upload, parts } = await threeParts()
    const reply = await completing(gateway, upload.uploadId, { parts: [...parts].reverse() })
    expect(await jsonOf(reply)).toEqual({
      ref: `bulkway:${upload.uploadId}`,
      uploadId: upload.uploadId,
      size: 10 * mebibyte + 100,
      contentType: 'application/octet-stream',
      filename: 'a.bin',
      expiresAt: '2026-11-29T12:00:00.000Z',
    })
    const record = await gateway.deps.uploads.read(upload.uploadId)
    expect(record).toMatchObject({ state: 'complete', day: '2026-11-29' })
    expect(record?.key).toBe(`2026-11-29/${upload.uploadId}/in/a.bin`)
    expect(gateway.store.objects.get(record?.key ?? '')?.bytes).toHaveLength(10 * mebibyte + 100)
    expect(gateway.store.open.size).toBe(0)
  })

  it('takes ETags without their quotes', async () => {
    const { gateway, upload, parts } = await threeParts()
    const bare = parts.map(({ partNumber, etag }) => ({ partNumber, etag: etag.slice(1, -1) }))
    expect((await completing(gateway, upload.uploadId, { parts: bare })).status).toBe(200)
  })

  for (const lists of [true, false]) {
    describe(lists ? 'where the store lists parts' : 'where it does not', () => {
      it('names the first part that is not reported', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        const some = parts.filter(({ partNumber }) => partNumber !== 2)
        await expect(completing(gateway, upload.uploadId, { parts: some })).rejects.toMatchObject({
          code: 'upload_incomplete',
          facts: { partNumber: 2 },
        })
        expect((await completing(gateway, upload.uploadId, { parts })).status).toBe(200)
      })

      it('names a part that is reported twice, and one too many', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        const [first] = parts
        for (const [more, partNumber] of [
          [first, 1],
          [{ partNumber: 4, etag: '"x"' }, 4],
        ] as const) {
          const wrong = { parts: [...parts, more] }
          await expect(completing(gateway, upload.uploadId, wrong)).rejects.toMatchObject({
            code: 'upload_mismatch',
            facts: { partNumber },
          })
        }
      })

      it('refuses a part that was replaced since, and takes it once it is reported', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        const second = upload.parts[1]
        if (second === undefined) throw new TypeError('There is no second part')
        const newer = await putPart(gateway, second, new Uint8Array(5 * mebibyte).fill(9))
        await expect(completing(gateway, upload.uploadId, { parts })).rejects.toMatchObject({
          code: 'upload_mismatch',
          facts: lists ? { partNumber: 2 } : {},
        })
        const right = parts.map((part) => (part.partNumber === 2 ? newer : part))
        expect((await completing(gateway, upload.uploadId, { parts: right })).status).toBe(200)
      })

      it('refuses when the store has lost a part', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        for (const { parts: kept } of gateway.store.open.values()) kept.delete(3)
        await expect(completing(gateway, upload.uploadId, { parts })).rejects.toMatchObject(
          lists
            ? { code: 'upload_incomplete', facts: { partNumber: 3 } }
            : { code: 'upload_mismatch' },
        )
      })

      it('refuses a part of another size, and deletes nothing but what is complete', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        const third = upload.parts[2]
        if (third === undefined) throw new TypeError('There is no third part')
        const longer = await putPart(gateway, third, new Uint8Array(101))
        const wrong = { parts: [...parts.slice(0, 2), longer] }
        await expect(completing(gateway, upload.uploadId, wrong)).rejects.toMatchObject({
          code: 'upload_mismatch',
        })
        const record = await gateway.deps.uploads.read(upload.uploadId)
        expect(record?.state).toBe(lists ? 'open' : 'failed')
        expect(gateway.store.objects.has(record?.key ?? '')).toBe(false)
      })

      it('twice at once gives one object and the same answer', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        const all = await Promise.all([
          completing(gateway, upload.uploadId, { parts }),
          completing(gateway, upload.uploadId, { parts }, gateway.another()),
          completing(gateway, upload.uploadId, { parts }, gateway.another()),
        ])
        const texts = await Promise.all(
          all.map(async (reply) => JSON.stringify(await jsonOf(reply))),
        )
        expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
        expect(new Set(texts).size).toBe(1)
      })

      it('says that the upload is gone when the store does not know it any more', async () => {
        const { gateway, upload, parts } = await threeParts(lists)
        gateway.store.open.clear()
        await expect(completing(gateway, upload.uploadId, { parts })).rejects.toMatchObject({
          code: 'upload_expired',
        })
      })
    })
  }

  it('again gives the same answer, and other digests are refused', async () => {
    const gateway = uploadGateway()
    const { uploadId } = await uploaded(gateway, hello, { filename: 'h.txt' })
    const parts = [{ partNumber: 1, etag: '"any"' }]
    expect((await completing(gateway, uploadId, { parts })).status).toBe(200)
    await expect(
      completing(gateway, uploadId, { parts, sha256: sha256(hello) }),
    ).rejects.toMatchObject({ code: 'invalid_request', facts: { pointer: '/sha256' } })
  })

  it('is refused after its time', async () => {
    const gateway = uploadGateway({ openSeconds: 60 })
    const { uploadId, parts } = await started(gateway, { size: 5 })
    const [part] = parts
    if (part === undefined) throw new TypeError('There is no part')
    const done = await putPart(gateway, part, hello)
    gateway.clock.now += 60_000
    await expect(completing(gateway, uploadId, { parts: [done] })).rejects.toMatchObject({
      code: 'upload_expired',
    })
  })

  it('is refused to others, in the very words of what is not there', async () => {
    const gateway = uploadGateway()
    const { uploadId } = await started(gateway, { size: 5 })
    const answers = await Promise.all(
      [
        [asking(undefined, 'another-key'), uploadId],
        [asking(undefined, 'a-key', 'plain'), uploadId],
        [asking(), `${uploadId.slice(0, -1)}${uploadId.endsWith('a') ? 'q' : 'a'}`],
      ].map(async ([call, id]) =>
        readUpload(gateway.deps, call as ReturnType<typeof asking>, id as string).catch(
          (error: unknown) => error,
        ),
      ),
    )
    for (const answer of answers) {
      expect(answer).toMatchObject({ code: 'upload_not_found', detail: 'Cannot find this upload' })
    }
  })
})

describe('a SHA-256', () => {
  it('that was announced is verified, and one given at the end', async () => {
    const gateway = uploadGateway()
    const checksum = { algorithm: 'sha256', value: sha256(hello).toUpperCase() }
    await uploaded(gateway, hello, { checksum })
    const { uploadId, parts } = await started(gateway, { size: 5 })
    const [part] = parts
    if (part === undefined) throw new TypeError('There is no part')
    const done = await putPart(gateway, part, hello)
    const reply = await completing(gateway, uploadId, { parts: [done], sha256: sha256(hello) })
    expect(reply.status).toBe(200)
    expect((await gateway.deps.uploads.read(uploadId))?.sha256).toBe(sha256(hello))
  })

  it('that is not the file’s deletes it, and the record says so', async () => {
    const gateway = uploadGateway()
    const checksum = { algorithm: 'sha256', value: sha256(hello) }
    const { uploadId, parts } = await started(gateway, { size: 5, checksum })
    const [part] = parts
    if (part === undefined) throw new TypeError('There is no part')
    const done = await putPart(gateway, part, new TextEncoder().encode('hallo'))
    for (const _ of ['first', 'again']) {
      await expect(completing(gateway, uploadId, { parts: [done] })).rejects.toMatchObject({
        code: 'upload_mismatch',
        facts: { partNumber: 1 },
      })
      expect([...gateway.store.objects.keys()]).toEqual([`uploads/2026-11-29/${uploadId}`])
    }
    const reply = await readUpload(gateway.deps, asking(), uploadId)
    expect(await jsonOf(reply)).toMatchObject({ state: 'failed', landed: [] })
  })

  it('that is wrong is wrong for all who complete at once', async () => {
    const gateway = uploadGateway()
    const checksum = { algorithm: 'sha256', value: sha256(hello) }
    const { uploadId, parts } = await started(gateway, { size: 5, checksum })
    const [part] = parts
    if (part === undefined) throw new TypeError('There is no part')
    const done = await putPart(gateway, part, new TextEncoder().encode('hallo'))
    const answers = await Promise.allSettled(
      [1, 2, 3].map(() => completing(gateway, uploadId, { parts: [done] }, gateway.another())),
    )
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'upload_mismatch' } })
    }
    expect([...gateway.store.objects.keys()]).toEqual([`uploads/2026-11-29/${uploadId}`])
  })

  it('other than the one announced is refused before anything is done', async () => {
    const gateway = uploadGateway()
    const checksum = { algorithm: 'sha256', value: sha256(hello) }
    const { uploadId, parts } = await started(gateway, { size: 5, checksum })
    const [part] = parts
    if (part === undefined) throw new TypeError('There is no part')
    const done = await putPart(gateway, part, hello)
    await expect(
      completing(gateway, uploadId, { parts: [done], sha256: 'a'.repeat(64) }),
    ).rejects.toMatchObject({ code: 'upload_mismatch', facts: { pointer: '/sha256' } })
    expect((await completing(gateway, uploadId, { parts: [done] })).status).toBe(200)
  })

  it('of an empty file', async () => {
    const gateway = uploadGateway()
    const none = new Uint8Array(0)
    await uploaded(gateway, none, { checksum: { algorithm: 'sha256', value: sha256(none) } })
    const { uploadId, parts } = await started(gateway, {
      size: 0,
      checksum: { algorithm: 'sha256', value: sha256(hello) },
    })
    const [part] = parts
    if (part === undefined) throw new TypeError('There is no part')
    const done = await putPart(gateway, part, none)
    await expect(completing(gateway, uploadId, { parts: [done] })).rejects.toMatchObject({
      code: 'upload_mismatch',
    })
  })
})

describe('a store that fails', () => {
  for (const line of ['completeUpload', 'HEAD', 'put uploads/']) {
    it(`at ${line} is a 503, and completing again goes on`, async () => {
      const { gateway, upload, parts } = await threeParts()
      gateway.store.before = (asked) => {
        if (asked.startsWith(line)) throw unavailable()
      }
      await expect(completing(gateway, upload.uploadId, { parts })).rejects.toMatchObject({
        code: 'store_unavailable',
      })
      gateway.store.before = () => {}
      expect((await completing(gateway, upload.uploadId, { parts })).status).toBe(200)
    })
  }
})
