import { beforeEach, describe, expect, it } from 'vitest'
import { createKeyring } from '../../src/config/keyring.ts'
import { Secret } from '../../src/log.ts'
import { createUploads } from '../../src/uploads/stored-uploads.ts'
import type { Upload } from '../../src/uploads/upload.ts'
import { MemoryStore } from '../intake/memory-store.ts'

const keyring = createKeyring([{ kid: 'k1', key: new Secret(btoa('a'.repeat(32))) }])
const day = '2026-11-29'
let store: MemoryStore

function instance(ring = keyring) {
  return createUploads({ store, keyring: ring, platform: { wait: async () => {} } })
}

function uploadOf(changes: Partial<Upload> = {}): Upload {
  const uploadId = instance().newId(day)
  return {
    ...{ uploadId, day, endpointId: 'demo', storeId: 'main', owner: 'k:secret-owner' },
    ...{ key: `${day}/${uploadId}/in/a.bin`, multipartId: 'm-1', filename: 'a.bin' },
    ...{ contentType: 'text/plain', size: 5, partSize: 5_242_880, partCount: 1 },
    ...{ retain: 'day', state: 'open', createdAt: 1, openUntil: 2 },
    ...changes,
  }
}

beforeEach(() => {
  store = new MemoryStore()
})

describe('stored uploads', () => {
  it('are read as they were written, and sealed in the store', async () => {
    const upload = uploadOf()
    await instance().create(upload)
    expect(await instance().read(upload.uploadId)).toEqual(upload)
    const [[key, object] = ['', undefined]] = store.objects
    expect(key).toBe(`uploads/${day}/${upload.uploadId}`)
    expect(object?.contentType).toBe('application/jose+json')
    expect(new TextDecoder().decode(object?.bytes)).not.toContain('secret-owner')
  })

  it('are not there when nobody wrote them, or could open them', async () => {
    const upload = uploadOf()
    await instance().create(upload)
    const retired = createKeyring([{ kid: 'k2', key: new Secret(btoa('b'.repeat(32))) }])
    expect(await instance(retired).read(upload.uploadId)).toBeUndefined()
    expect(await instance().read(uploadOf().uploadId)).toBeUndefined()
    expect(await instance().read('../../etc')).toBeUndefined()
    const moved = uploadOf()
    const bytes = store.objects.get(`uploads/${day}/${upload.uploadId}`)?.bytes
    await store.put(`uploads/${day}/${moved.uploadId}`, bytes ?? new Uint8Array(0))
    expect(await instance().read(moved.uploadId)).toBeUndefined()
  })

  it('are written once, and only under the day of their id', async () => {
    const upload = uploadOf()
    await instance().create(upload)
    await expect(instance().create(upload)).rejects.toMatchObject({ code: 'internal_error' })
    await expect(instance().create(uploadOf({ day: '2026-12-01' }))).rejects.toThrow(TypeError)
  })

  it('lose no change of instances that write at once', async () => {
    const upload = uploadOf()
    await instance().create(upload)
    await Promise.all(
      [1, 2, 3, 4, 5].map((number) =>
        instance().update(upload.uploadId, (current) => ({
          ...current,
          reported: { ...current.reported, [number]: `"${number}"` },
        })),
      ),
    )
    const read = await instance().read(upload.uploadId)
    expect(Object.keys(read?.reported ?? {})).toEqual(['1', '2', '3', '4', '5'])
  })

  it('are changed on the ground of what was read last, with one request', async () => {
    const one = instance()
    const upload = uploadOf()
    await one.create(upload)
    await one.read(upload.uploadId)
    const lines: string[] = []
    store.before = (line) => void lines.push(line)
    await one.update(upload.uploadId, (current) => ({ ...current, state: 'complete' }))
    expect(lines).toEqual([`put uploads/${day}/${upload.uploadId}`])
    await one.update(upload.uploadId, (current) => current)
    expect(lines).toHaveLength(2)
  })

  it('see what another instance has written in between', async () => {
    const one = instance()
    const upload = uploadOf()
    await one.create(upload)
    await instance().update(upload.uploadId, (current) => ({ ...current, state: 'failed' }))
    const seen = await one.update(upload.uploadId, (current) =>
      current.state === 'open' ? { ...current, state: 'complete' } : current,
    )
    expect(seen?.state).toBe('failed')
  })

  it('are gone once they are removed', async () => {
    const one = instance()
    const upload = uploadOf()
    await one.create(upload)
    await one.remove(upload)
    expect(await one.read(upload.uploadId)).toBeUndefined()
    expect(
      await one.update(upload.uploadId, (current) => ({ ...current, state: 'complete' })),
    ).toBeUndefined()
    expect(store.objects.size).toBe(0)
  })

  it('refuse a change that nobody could read again, and stay as they were', async () => {
    const one = instance()
    const upload = uploadOf()
    await one.create(upload)
    const reported = { 1: 'x'.repeat(8 * 1024 * 1024) }
    const change = (current: typeof upload) => ({ ...current, reported })
    await expect(one.update(upload.uploadId, change)).rejects.toMatchObject({
      code: 'body_too_large',
    })
    expect(await instance().read(upload.uploadId)).toEqual(upload)
    await expect(instance().create({ ...uploadOf(), reported })).rejects.toMatchObject({
      code: 'body_too_large',
    })
  })

  it('hold the ETags of 10,000 parts', async () => {
    const upload = uploadOf()
    await instance().create(upload)
    const etags = Array.from({ length: 10_000 }, (_, index) => [index + 1, '"'.repeat(256)])
    const reported = Object.fromEntries(etags)
    await instance().update(upload.uploadId, (current) => ({ ...current, reported }))
    expect((await instance().read(upload.uploadId))?.reported).toEqual(reported)
  })
})
