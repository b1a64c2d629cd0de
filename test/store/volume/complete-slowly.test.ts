import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { faultOf, openVolumes, type VolumeBed } from './volume-bed.ts'

let bed: VolumeBed
beforeEach(async () => {
  bed = await openVolumes(1)
  await mkdir(join(bed.directories[0] ?? '', 'bulkway/job'), { recursive: true })
  await writeFile(onDisk(), 'the old one')
})
afterEach(() => bed.close())

const key = 'job/last.pt'
const onDisk = () => join(bed.directories[0] ?? '', 'bulkway', key)
const server = () => bed.servers[0] as (typeof bed.servers)[number]
const operation = 'CompleteMultipartUpload'

async function upload(words = 'the new one') {
  const uploadId = await bed.store.createUpload(key, 'image/png')
  const bytes = new TextEncoder().encode(words)
  return { uploadId, parts: [await bed.store.uploadPart(key, uploadId, 1, bytes)] }
}

test.each([524, 500])(
  'a file in the place of another of that size is not taken for it behind a %i',
  async (status) => {
    const { uploadId, parts } = await upload()
    server().fault({ operation, status, times: 10 })
    const asked = bed.store.completeUpload(key, uploadId, parts)
    expect((await faultOf(asked)).code).toBe('store_unavailable')
    expect(await readFile(onDisk(), 'utf8')).toBe('the old one')
    server().clear()
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect(await readFile(onDisk(), 'utf8')).toBe('the new one')
  },
)

test.each([524, 500])(
  'a file in the place of another of that size is seen behind a %i',
  async (status) => {
    const { uploadId, parts } = await upload()
    server().fault({ operation, status, after: true })
    expect(await bed.store.completeUpload(key, uploadId, parts)).toMatch(/^"/)
    expect(await readFile(onDisk(), 'utf8')).toBe('the new one')
  },
)

test.each([524, 500])(
  'a file whose size nobody tells is not whole because it stands (%i)',
  async (status) => {
    const { uploadId, parts } = await upload()
    server().fault({ operation: 'ListParts', status: 501, code: 'NotImplemented', times: 10 })
    server().fault({ operation, status, times: 10 })
    const asked = bed.store.completeUpload(key, uploadId, parts)
    expect((await faultOf(asked)).code).toBe('store_unavailable')
    expect(await readFile(onDisk(), 'utf8')).toBe('the old one')
  },
)

test('a file whose size nobody tells is not whole because it was completed', async () => {
  const { uploadId, parts } = await upload()
  server().fault({ operation: 'ListParts', status: 501, code: 'NotImplemented', times: 10 })
  const asked = bed.store.completeUpload(key, uploadId, parts)
  expect((await faultOf(asked)).code).toBe('store_unavailable')
})
