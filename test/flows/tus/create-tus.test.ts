import { describe, expect, test } from 'vitest'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { createTus } from '../../../src/flows/uploads-tus/create-tus.ts'
import { describeTus } from '../../../src/flows/uploads-tus/describe-tus.ts'
import { endTus } from '../../../src/flows/uploads-tus/end-tus.ts'
import { readTus } from '../../../src/flows/uploads-tus/read-tus.ts'
import { append, bytesOf, create, idOf, partBytes, tusBed, tusCall } from './bed.ts'

const stream = { 'content-type': 'application/offset+octet-stream' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('An upload by tus', () => {
  test('is created under the name and type of its metadata', async () => {
    const bed = tusBed()
    const metadata = `filename ${base64('../ein Bild.PNG')},filetype ${base64('image/png')}`
    const id = await create(bed.deps, 3, metadata)
    const { headers } = await readTus(bed.deps, tusCall({}), id)
    expect(headers.get('upload-metadata')).toBe(metadata)
    expect(headers.get('upload-length')).toBe('3')
    expect(headers.get('upload-offset')).toBe('0')
    expect(headers.get('upload-expires')).toBe('Sun, 22 Nov 2026 12:00:00 GMT')
    await append(bed.deps, id, 0, [bytesOf(3)])
    const [[key, object] = []] = [...bed.store.objects].filter(([key]) => key.includes('/in/'))
    expect(key).toMatch(new RegExp(`/${id}/in/ein-Bild.png$`))
    expect(object?.contentType).toBe('image/png')
  })

  test('takes bytes along, all or the first', async () => {
    const bytes = bytesOf(30)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const bed = tusBed()
      const call = tusCall({ ...stream, 'upload-length': '30' }, [bytes.subarray(0, cut)])
      const { status, headers } = await createTus(bed.deps, call)
      expect(status).toBe(201)
      expect(headers.get('upload-offset')).toBe(String(cut))
      expect(headers.has('bulkway-ref')).toBe(cut === 30)
      if (cut < 30) await append(bed.deps, idOf(headers), cut, [bytes.subarray(cut)])
      const [file] = [...bed.store.objects].filter(([key]) => key.includes('/in/'))
      expect(new Uint8Array(file?.[1].bytes ?? [])).toEqual(bytes)
    }
  })

  test('is not there when the bytes that came along have another checksum', async () => {
    const bed = tusBed()
    const headers = {
      ...stream,
      'upload-length': '30',
      'upload-checksum': `sha1 ${'A'.repeat(27)}=`,
    }
    const created = createTus(bed.deps, tusCall(headers, [bytesOf(30)]))
    await expect(created).rejects.toMatchObject({ code: 'checksum_mismatch' })
    expect([...bed.store.objects.keys()]).toEqual([])
    expect(bed.store.open.size).toBe(0)
  })

  test.each([
    ['another version', { 'tus-resumable': '0.2.2', 'upload-length': '1' }, 'tus_version'],
    ['no length', {}, 'invalid_request'],
    ['a length to come', { 'upload-defer-length': '1' }, 'invalid_request'],
    ['a negative length', { 'upload-length': '-1' }, 'invalid_request'],
    ['a length that no number holds', { 'upload-length': '9'.repeat(16) }, 'invalid_request'],
    ['one byte too many', { 'upload-length': String(partBytes * 10_000 + 1) }, 'body_too_large'],
  ])('is refused with %s', async (_, headers, code) => {
    const bed = tusBed()
    await expect(createTus(bed.deps, tusCall(headers))).rejects.toMatchObject({ code })
    expect(bed.store.open.size).toBe(0)
  })

  test('ends at its time', async () => {
    const bed = tusBed()
    const id = await create(bed.deps, 30)
    await append(bed.deps, id, 0, [bytesOf(10)])
    bed.clock.now += 86_400_000
    await expect(readTus(bed.deps, tusCall({}), id)).rejects.toMatchObject({
      code: 'upload_expired',
    })
    const sent = append(bed.deps, id, 10, [bytesOf(10)])
    await expect(sent).rejects.toMatchObject({ code: 'upload_expired' })
  })

  test('is terminated at every size, and nothing stays', async () => {
    for (let size = 0; size <= 30; size++) {
      const bed = tusBed()
      const id = await create(bed.deps, 30)
      await append(bed.deps, id, 0, [bytesOf(size)])
      const { status } = await endTus(bed.deps, tusCall({}), id)
      expect(status).toBe(204)
      expect([...bed.store.objects.keys()]).toEqual([])
      expect(bed.store.open.size).toBe(0)
      const read = readTus(bed.deps, tusCall({}), id)
      await expect(read).rejects.toMatchObject({ code: 'upload_not_found' })
    }
  })

  test('is terminated while it is written, and nothing stays', async () => {
    for (let held = 1; held <= 12; held++) {
      const bed = tusBed()
      const other = bed.instance()
      const id = await create(bed.deps, 30)
      let operations = 0
      bed.store.before = async () => {
        if (++operations === held) await endTus(other, tusCall({}), id)
      }
      await append(bed.deps, id, 0, [bytesOf(held % 2 === 0 ? 29 : 30)]).catch(() => {})
      bed.store.before = () => {}
      // Where the request was over before its turn came.
      if (operations < held) await endTus(other, tusCall({}), id)
      expect([...bed.store.objects.keys()], `${held}`).toEqual([])
      expect(bed.store.open.size).toBe(0)
    }
  })

  test('is its owner’s and its endpoint’s alone', async () => {
    const bed = tusBed()
    const id = await create(bed.deps, 30)
    const foreign = { ...tusCall({ authorization: 'Bearer another-key' }) }
    const elsewhere = tusCall({}, undefined, 'plain')
    for (const call of [foreign, elsewhere]) {
      for (const flow of [readTus, endTus]) {
        await expect(flow(bed.deps, call, id)).rejects.toMatchObject({ code: 'upload_not_found' })
      }
    }
  })

  test('is no larger than the caller’s key allows', async () => {
    const bed = tusBed()
    const authenticate: typeof bed.deps.authenticate = async (...call) => ({
      ...(await bed.deps.authenticate(...call)),
      maxBytes: 29,
    })
    const deps = { ...bed.deps, authenticate }
    await expect(create(deps, 30)).rejects.toMatchObject({
      code: 'body_too_large',
      facts: { limitName: 'maxBytes', limit: 29, actual: 30 },
    })
    expect(bed.store.open.size).toBe(0)
    expect(await create(deps, 29)).toMatch(/^[a-z0-9]+$/)
  })

  test('is one of the largest size that is told', () => {
    const { headers } = describeTus(tusBed().deps)
    expect(headers.get('tus-max-size')).toBe(String(partBytes * 10_000))
    const small = tusBed({ uploads: { maxBytes: 1000 } })
    expect(describeTus(small.deps).headers.get('tus-max-size')).toBe('1000')
  })
})

test('What came by tus goes with its upload when that is deleted by its own route', async () => {
  const bed = tusBed()
  const id = await create(bed.deps, 30)
  await append(bed.deps, id, 0, [bytesOf(17)])
  await deleteUpload(bed.deps, { ...tusCall({}), method: 'DELETE' }, id)
  expect([...bed.store.objects.keys()]).toEqual([])
  expect(bed.store.open.size).toBe(0)
})
