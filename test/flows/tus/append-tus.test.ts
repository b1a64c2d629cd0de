import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readTus } from '../../../src/flows/uploads-tus/read-tus.ts'
import { unavailable } from '../../intake/memory-store.ts'
import { append, type Bed, bytesOf, create, offsetOf, partBytes, tusBed, tusCall } from './bed.ts'

const broken = new Error('The connection broke')

/** Files of the store, without the records. */
function files(bed: Bed): string[] {
  return [...bed.store.objects.keys()].filter((key) => !key.startsWith('uploads/')).sort()
}

function onlyFile(bed: Bed): Uint8Array {
  const [key = '', ...more] = files(bed)
  expect(more).toEqual([])
  expect(bed.store.open.size).toBe(0)
  return new Uint8Array(bed.store.objects.get(key)?.bytes ?? [])
}

function checksumOf(algorithm: string, bytes: Uint8Array): Record<string, string> {
  const digest = createHash(algorithm).update(bytes).digest('base64')
  return { 'upload-checksum': `${algorithm} ${digest}` }
}

describe('Bytes of an upload by tus', () => {
  test('arrive cut in two requests at every byte', async () => {
    for (const size of [1, partBytes - 1, partBytes, partBytes + 1, 2 * partBytes, 30]) {
      const bytes = bytesOf(size)
      for (let cut = 0; cut <= size; cut++) {
        const bed = tusBed()
        const id = await create(bed.deps, size)
        const first = await append(bed.deps, id, 0, [bytes.subarray(0, cut)])
        expect(first.headers.get('upload-offset')).toBe(String(cut))
        expect(await offsetOf(bed.deps, id)).toBe(cut)
        const last = await append(bed.instance(), id, cut, [bytes.subarray(cut)])

        expect(last.headers.get('bulkway-ref')).toBe(`bulkway:${id}`)
        expect(onlyFile(bed)).toEqual(bytes)
      }
    }
  })

  test('arrive in chunks cut at every byte', async () => {
    const bytes = bytesOf(30)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const bed = tusBed()
      const id = await create(bed.deps, bytes.length)
      await append(bed.deps, id, 0, [bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(onlyFile(bed)).toEqual(bytes)
    }
  })

  test('arrive one a request, and leave few pieces on the way', async () => {
    const bytes = bytesOf(30)
    const bed = tusBed()
    const id = await create(bed.deps, bytes.length)
    for (const [place, byte] of bytes.entries()) {
      await append(bed.deps, id, place, [Uint8Array.of(byte)])
      expect(files(bed).length).toBeLessThanOrEqual(partBytes)
    }
    expect(onlyFile(bed)).toEqual(bytes)
  })

  test('stay when the connection breaks, at every byte', async () => {
    const bytes = bytesOf(30)
    for (let cut = 0; cut < bytes.length; cut++) {
      const bed = tusBed()
      const id = await create(bed.deps, bytes.length)
      const sent = append(bed.deps, id, 0, [bytes.subarray(0, cut), broken])
      await expect(sent).rejects.toMatchObject({ code: 'client_gone' })
      expect(await offsetOf(bed.deps, id)).toBe(cut)
      await append(bed.deps, id, cut, [bytes.subarray(cut)])

      expect(onlyFile(bed)).toEqual(bytes)
    }
  })

  test('of an empty file are none, and the upload is complete at once', async () => {
    const bed = tusBed()
    const id = await create(bed.deps, 0)
    const { headers } = await readTus(bed.deps, tusCall({}), id)
    expect(headers.get('bulkway-ref')).toBe(`bulkway:${id}`)
    expect(onlyFile(bed)).toEqual(new Uint8Array(0))
  })

  test('are refused beyond the length, and none of that request counts', async () => {
    const bed = tusBed()
    const id = await create(bed.deps, 20)
    await append(bed.deps, id, 0, [bytesOf(5)])
    const announced = append(bed.deps, id, 5, [bytesOf(16)])
    await expect(announced).rejects.toMatchObject({ code: 'body_too_large' })
    const chunked = append(bed.deps, id, 5, [bytesOf(13), bytesOf(3), broken])
    await expect(chunked).rejects.toMatchObject({ code: 'body_too_large' })
    expect(await offsetOf(bed.deps, id)).toBe(5)
    expect(files(bed).length).toBe(1)
  })

  test('go on from the offset alone', async () => {
    const bed = tusBed()
    const id = await create(bed.deps, 20)
    await append(bed.deps, id, 0, [bytesOf(5)])
    for (const offset of [0, 4, 6, 20]) {
      const sent = append(bed.deps, id, offset, [])
      await expect(sent).rejects.toMatchObject({ code: 'upload_offset', facts: { offset: 5 } })
    }
  })

  test('keep what has landed when the store fails', async () => {
    const bytes = bytesOf(40)
    for (let failing = 1; failing <= 4; failing++) {
      const bed = tusBed()
      const id = await create(bed.deps, bytes.length)
      let parts = 0
      bed.store.before = (line) => {
        if (line.startsWith('uploadPart') && ++parts >= failing) throw unavailable()
      }
      const sent = append(bed.deps, id, 0, [bytes])
      await expect(sent).rejects.toMatchObject({ code: 'store_unavailable' })
      bed.store.before = () => {}
      const offset = await offsetOf(bed.deps, id)
      expect(offset % partBytes).toBe(0)
      await append(bed.deps, id, offset, [bytes.subarray(offset)])
      expect(onlyFile(bed)).toEqual(bytes)
    }
  })
})

describe('A checksum', () => {
  test.each(['sha1', 'sha256', 'sha512'])('by %s that holds lets the bytes count', async (name) => {
    const bed = tusBed()
    const bytes = bytesOf(30)
    const id = await create(bed.deps, 30)
    await append(bed.deps, id, 0, [bytes.subarray(0, 17)], checksumOf(name, bytes.subarray(0, 17)))
    await append(bed.deps, id, 17, [bytes.subarray(17)], checksumOf(name, bytes.subarray(17)))
    expect(onlyFile(bed)).toEqual(bytes)
  })

  test('that does not hold discards the whole request, wherever parts end', async () => {
    const bytes = bytesOf(40)
    for (let cut = 0; cut < bytes.length; cut += 5) {
      for (let end = cut + 1; end <= bytes.length; end += 6) {
        const bed = tusBed()
        const id = await create(bed.deps, bytes.length)
        if (cut > 0) await append(bed.deps, id, 0, [bytes.subarray(0, cut)])
        const wrong = bytes.slice(cut, end).fill(0xff, 0, 1)
        const checksum = checksumOf('sha1', bytes.subarray(cut, end))
        const sent = append(bed.deps, id, cut, [wrong], checksum)
        await expect(sent).rejects.toMatchObject({ code: 'checksum_mismatch' })
        expect(await offsetOf(bed.deps, id)).toBe(cut)
        await append(bed.deps, id, cut, [bytes.subarray(cut)])
        expect(onlyFile(bed)).toEqual(bytes)
      }
    }
  })

  test('lets no byte of a body count that breaks off', async () => {
    const bed = tusBed()
    const bytes = bytesOf(30)
    const id = await create(bed.deps, 30)
    const sent = append(bed.deps, id, 0, [bytes.subarray(0, 20), broken], checksumOf('sha1', bytes))
    await expect(sent).rejects.toMatchObject({ code: 'client_gone' })
    expect(await offsetOf(bed.deps, id)).toBe(0)
    expect(files(bed)).toEqual([])
  })

  test.each(['md5 AAAA', 'sha1', 'sha1 AAAA', 'sha1 a b'])('"%s" is refused', async (text) => {
    const bed = tusBed()
    const id = await create(bed.deps, 30)
    const sent = append(bed.deps, id, 0, [bytesOf(1)], { 'upload-checksum': text })
    await expect(sent).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('Two requests at once', () => {
  test('are one that writes and one that is refused, on two instances', async () => {
    for (let held = 1; held <= 6; held++) {
      const bed = tusBed()
      const other = bed.instance()
      const bytes = bytesOf(30)
      const id = await create(bed.deps, 30)
      const refused: unknown[] = []
      let operations = 0
      let isSecond = false
      // The second comes before each of the first's requests to the store in turn.
      bed.store.before = async () => {
        if (isSecond || ++operations !== held) return
        isSecond = true
        await append(other, id, 0, [bytes]).catch((error) => refused.push(error.code))
      }
      await append(bed.deps, id, 0, [bytes]).catch((error) => refused.push(error.code))
      expect(isSecond).toBe(true)
      expect(refused.length).toBe(1)
      expect(['upload_locked', 'upload_offset']).toContain(refused[0])
      expect(onlyFile(bed)).toEqual(bytes)
    }
  })

  test('never mix their bytes, where the first comes to life again after its lease', async () => {
    const bed = tusBed({ staging: { partsInFlight: 1 } })
    const other = bed.instance()
    const bytes = bytesOf(40)
    const foreign = bytesOf(40).map((byte) => byte ^ 0xff)
    const id = await create(bed.deps, 40)
    let isHeld = true
    bed.store.before = async (line) => {
      if (!line.startsWith('uploadPart') || !isHeld) return
      isHeld = false
      bed.clock.now += 61_000
      await append(other, id, 0, [bytes.subarray(0, 39)])
    }
    const stale = append(bed.deps, id, 0, [foreign])
    await expect(stale).rejects.toMatchObject({ code: 'upload_locked' })
    expect(await offsetOf(other, id)).toBe(39)
    // The stale part came last: the store has other bytes than the record says, which must show.
    const last = append(other, id, 39, [bytes.subarray(39)])
    await expect(last).rejects.toMatchObject({ code: 'upload_mismatch' })
    expect(files(bed).filter((key) => key.includes('/in/'))).toEqual([])
  })

  test('are none when the first has died: its lease ends', async () => {
    const bed = tusBed()
    const bytes = bytesOf(30)
    const id = await create(bed.deps, 30)
    // All that the first would still write is lost.
    let isDead = false
    bed.store.before = (line) => {
      if (line.startsWith('uploadPart')) isDead = true
      if (isDead) throw unavailable()
    }
    await expect(append(bed.deps, id, 0, [bytes])).rejects.toThrow()
    bed.store.before = () => {}
    const next = bed.instance()
    await expect(append(next, id, 0, [bytes])).rejects.toMatchObject({ code: 'upload_locked' })
    bed.clock.now += 60_000
    await append(next, id, 0, [bytes])
    expect(onlyFile(bed)).toEqual(bytes)
  })
})

describe('An upload whose last request died', () => {
  test.each(['completeUpload', 'HEAD', 'put uploads/'])(
    'before %s is completed by HEAD',
    async (at) => {
      const bed = tusBed()
      const bytes = bytesOf(30)
      const id = await create(bed.deps, 30)
      let isWhole = false
      let isDead = false
      bed.store.before = (line) => {
        isWhole ||= line.startsWith('completeUpload')
        isDead ||= isWhole && line.startsWith(at)
        if (isDead) throw unavailable()
      }
      await expect(append(bed.deps, id, 0, [bytes])).rejects.toThrow()
      bed.store.before = () => {}
      const { headers } = await readTus(bed.instance(), tusCall({}), id)
      expect(headers.get('bulkway-ref')).toBe(`bulkway:${id}`)
      expect(onlyFile(bed)).toEqual(bytes)
    },
  )
})
