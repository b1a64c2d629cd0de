import { describe, expect, it } from 'vitest'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { unavailable } from '../../intake/memory-store.ts'
import {
  asking,
  completing,
  filesOf,
  putPart,
  started,
  uploaded,
  uploadGateway,
} from './upload-bed.ts'

const hello = new TextEncoder().encode('hello')

describe('files that are kept', () => {
  const kept = { retain: 'persist', name: 'model.bin', size: 5 }

  it('are whoever completes last, and no verdict deletes what another has put there', async () => {
    const gateway = uploadGateway({ persist: true })
    const [one, two] = [await started(gateway, kept), await started(gateway, kept)]
    const [first, second] = [one.parts[0], two.parts[0]]
    if (first === undefined || second === undefined) throw new TypeError('There are no parts')
    const parts = [await putPart(gateway, first, new TextEncoder().encode('older'))]
    const newer = [await putPart(gateway, second, hello)]
    let once = true
    gateway.store.before = async (line) => {
      if (!line.startsWith('GET 2026-') || !once) return
      once = false
      await completing(gateway, two.uploadId, { parts: newer })
    }
    const wrong = { parts, sha256: 'a'.repeat(64) }
    await expect(completing(gateway, one.uploadId, wrong)).rejects.toMatchObject({
      code: 'upload_mismatch',
    })
    expect(filesOf(gateway)).toEqual([['model.bin', 'hello']])
  })
  it('twice at once are one', async () => {
    const gateway = uploadGateway({ persist: true })
    const upload = await started(gateway, kept)
    const [part] = upload.parts
    if (part === undefined) throw new TypeError('There is no part')
    const parts = [await putPart(gateway, part, hello)]
    const replies = await Promise.all(
      [1, 2, 3].map(() => completing(gateway, upload.uploadId, { parts }, gateway.another())),
    )
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
  })
})

describe('files that are kept, one after another under one name', () => {
  const kept = { retain: 'persist', name: 'model.bin' }
  const older = new TextEncoder().encode('OLD!!')
  const newer = new TextEncoder().encode('NEW!!')

  async function replacing(request: Record<string, unknown> = {}, bytes = newer) {
    const gateway = uploadGateway({ persist: true })
    const before = await uploaded(gateway, older, kept)
    const upload = await started(gateway, { ...kept, size: bytes.length, ...request })
    const [part] = upload.parts
    if (part === undefined) throw new TypeError('There is no part')
    const parts = [await putPart(gateway, part, bytes)]
    const complete = () => completing(gateway, upload.uploadId, { parts })
    return { gateway, before, upload, complete }
  }

  it('are not complete by the bytes of another when their own are gone', async () => {
    const { gateway, complete } = await replacing()
    gateway.store.open.clear()
    await expect(complete()).rejects.toMatchObject({ code: 'upload_expired' })
    expect(filesOf(gateway)).toEqual([['model.bin', 'OLD!!']])
  })

  it('stay what they were when a newer one does not pass, or cannot be looked at', async () => {
    const checksum = { algorithm: 'sha256', value: '0'.repeat(64) }
    for (const fails of [/^GET 2026-/, /^delete 2026-/]) {
      const { gateway, complete, upload } = await replacing({ checksum })
      let failing = true
      gateway.store.before = (line) => {
        if (failing && fails.test(line)) throw unavailable()
      }
      await expect(complete()).rejects.toMatchObject({ code: 'store_unavailable' })
      expect(filesOf(gateway)).toContainEqual(['model.bin', 'OLD!!'])
      failing = false
      await expect(complete()).rejects.toMatchObject({ code: 'upload_mismatch' })
      expect(filesOf(gateway)).toEqual([['model.bin', 'OLD!!']])
      expect((await gateway.deps.uploads.read(upload.uploadId))?.state).toBe('failed')
    }
  })

  it('lose nothing when an older one is deleted, of the same bytes also', async () => {
    for (const bytes of [newer, older]) {
      const { gateway, before, complete, upload } = await replacing({}, bytes)
      expect((await complete()).status).toBe(200)
      await deleteUpload(gateway.deps, asking(), before.uploadId)
      expect(filesOf(gateway)).toEqual([['model.bin', Buffer.from(bytes).toString()]])
      await deleteUpload(gateway.deps, asking(), upload.uploadId)
      expect(filesOf(gateway)).toEqual([])
    }
  })

  it('are put in their place again when that failed', async () => {
    for (const fails of ['PUT persist/', 'HEAD persist/', 'put uploads/2149']) {
      const { gateway, complete } = await replacing()
      let failing = true
      gateway.store.before = (line) => {
        if (failing && line.startsWith(fails)) throw unavailable()
      }
      await expect(complete()).rejects.toMatchObject({ code: 'store_unavailable' })
      failing = false
      expect((await complete()).status).toBe(200)
      expect(filesOf(gateway)).toEqual([['model.bin', 'NEW!!']])
    }
  })

  it('wait while another is put there', async () => {
    const { gateway, complete } = await replacing()
    let reply: Promise<unknown> | undefined
    gateway.store.before = async (line) => {
      if (!line.startsWith('PUT persist/') || reply !== undefined) return
      reply = completing(gateway, (await second).uploadId, { parts: [await sent] })
      await expect(reply).rejects.toMatchObject({ code: 'store_unavailable' })
    }
    const second = started(gateway, { ...kept, size: 5 })
    const [part] = (await second).parts
    if (part === undefined) throw new TypeError('There is no part')
    const sent = putPart(gateway, part, hello)
    await sent
    expect((await complete()).status).toBe(200)
    expect(reply).toBeDefined()
    expect(filesOf(gateway)).toContainEqual(['model.bin', 'NEW!!'])
  })
})
