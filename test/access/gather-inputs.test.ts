import { describe, expect, it } from 'vitest'
import { gatherInputs } from '../../src/access/gather-inputs.ts'
import type { IncomingResponse } from '../../src/platform.ts'
import { jobPrefix } from '../../src/store/keys.ts'
import type { StoreRequest } from '../../src/store/store.ts'
import { answer, MemoryStore } from '../intake/memory-store.ts'

const folder = { day: '2026-11-23', grantId: 'a'.repeat(26) }
const own = jobPrefix(folder)
const wait = async () => {}

/** A store that copies; `sizes` are what it says of objects, `intercept` answers in its place. */
class CopyingStore extends MemoryStore {
  readonly sizes = new Map<string, number>()
  readonly copies: StoreRequest[] = []
  intercept: (request: StoreRequest) => IncomingResponse | undefined = () => undefined

  override async send(request: StoreRequest): Promise<IncomingResponse> {
    const { key, copyFrom, query, method } = request
    const size = this.sizes.get(key)
    if (method === 'HEAD' && size !== undefined) {
      return answer(200, undefined, { 'content-length': `${size}`, 'content-type': 'image/x' })
    }
    if (copyFrom === undefined) return await super.send(request)
    this.copies.push(request)
    const intercepted = this.intercept(request)
    if (intercepted !== undefined) return intercepted
    const source = this.objects.get(copyFrom)
    if (source === undefined) return answer(404, '<Error><Code>NoSuchKey</Code></Error>')
    const uploadId = query?.['uploadId']
    if (uploadId !== undefined) {
      const part = await this.uploadPart(key, uploadId, Number(query?.['partNumber']), source.bytes)
      return answer(200, `<CopyPartResult><ETag>${part.etag}</ETag></CopyPartResult>`)
    }
    const etag = await this.put(key, source.bytes, { contentType: source.contentType })
    return answer(200, `<CopyObjectResult><ETag>${etag}</ETag></CopyObjectResult>`)
  }
}

async function storeOf(...keys: string[]): Promise<CopyingStore> {
  const store = new CopyingStore()
  for (const key of keys) await store.put(key, new TextEncoder().encode(key))
  return store
}

const copiesIn = (store: CopyingStore) =>
  [...store.objects.keys()].filter((key) => key.startsWith(own)).sort()

describe('inputs that are gathered', () => {
  it('are those outside the job’s folder, by prefix and by key', async () => {
    const store = await storeOf('refs/', 'refs/a', 'refs/b/c', 'cats/1.png', `${own}in/0-x.png`)
    const gathered = await gatherInputs(
      store,
      folder,
      [
        { path: 'in/1-cat.png', key: 'cats/1.png', mode: 'read' },
        { path: 'in/refs/', key: 'refs/', mode: 'read' },
        { path: 'in/', key: `${own}in/`, mode: 'read' },
        { path: '', key: `${own}out/`, mode: 'read-write' },
      ],
      wait,
    )
    expect(gathered.mounts).toEqual([
      { path: 'in/1-cat.png', key: `${own}in/1-cat.png`, mode: 'read' },
      { path: 'in/refs/', key: `${own}in/refs/`, mode: 'read' },
      { path: 'in/', key: `${own}in/`, mode: 'read' },
      { path: '', key: `${own}out/`, mode: 'read-write' },
    ])
    const copied = ['in/1-cat.png', 'in/refs/a', 'in/refs/b/c'].map((path) => own + path)
    expect(gathered.copied).toEqual(copied)
    expect(copiesIn(store)).toEqual([`${own}in/0-x.png`, ...copied])
    const text = new TextDecoder().decode(store.objects.get(`${own}in/refs/b/c`)?.bytes)
    expect(text).toBe('refs/b/c')
  })

  it('cost no call where all lies in the folder already', async () => {
    const store = await storeOf()
    store.before = (line) => {
      throw new Error(line)
    }
    const mounts = [{ path: 'in/', key: `${own}in/`, mode: 'read' as const }]
    expect(await gatherInputs(store, folder, mounts, wait)).toEqual({ mounts, copied: [] })
  })

  it.for([
    ['the store fails', (): IncomingResponse => answer(500), 'store_unavailable'],
    ['it refuses', (): IncomingResponse => answer(403), 'store_unavailable'],
    [
      'it fails in a 200',
      (): IncomingResponse => answer(200, '<Error><Code>InternalError</Code></Error>'),
      'store_unavailable',
    ],
    [
      'one is gone',
      (): IncomingResponse => answer(404, '<Error><Code>NoSuchKey</Code></Error>'),
      'invalid_request',
    ],
  ] as const)('leave nothing behind where %s', async ([, make, code]) => {
    const store = await storeOf(...Array.from({ length: 9 }, (_, index) => `refs/${index}`))
    store.intercept = ({ copyFrom }) => (copyFrom === 'refs/6' ? make() : undefined)
    const mounts = [{ path: 'in/refs/', key: 'refs/', mode: 'read' as const }]
    await expect(gatherInputs(store, folder, mounts, wait)).rejects.toMatchObject({ code })
    expect(copiesIn(store)).toEqual([])
    expect(store.objects.size).toBe(9)
  })

  it('are copied again where a fault passes', async () => {
    const store = await storeOf('refs/a')
    let faults = 0
    store.intercept = () => (faults++ < 2 ? answer(503) : undefined)
    const mounts = [{ path: 'in/a', key: 'refs/a', mode: 'read' as const }]
    await gatherInputs(store, folder, mounts, wait)
    expect(copiesIn(store)).toEqual([`${own}in/a`])
  })

  it('are refused where a named one does not exist', async () => {
    const mounts = [{ path: 'in/a', key: 'refs/a', mode: 'read' as const }]
    await expect(gatherInputs(await storeOf(), folder, mounts, wait)).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('are copied in parts where they are larger than 5 GB', async () => {
    const store = await storeOf('refs/large')
    store.sizes.set('refs/large', 5_000_000_001)
    const mounts = [{ path: 'in/large', key: 'refs/large', mode: 'read' as const }]
    await gatherInputs(store, folder, mounts, wait)
    const ranges = store.copies.map(({ headers }) => headers?.['x-amz-copy-source-range'])
    expect(ranges).toEqual([
      'bytes=0-1073741823',
      'bytes=1073741824-2147483647',
      'bytes=2147483648-3221225471',
      'bytes=3221225472-4294967295',
      'bytes=4294967296-5000000000',
    ])
    expect(store.objects.get(`${own}in/large`)?.contentType).toBe('image/x')
    store.intercept = ({ query }) => (query?.['partNumber'] === '3' ? answer(400) : undefined)
    const failed = gatherInputs(store, folder, mounts, wait)
    await expect(failed).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(store.open.size).toBe(0)
    expect(copiesIn(store)).toEqual([])
  })

  it('are a thousand at most', async () => {
    const store = await storeOf(...Array.from({ length: 600 }, (_, index) => `refs/${index}`))
    const two = ['in/a/', 'in/b/'].map((path) => ({ path, key: 'refs/', mode: 'read' as const }))
    await expect(gatherInputs(store, folder, two, wait)).rejects.toMatchObject({
      code: 'invalid_request',
      facts: { limit: 1000 },
    })
    expect(store.copies).toEqual([])
  })
})
