import { describe, expect, test } from 'vitest'
import { probeConditionalWrites } from '../../src/store/conditional-writes.ts'
import { listUploads } from '../../src/store/list-uploads.ts'
import type { ObjectStore } from '../../src/store/store.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What every object store must do, whoever makes it; `part` is a part size that the store takes. */
export function objectStoreContract(
  name: string,
  open: () => ObjectStore,
  options: {
    readonly partBytes: number
    readonly overridesHeaders: boolean
    /** It is files and directories: no conditions, media types and presigned URLs, no empty segments. */
    readonly isVolume?: boolean
    /** False: the store refuses keys with `//` in them. */
    readonly emptySegments?: boolean
    /** False: it lists no open uploads by prefix, and does not say so. */
    readonly listsUploads?: boolean
    /** False: it takes conditions and ignores them, so that it can be no state store. */
    readonly conditionalWrites?: boolean
  },
): void {
  const onBuckets = test.skipIf(options.isVolume === true)
  const conditional = test.skipIf(options.isVolume === true || options.conditionalWrites === false)
  const folder = `contract-${crypto.randomUUID()}/`
  const write = (key: string, text: string) => open().put(folder + key, encoder.encode(text))
  const read = async (key: string) => {
    const object = await open().get(folder + key, 1024 * 1024)
    return object === undefined ? undefined : decoder.decode(object.bytes)
  }

  describe(`${name} as an object store`, () => {
    test('gives back the bytes and the ETag it was given', async () => {
      const etag = await write('plain', 'hello')
      const object = await open().get(`${folder}plain`, 10)
      expect(decoder.decode(object?.bytes)).toBe('hello')
      expect(object?.etag).toBe(etag)
    })

    test('has nothing where nothing was written', async () => {
      expect(await read('missing')).toBeUndefined()
    })

    test('keeps an empty object', async () => {
      await write('empty', '')
      expect(await read('empty')).toBe('')
    })

    test.for([
      'a b',
      'ä/ö ü',
      'plus+plus',
      "quote'(1)!*",
      'per%20cent',
      'a//b',
      'q?x=1&y',
      '#',
      '日本',
    ])('takes the key %s and lists it as it is', async (key, { skip }) => {
      skip(options.isVolume === true && key.includes('//'))
      if (options.emptySegments === false && key.includes('//')) {
        await expect(write(`keys/${key}`, key)).rejects.toMatchObject({ code: 'store_unavailable' })
        return
      }
      await write(`keys/${key}`, key)
      expect(await read(`keys/${key}`)).toBe(key)
      const page = await open().list(`${folder}keys/${key}`)
      expect(page.objects.map((object) => object.key)).toContain(`${folder}keys/${key}`)
    })

    test('refuses a key with a dot segment before anything is sent', async () => {
      await expect(write('a/../../../other', 'x')).rejects.toMatchObject({
        code: 'invalid_request',
      })
    })

    test('deletes, also what is not there', async () => {
      await write('gone', 'x')
      await open().delete(`${folder}gone`)
      await open().delete(`${folder}gone`)
      expect(await read('gone')).toBeUndefined()
    })

    conditional('writes once where it must be absent', async () => {
      const put = (text: string) =>
        open().put(`${folder}once`, encoder.encode(text), { condition: 'absent' })
      expect(await put('first')).toBeTypeOf('string')
      expect(await put('second')).toBeUndefined()
      expect(await read('once')).toBe('first')
    })

    conditional('replaces only the version it was told', async () => {
      const store = open()
      const key = `${folder}versions`
      const first = await store.put(key, encoder.encode('first'))
      if (first === undefined) throw new Error('not written')
      const put = (text: string) =>
        store.put(key, encoder.encode(text), { condition: { etag: first } })
      expect(await put('second')).toBeTypeOf('string')
      expect(await put('third')).toBeUndefined()
      expect(await read('versions')).toBe('second')
    })

    conditional('replaces nothing where there is nothing', async () => {
      const condition = { etag: '"5d41402abc4b2a76b9719d911017c592"' }
      const bytes = encoder.encode('x')
      expect(await open().put(`${folder}void`, bytes, { condition })).toBeUndefined()
    })

    conditional('leaves nothing of the probe behind', async () => {
      await probeConditionalWrites(open())
      expect((await open().list('probes/')).objects).toEqual([])
    })

    test('lists in pages and folds folders', async () => {
      for (const key of ['l/a/1', 'l/a/2', 'l/b', 'l/c', 'l/d/1']) await write(key, key)
      const store = open()
      const folded = await store.list(`${folder}l/`, { delimiter: '/' })
      expect(folded.prefixes).toEqual([`${folder}l/a/`, `${folder}l/d/`])
      expect(folded.objects).toEqual([
        { key: `${folder}l/b`, size: `l/b`.length },
        { key: `${folder}l/c`, size: `l/c`.length },
      ])
      const keys: string[] = []
      let next: string | undefined
      do {
        const at = next === undefined ? {} : { next }
        const page = await store.list(`${folder}l/`, { maxKeys: 2, ...at })
        expect(page.objects.length).toBeLessThanOrEqual(2)
        keys.push(...page.objects.map(({ key }) => key.slice(folder.length)))
        next = page.next
      } while (next !== undefined)
      expect(keys).toEqual(['l/a/1', 'l/a/2', 'l/b', 'l/c', 'l/d/1'])
      const after = await store.list(`${folder}l/`, { after: `${folder}l/c` })
      expect(after.objects.map(({ key }) => key)).toEqual([`${folder}l/d/1`])
    })

    test('puts parts together, whatever their order of arrival', async () => {
      const store = open()
      const key = `${folder}parts`
      const big = new Uint8Array(options.partBytes).fill(65)
      const uploadId = await store.createUpload(key, 'text/x-parts')
      const last = await store.uploadPart(key, uploadId, 2, encoder.encode('end'))
      const first = await store.uploadPart(key, uploadId, 1, big)
      await store.completeUpload(key, uploadId, [last, first])
      const answer = await store.send({ method: 'HEAD', key })
      expect(answer.headers.get('content-length')).toBe(String(options.partBytes + 3))
      if (!options.isVolume) expect(answer.headers.get('content-type')).toBe('text/x-parts')
      await answer.body.cancel()
      await store.delete(key)
    })

    test('aborts an upload, also twice', async () => {
      const store = open()
      const key = `${folder}aborted`
      const uploadId = await store.createUpload(key, 'text/plain')
      await store.uploadPart(key, uploadId, 1, encoder.encode('x'))
      await store.abortUpload(key, uploadId)
      await store.abortUpload(key, uploadId)
      await expect(store.completeUpload(key, uploadId, [])).rejects.toMatchObject({
        code: 'store_unavailable',
      })
      expect(await read('aborted')).toBeUndefined()
    })

    test.runIf(options.overridesHeaders)(
      'serves a presigned GET with the type and disposition asked for',
      async () => {
        await write('link', 'linked')
        const url = await open().presignGet(`${folder}link`, 60, {
          contentType: 'text/x-link',
          contentDisposition: 'attachment; filename="l.txt"',
        })
        const answer = await fetch(url)
        expect(await answer.text()).toBe('linked')
        expect(answer.headers.get('content-type')).toContain('text/x-link')
        expect(answer.headers.get('content-disposition')).toBe('attachment; filename="l.txt"')
      },
    )

    test('lists its open uploads, or says that it cannot', async () => {
      const store = open()
      const key = `${folder}open/a b`
      const uploadId = await store.createUpload(key, 'text/plain')
      const page = await listUploads(store, `${folder}open/`)
      await store.abortUpload(key, uploadId)
      if (page === undefined) return
      expect(page.uploads).toEqual(options.listsUploads === false ? [] : [{ key, uploadId }])
      expect((await listUploads(store, `${folder}open/`))?.uploads).toEqual([])
    })

    onBuckets('serves a presigned GET', async () => {
      await write('plain-link', 'linked')
      const answer = await fetch(await open().presignGet(`${folder}plain-link`, 60))
      expect(await answer.text()).toBe('linked')
    })

    test('answers ranges and conditions through send as they come', async () => {
      const etag = (await write('range', '0123456789')) ?? ''
      const store = open()
      const range = await store.send({
        method: 'GET',
        key: `${folder}range`,
        headers: { Range: 'bytes=2-4' },
      })
      expect(range.status).toBe(206)
      expect(decoder.decode(await range.body.read())).toBe('234')
      const same = await store.send({
        method: 'GET',
        key: `${folder}range`,
        headers: { 'if-none-match': etag },
      })
      expect(same.status).toBe(304)
      await same.body.cancel()
    })

    onBuckets('keeps the content type it is sent', async () => {
      const stored = await open().send({
        method: 'PUT',
        key: `${folder}typed`,
        headers: { 'content-type': 'text/x-typed' },
        body: encoder.encode('x'),
      })
      expect(stored.status).toBe(200)
      const head = await open().send({ method: 'HEAD', key: `${folder}typed` })
      expect(head.headers.get('content-type')).toBe('text/x-typed')
    })
  })
}
