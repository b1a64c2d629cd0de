import { describe, expect, it } from 'vitest'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { readUpload } from '../../../src/flows/uploads/read-upload.ts'
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

describe('deleting an upload', () => {
  it('that the store hinders is finished by asking again', async () => {
    for (const request of [{}, { retain: 'persist', name: 'model.bin' }]) {
      const gateway = uploadGateway({ persist: true })
      const { uploadId } = await uploaded(gateway, hello, request)
      let failing = true
      gateway.store.before = (line) => {
        if (failing && /^delete (persist|\d{4}-)/.test(line)) throw unavailable()
      }
      const remove = () => deleteUpload(gateway.deps, asking(), uploadId)
      await expect(remove()).rejects.toMatchObject({ code: 'store_unavailable' })
      await expect(readUpload(gateway.deps, asking(), uploadId)).rejects.toMatchObject({
        code: 'upload_not_found',
      })
      failing = false
      expect((await remove()).status).toBe(204)
      expect(filesOf(gateway)).toEqual([])
      await expect(remove()).rejects.toMatchObject({ code: 'upload_not_found' })
    }
  })

  it('that is completed meanwhile deletes its file', async () => {
    for (const request of [{}, { retain: 'persist', name: 'model.bin' }]) {
      const gateway = uploadGateway({ persist: true })
      const upload = await started(gateway, { size: 5, ...request })
      const [part] = upload.parts
      if (part === undefined) throw new TypeError('There is no part')
      const parts = [await putPart(gateway, part, hello)]
      let once = true
      gateway.store.before = async (line) => {
        if (!line.startsWith('put uploads/2') || !once) return
        once = false
        await completing(gateway, upload.uploadId, { parts }, gateway.another())
      }
      await deleteUpload(gateway.deps, asking(), upload.uploadId)
      expect(filesOf(gateway)).toEqual([])
      expect(await gateway.deps.uploads.read(upload.uploadId)).toBeUndefined()
    }
  })

  it('while it is completed leaves nothing', async () => {
    for (const at of ['completeUpload', 'HEAD', 'put uploads/']) {
      const gateway = uploadGateway()
      const upload = await started(gateway, { size: 5 })
      const [part] = upload.parts
      if (part === undefined) throw new TypeError('There is no part')
      const parts = [await putPart(gateway, part, hello)]
      let once = true
      gateway.store.before = async (line) => {
        if (!line.startsWith(at) || !once) return
        once = false
        await deleteUpload(gateway.another(), asking(), upload.uploadId)
      }
      await expect(completing(gateway, upload.uploadId, { parts })).rejects.toMatchObject({
        code: 'upload_not_found',
      })
      expect(gateway.store.objects.size).toBe(0)
      expect(gateway.store.open.size).toBe(0)
    }
  })
})
