import { describe, expect, it } from 'vitest'
import { deleteUpload } from '../../src/flows/uploads/delete-upload.ts'
import { takeTurn } from '../../src/uploads/kept-name.ts'
import { createUploads } from '../../src/uploads/stored-uploads.ts'
import { sweepUploads } from '../../src/uploads/sweep-uploads.ts'
import type { FakeGateway } from '../flows/fake-deps.ts'
import { asking, sha256, started, uploaded, uploadGateway } from '../flows/uploads/upload-bed.ts'
import { unavailable } from '../intake/memory-store.ts'

const hello = new TextEncoder().encode('hello')
const hour = 3_600_000

function sweep({ deps, store, clock, logged }: FakeGateway, afterMs: number, limit = 1000) {
  const log = { write: (_: string, event: (typeof logged)[number]) => void logged.push(event) }
  return sweepUploads({
    stores: new Map([['main', store]]),
    state: store,
    uploads: deps.uploads,
    now: clock.now + afterMs,
    log,
    limit,
  })
}

for (const lists of [true, false]) {
  describe(lists ? 'where the store lists open uploads' : 'where it does not', () => {
    function open(): FakeGateway {
      const gateway = uploadGateway({ persist: true })
      gateway.store.listsUploads = lists
      return gateway
    }

    it('aborts what was not completed in time, and nothing sooner', async () => {
      const gateway = open()
      const late = await started(gateway, { size: 5 })
      const kept = await started(gateway, { size: 5, retain: 'persist', name: 'model' })
      await uploaded(gateway, hello)
      expect(await sweep(gateway, 24 * hour - 1)).toMatchObject({ records: 0, aborted: 0 })
      expect(gateway.store.open.size).toBe(2)
      const swept = await sweep(gateway, 24 * hour)
      expect(swept).toEqual({ records: 2, aborted: 2, faults: 0, done: true })
      expect(gateway.store.open.size).toBe(0)
      for (const { uploadId } of [late, kept]) {
        expect(await gateway.deps.uploads.read(uploadId)).toBeUndefined()
      }
    })

    it('removes the records of days that are over, and what is noted of them', async () => {
      const gateway = open()
      const checksum = { algorithm: 'sha256', value: sha256(hello) }
      await uploaded(gateway, hello, { checksum })
      await started(gateway, { size: 5 })
      await uploaded(gateway, hello, { checksum, retain: 'persist', name: 'model' })
      // The file's day is the 29th.
      await sweep(gateway, 8.49 * 24 * hour)
      const before = [...gateway.store.objects.keys()].filter((key) => /^uploads/.test(key))
      expect(before.filter((key) => key.startsWith('uploads/by-sha256/'))).toHaveLength(2)
      expect(before).toHaveLength(5)
      await sweep(gateway, 8.51 * 24 * hour)
      const left = [...gateway.store.objects.keys()].filter((key) => /^uploads/.test(key))
      expect(left.map((key) => key.replace(/[a-z2-7]{26}$/, '{id}')).sort()).toEqual([
        'uploads/2149-06-06/{id}',
        expect.stringMatching(/^uploads\/by-name\/.*\/model$/),
        expect.stringMatching(/^uploads\/by-sha256\/.*\/\{id\}$/),
      ])
    })

    it('finishes what was begun with kept files, and reads no others', async () => {
      const gateway = open()
      const name = { retain: 'persist', name: 'model' }
      const old = await uploaded(gateway, hello, name)
      const newer = await uploaded(gateway, hello, name)
      const gone = await uploaded(gateway, hello, { ...name, name: 'gone' })
      gateway.store.before = (line) => {
        if (line.startsWith('delete persist/')) throw unavailable()
      }
      await expect(deleteUpload(gateway.deps, asking(), gone.uploadId)).rejects.toThrow()
      gateway.store.before = () => {}
      await sweep(gateway, 25 * hour)
      expect(await gateway.deps.uploads.read(gone.uploadId)).toBeUndefined()
      const files = [...gateway.store.objects.keys()].filter((key) => key.startsWith('persist/'))
      expect(files.map((key) => key.split('/').at(-1))).toEqual(['model'])
      // Its refs mean the newer file for as long as those of any upload hold.
      expect(await gateway.deps.uploads.read(old.uploadId)).toBeDefined()
      await sweep(gateway, 9 * 24 * hour)
      expect(await gateway.deps.uploads.read(old.uploadId)).toBeUndefined()
      expect(await gateway.deps.uploads.read(newer.uploadId)).toBeDefined()
      const lines: string[] = []
      gateway.store.before = (line) => void lines.push(line)
      await sweep(gateway, 10 * 24 * hour)
      expect(lines.filter((line) => /^get|uploads\/2149/.test(line))).toEqual([])
    })

    it('leaves what is not its own', async () => {
      const gateway = open()
      const foreign = [
        'uploads/readme.txt',
        'uploads/2020-01-01/not-an-id',
        'uploads/by-sha256/stray',
        'uploads/2020-13-01/aeaqaaaaaaaaaaaaaaaaaaaaaa',
        'elsewhere/2020-01-01/aeaqaaaaaaaaaaaaaaaaaaaaaa',
      ]
      for (const key of foreign) await gateway.store.put(key, hello)
      await gateway.store.createUpload('elsewhere/file', 'text/plain')
      await gateway.store.createUpload(
        '2026-11-29/aeaqaaaaaaaaaaaaaaaaaaaaaa/in/0-payload.bin',
        'text/plain',
      )
      expect(await sweep(gateway, 100 * 24 * hour)).toMatchObject({ records: 0, faults: 0 })
      expect([...gateway.store.objects.keys()].sort()).toEqual([...foreign].sort())
      expect(gateway.store.open.size).toBe(2)
    })

    it('removes records that nobody can open any more, with their day', async () => {
      const gateway = open()
      const { uploadId } = await started(gateway, { size: 5 })
      await gateway.store.put(`uploads/2026-11-29/${uploadId}`, hello)
      await sweep(gateway, 48 * hour)
      expect(gateway.store.objects.size).toBe(1)
      await sweep(gateway, 100 * 24 * hour)
      expect(gateway.store.objects.size).toBe(0)
    })

    it('removes a record that is longer than one can be, with its day', async () => {
      const gateway = open()
      const { uploadId } = await started(gateway, { size: 5 })
      const key = `uploads/2026-11-29/${uploadId}`
      await gateway.store.put(key, new Uint8Array(8 * 1024 * 1024 + 1))
      gateway.store.open.clear()
      await sweep(gateway, 100 * 24 * hour)
      expect(gateway.store.objects.size).toBe(0)
      expect(await sweep(gateway, 101 * 24 * hour)).toMatchObject({ faults: 0, done: true })
    })

    it('stops at its limit and goes on the next time', async () => {
      const gateway = open()
      for (let count = 0; count < 5; count++) await started(gateway, { size: 5 })
      expect(await sweep(gateway, 25 * hour, 2)).toMatchObject({ records: 2, done: false })
      expect(await sweep(gateway, 25 * hour)).toMatchObject({ records: 3, done: true })
    })

    it('counts what fails, and goes on with the rest', async () => {
      const gateway = open()
      for (let count = 0; count < 3; count++) await started(gateway, { size: 5 })
      let failures = 1
      gateway.store.before = (line) => {
        if (line.startsWith('abortUpload') && failures-- > 0) throw unavailable()
      }
      expect(await sweep(gateway, 25 * hour)).toMatchObject({ records: 2, faults: 1, done: false })
      expect(await sweep(gateway, 25 * hour)).toMatchObject({ records: 1, faults: 0, done: true })
    })

    it('does no harm to an upload that is deleted at the same time', async () => {
      const gateway = open()
      const { uploadId } = await started(gateway, { size: 5 })
      const another = createUploads({
        store: gateway.store,
        keyring: gateway.deps.keyring,
        platform: gateway.deps.platform,
      })
      await Promise.all([
        sweep({ ...gateway, deps: { ...gateway.deps, uploads: another } }, 25 * hour),
        deleteUpload(gateway.deps, asking(), uploadId),
      ])
      expect(gateway.store.objects.size).toBe(0)
      expect(gateway.store.open.size).toBe(0)
    })
  })
}

describe('a copy to a kept name that its request did not live to end', () => {
  it('is aborted once its turn is over', async () => {
    const gateway = uploadGateway({ persist: true })
    const key = 'persist/0123/demo/model'
    const { clock, store } = gateway
    await takeTurn(store, key, () => clock.now)
    await store.createUpload(key, 'text/plain')
    expect(await sweep(gateway, 299_000)).toMatchObject({ aborted: 0 })
    expect(await sweep(gateway, 300_000)).toMatchObject({ aborted: 1, faults: 0 })
    expect(store.open.size).toBe(0)
  })

  it('is aborted where its turn was ended all the same', async () => {
    const gateway = uploadGateway({ persist: true })
    await gateway.store.createUpload(`persist/${'0'.repeat(32)}/demo/a/model`, 'text/plain')
    expect(await sweep(gateway, 0)).toMatchObject({ aborted: 1, faults: 0 })
  })

  it.each(['persist/model', 'persist/demo/model', `persist/${'0'.repeat(32)}/demo`, 'persist/'])(
    'is not what somebody else uploads to %s',
    async (key) => {
      const gateway = uploadGateway({ persist: true })
      await gateway.store.createUpload(key, 'text/plain')
      expect(await sweep(gateway, 900 * hour)).toMatchObject({ aborted: 0, faults: 0, done: true })
      expect(gateway.store.open.size).toBe(1)
    },
  )
})

describe('a kept file that is in its place but not written down', () => {
  it('is complete, and stays', async () => {
    const gateway = uploadGateway({ persist: true })
    const { store, clock } = gateway
    const { uploadId } = await started(gateway, { size: 5, retain: 'persist', name: 'model' })
    const { keptKey = '' } = (await gateway.deps.uploads.read(uploadId)) ?? {}
    await store.put(keptKey, hello)
    await (await takeTurn(store, keptKey, () => clock.now))?.end(uploadId)
    store.open.clear()
    await sweep(gateway, 25 * hour)
    expect(await gateway.deps.uploads.read(uploadId)).toMatchObject({
      state: 'complete',
      key: keptKey,
    })
    expect(store.objects.has(keptKey)).toBe(true)
  })
})
