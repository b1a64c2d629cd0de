import { describe, expect, test } from 'vitest'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { createTus } from '../../../src/flows/uploads-tus/create-tus.ts'
import { append, bytesOf, create, tusBed, tusCall } from './bed.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const persist = (name: string) => `filename ${base64('x.bin')},persist ${base64(name)}`

describe('a file that comes by tus and is kept', () => {
  test('lies under its name when it is whole, and nowhere else', async () => {
    const bed = tusBed({ uploads: { persist: true } })
    const bytes = bytesOf(30)
    const id = await create(bed.deps, 30, persist('models/x.bin'))
    const keys = () => [...bed.store.objects.keys()].filter((key) => /^(persist|\d{4}-)/.test(key))
    for (const [from, to] of [
      [0, 7],
      [7, 29],
    ] as const) {
      await append(bed.deps, id, from, [bytes.subarray(from, to)])
      // What waits for its part goes with the day of the upload's end, not with the last of all.
      for (const key of keys()) expect(key).toMatch(/^2026-11-2\d\//)
    }
    const { headers } = await append(bed.instance(), id, 29, [bytes.subarray(29)])
    expect(headers.get('bulkway-ref')).toContain(id)
    expect(keys()).toEqual([expect.stringMatching(/^persist\/[0-9a-f]{32}\/demo\/models\/x\.bin$/)])
    expect(new Uint8Array(bed.store.objects.get(keys()[0] ?? '')?.bytes ?? [])).toEqual(bytes)
    expect([...bed.store.objects.keys()].filter((key) => key.includes('unsettled'))).toEqual([])
    const again = await append(bed.deps, id, 30, [])
    expect(again.headers.get('bulkway-ref')).toContain(id)
    await deleteUpload(bed.deps, tusCall({}), id)
    expect(keys()).toEqual([])
  })

  test('replaces an older one of its name', async () => {
    const bed = tusBed({ uploads: { persist: true } })
    for (const length of [5, 20]) {
      const id = await create(bed.deps, length, persist('models/x.bin'))
      await append(bed.deps, id, 0, [bytesOf(length)])
    }
    const kept = [...bed.store.objects].filter(([key]) => key.startsWith('persist/'))
    expect(kept.map(([, { bytes }]) => bytes.length)).toEqual([20])
  })

  test.each([
    [true, '../x', 'invalid_request'],
    [true, 'models/', 'invalid_request'],
    [true, '', 'invalid_request'],
    [false, 'models/x', 'forbidden'],
  ])('has a name that can be (persist: %j, %j)', async (isOn, name, code) => {
    const bed = tusBed({ uploads: { persist: isOn } })
    const headers = { 'upload-length': '3', 'upload-metadata': persist(name) }
    await expect(createTus(bed.deps, tusCall(headers))).rejects.toMatchObject({ code })
    expect(bed.store.objects.size).toBe(0)
  })
})
