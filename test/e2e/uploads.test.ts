import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { FaultRule } from '../../dev/faults/rule.ts'
import { type Answer, json } from './call.ts'
import { type Stack, useStack } from './harness.ts'
import { bytesOf, sha256 } from './payload.ts'

const partBytes = 5_242_880

interface SignedPart {
  readonly partNumber: number
  readonly size: number
  readonly url: string
  readonly headers: Record<string, string>
}

interface Started {
  readonly uploadId: string
  readonly partSize: number
  readonly partCount: number
  readonly parts: readonly SignedPart[]
}

/** The routes of uploads as a client calls them. */
function clientOf(stack: Stack, endpoint = 'hand') {
  const path = `/v2/${endpoint}/uploads`
  async function ask(method: string, below: string, body?: unknown, key?: string): Promise<Answer> {
    const options = body === undefined ? {} : { body: JSON.stringify(body) }
    return await stack.call(method, `${path}${below}`, { ...options, key })
  }
  async function start(request: Record<string, unknown>): Promise<Started> {
    const answer = await ask('POST', '', request)
    expect(answer.status, answer.text).toBe(201)
    return JSON.parse(answer.text)
  }
  async function put({ url, headers, partNumber }: SignedPart, body: Uint8Array) {
    const sent = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) })
    const text = await sent.text()
    const etag = sent.headers.get('etag') ?? ''
    return { status: sent.status, text, part: { partNumber, etag } }
  }
  /** Sends every part of a file, several at once, by URLs that are signed as they are needed. */
  async function send(upload: Started, file: Buffer) {
    const { uploadId, partSize, partCount, parts } = upload
    const numbers = Array.from({ length: partCount }, (_, index) => index + 1)
    const missing = numbers.slice(parts.length)
    const more =
      missing.length === 0
        ? undefined
        : await ask('POST', `/${uploadId}/parts`, { partNumbers: missing })
    const all: SignedPart[] = [...parts, ...(more ? JSON.parse(more.text).parts : [])]
    return await Promise.all(
      all.map(async (part) => {
        const from = (part.partNumber - 1) * partSize
        const { status, text, part: sent } = await put(part, file.subarray(from, from + partSize))
        expect(status, text).toBe(200)
        return sent
      }),
    )
  }
  return {
    ask,
    start,
    put,
    send,
    complete: (uploadId: string, body: unknown) => ask('POST', `/${uploadId}/complete`, body),
    async upload(file: Buffer, request: Record<string, unknown> = {}) {
      const upload = await start({ size: file.length, ...request })
      const parts = await send(upload, file)
      const answer = await ask('POST', `/${upload.uploadId}/complete`, { parts })
      expect(answer.status, answer.text).toBe(200)
      return { ...upload, sent: parts, answer: json(answer) }
    },
  }
}

for (const presign of [true, false]) {
  describe(presign ? 'Uploads past the gateway' : 'Uploads through the gateway', () => {
    const stack = useStack({
      worker: 'none',
      config: (document) => {
        const stores = document['stores'] as Record<string, object>
        return {
          ...document,
          stores: { main: { ...stores['main'], presign } },
          uploads: { partBytes, signedParts: 2, persist: true },
        }
      },
    })
    const client = clientOf(stack)

    test('A file of several parts arrives byte for byte', async () => {
      const file = bytesOf(2 * partBytes + 1234)
      const { uploadId, partCount, parts, answer } = await client.upload(file, {
        filename: 'Übersicht 2026.PNG',
        contentType: 'image/png',
        checksum: { algorithm: 'sha256', value: sha256(file) },
      })
      expect({ partCount, first: parts.length }).toEqual({ partCount: 3, first: 2 })
      const origin = presign ? new URL(stack.store.url).origin : stack.url
      expect(new URL(parts[0]?.url ?? '').origin).toBe(origin)
      expect(answer).toMatchObject({
        ref: `bulkway:${uploadId}`,
        size: file.length,
        contentType: 'image/png',
        filename: 'Übersicht 2026.PNG',
      })
      const [key = ''] = (await stack.bucket.fileKeys()).filter((name) => name.includes(uploadId))
      expect(key.endsWith(`/${uploadId}/in/Ubersicht-2026.png`), key).toBe(true)
      expect((await stack.bucket.get(key)).equals(file)).toBe(true)
    })

    test('An empty file too', async () => {
      const { answer } = await client.upload(Buffer.alloc(0))
      expect(answer).toMatchObject({ size: 0 })
    })

    test('What has landed is told, and can be gone on with', async () => {
      const file = bytesOf(2 * partBytes)
      const upload = await client.start({ size: file.length, filename: 'half.bin' })
      const [first, second] = upload.parts
      if (first === undefined || second === undefined) throw new TypeError('There are no parts')
      const { part } = await client.put(first, file.subarray(0, partBytes))
      const report = { partNumbers: [2], landed: [part] }
      const signed = await client.ask('POST', `/${upload.uploadId}/parts`, report)
      expect(signed.status, signed.text).toBe(200)
      const read = json(await client.ask('GET', `/${upload.uploadId}`))
      expect(read).toMatchObject({ state: 'open', partCount: 2, filename: 'half.bin' })
      expect(read['landed']).toEqual([{ ...part, size: partBytes }])

      const sent = await client.put(JSON.parse(signed.text).parts[0], file.subarray(partBytes))
      const done = await client.complete(upload.uploadId, { parts: [part, sent.part] })
      expect(done.status, done.text).toBe(200)
      expect(json(await client.ask('GET', `/${upload.uploadId}`))).toMatchObject({
        state: 'complete',
        landed: [],
      })
    })

    test('A part of another length is refused, and what is in the store stays', async () => {
      const upload = await client.start({ size: 5 })
      const [part] = upload.parts
      if (part === undefined) throw new TypeError('There is no part')
      expect((await client.put(part, Buffer.from('hell'))).status).toBeGreaterThanOrEqual(400)
      expect((await client.put(part, Buffer.from('hello!'))).status).toBeGreaterThanOrEqual(400)
      const missing = await client.complete(upload.uploadId, {
        parts: [{ partNumber: 1, etag: '"none"' }],
      })
      expect(missing.status, missing.text).toBe(400)
      expect(json(missing)).toMatchObject({ code: 'upload_mismatch', partNumber: 1 })
    })

    test('The URLs are dead once the upload is complete', async () => {
      const { parts, uploadId } = await client.upload(Buffer.from('first'))
      const [part] = parts
      if (part === undefined) throw new TypeError('There is no part')
      expect((await client.put(part, Buffer.from('later'))).status).toBe(404)
      const [key = ''] = (await stack.bucket.fileKeys()).filter((name) => name.includes(uploadId))
      expect((await stack.bucket.get(key)).toString()).toBe('first')
    })

    test('A part that is sent again counts as it was sent last', async () => {
      const upload = await client.start({ size: 5 })
      const [part] = upload.parts
      if (part === undefined) throw new TypeError('There is no part')
      const first = await client.put(part, Buffer.from('first'))
      const later = await client.put(part, Buffer.from('later'))
      const stale = await client.complete(upload.uploadId, { parts: [first.part] })
      expect(json(stale)).toMatchObject({ status: 400, code: 'upload_mismatch', partNumber: 1 })
      const right = await client.complete(upload.uploadId, { parts: [later.part] })
      expect(right.status, right.text).toBe(200)
    })

    test('Completed twice at once it gives the same answer', async () => {
      const upload = await client.start({ size: partBytes + 3 })
      const parts = await client.send(upload, bytesOf(partBytes + 3))
      const answers = await Promise.all(
        [1, 2, 3].map(() => client.complete(upload.uploadId, { parts })),
      )
      expect(answers.map(({ status, text }) => [status, text])).toEqual(
        answers.map(() => [200, answers[0]?.text]),
      )
    })

    test('A wrong SHA-256 deletes the file and says so', async () => {
      const upload = await client.start({ size: 5 })
      const parts = await client.send(upload, Buffer.from('hello'))
      const before = await stack.bucket.fileKeys()
      for (const _ of ['first', 'again']) {
        const answer = await client.complete(upload.uploadId, { parts, sha256: 'a'.repeat(64) })
        expect(answer.status, answer.text).toBe(400)
        expect(json(answer)).toMatchObject({ code: 'upload_mismatch' })
      }
      expect(await stack.bucket.fileKeys()).toEqual(before)
      const read = json(await client.ask('GET', `/${upload.uploadId}`))
      expect(read).toMatchObject({ state: 'failed' })
    })

    test('The same file of the same caller is uploaded once', async () => {
      const file = bytesOf(1000, 77)
      const value = createHash('sha256').update(file).digest('hex')
      const request = { size: file.length, checksum: { algorithm: 'sha256', value } }
      const { uploadId } = await client.upload(file, request)
      const again = await client.ask('POST', '', request)
      expect(again.status, again.text).toBe(200)
      expect(json(again)).toMatchObject({ exists: true, uploadId, size: file.length })
      expect((await client.ask('POST', '', request, 'rpa_another')).status).toBe(201)
      expect((await clientOf(stack, 'always').ask('POST', '', request)).status).toBe(201)
      expect((await client.ask('DELETE', `/${uploadId}`)).status).toBe(204)
      expect((await client.ask('POST', '', request)).status).toBe(201)
    })

    test('What is kept has a key that stays, and a newer file takes its place', async () => {
      const request = { retain: 'persist', name: 'models/v1.safetensors' }
      const old = await client.upload(Buffer.from('old'), request)
      const newer = await client.upload(Buffer.from('newer'), request)
      const [key = '', ...others] = (await stack.bucket.keys()).filter((name) =>
        name.startsWith('persist/'),
      )
      expect(others).toEqual([])
      expect(key).toMatch(/^persist\/[0-9a-f]{32}\/hand\/models\/v1\.safetensors$/)
      expect((await stack.bucket.get(key)).toString()).toBe('newer')
      await stack.sweep(new Date(Date.now() + 400 * 86_400_000))
      expect((await stack.bucket.get(key)).toString()).toBe('newer')
      // What was replaced is forgotten in time.
      expect((await client.ask('DELETE', `/${old.uploadId}`)).status).toBe(404)
      expect((await stack.bucket.get(key)).toString()).toBe('newer')
      expect((await client.ask('DELETE', `/${newer.uploadId}`)).status).toBe(204)
      expect((await stack.bucket.keys()).filter((name) => name.startsWith('persist/'))).toEqual([])
    })

    test('Nobody else sees it', async () => {
      const { uploadId, sent } = await client.upload(Buffer.from('mine'))
      const foreign = clientOf(stack, 'always')
      const altered = `${uploadId.slice(0, -2)}${uploadId.endsWith('aa') ? 'ba' : 'aa'}`
      const answers = [
        await client.ask('GET', `/${uploadId}`, undefined, 'rpa_another'),
        await client.ask('DELETE', `/${uploadId}`, undefined, 'rpa_another'),
        await client.ask('POST', `/${uploadId}/parts`, { partNumbers: [1] }, 'rpa_another'),
        await client.ask('POST', `/${uploadId}/complete`, { parts: sent }, 'rpa_another'),
        await foreign.ask('GET', `/${uploadId}`),
        await foreign.ask('POST', `/${uploadId}/complete`, { parts: sent }),
        await client.ask('GET', `/${altered}`),
        await client.ask('GET', '/tus2'),
      ]
      for (const answer of answers) {
        expect(json(answer)).toMatchObject({
          status: 404,
          code: 'upload_not_found',
          detail: 'Cannot find this upload',
        })
      }
    })

    test('Aborted it is gone, and its parts too', async () => {
      const upload = await client.start({ size: 5 })
      const [part] = upload.parts
      if (part === undefined) throw new TypeError('There is no part')
      const { part: sent } = await client.put(part, Buffer.from('hello'))
      expect((await client.ask('DELETE', `/${upload.uploadId}`)).status).toBe(204)
      expect((await client.put(part, Buffer.from('hello'))).status).toBe(404)
      const late = await client.complete(upload.uploadId, { parts: [sent] })
      expect(json(late)).toMatchObject({ code: 'upload_not_found' })
    })

    test('Bad requests name what is wrong', async () => {
      const wrong: readonly [unknown, object][] = [
        [{}, { code: 'invalid_request', pointer: '/size' }],
        [{ size: -1 }, { code: 'invalid_request', pointer: '/size' }],
        [{ size: 1.5 }, { code: 'invalid_request', pointer: '/size' }],
        [
          { size: 1, sha265: 'x' },
          { code: 'invalid_request', pointer: '/sha265' },
        ],
        [
          { size: 1, name: 'x' },
          { code: 'invalid_request', pointer: '/name' },
        ],
        [
          { size: 1, retain: 'persist' },
          { code: 'invalid_request', pointer: '/name' },
        ],
        [
          { size: 1, retain: 'persist', name: '../x' },
          { code: 'invalid_request', pointer: '/name' },
        ],
        [{ size: 6e12 }, { code: 'body_too_large', limitName: 'uploads.maxBytes' }],
        [
          { size: 1, checksum: { algorithm: 'md5', value: 'x' } },
          { code: 'invalid_request', pointer: '/checksum/algorithm' },
        ],
      ]
      for (const [request, problem] of wrong) {
        expect(json(await client.ask('POST', '', request))).toMatchObject(problem)
      }
      const cut = await stack.call('POST', '/v2/hand/uploads', { body: '{"size":' })
      expect(json(cut)).toMatchObject({ status: 400, code: 'invalid_json' })
    })

    const complete = { method: 'POST', query: /uploadId=/ }
    const record = { method: 'PUT', path: /\/uploads\// }
    const object = { path: /\/in\/[^/]*$/, query: /^(?!.*uploadId)/ }
    test.each<[string, FaultRule]>([
      ['completing: SlowDown', { ...complete, fault: { kind: 'slow-down' } }],
      ['completing: a reset', { ...complete, fault: { kind: 'reset' } }],
      ['completing: a lost answer', { ...complete, fault: { kind: 'cut-response', bytes: 0 } }],
      [
        'the object’s bytes: cut off',
        { ...object, method: 'GET', fault: { kind: 'cut-response', bytes: 9 } },
      ],
      ['the record: 500', { ...record, fault: { kind: 'answer', status: 500 } }],
      ['the record: a lost answer', { ...record, fault: { kind: 'cut-response', bytes: 0 } }],
    ])('A store that fails once at %s', async (_, rule) => {
      const upload = await client.start({ size: 100_000 })
      const file = bytesOf(100_000)
      const parts = await client.send(upload, file)
      const planted = stack.store.fault(rule)
      const body = { parts, sha256: sha256(file) }
      const answer = await client.complete(upload.uploadId, body)
      expect(answer.status, answer.text).toBe(200)
      expect(planted.hits).toBe(1)
      stack.store.clear()
      const again = await client.complete(upload.uploadId, body)
      expect([again.status, again.text]).toEqual([200, answer.text])
    })

    test('A store that stays away is a 503, and completing again goes on', async () => {
      const file = bytesOf(partBytes + 1)
      const upload = await client.start({ size: file.length })
      const parts = await client.send(upload, file)
      stack.store.fault({ times: Number.POSITIVE_INFINITY, fault: { kind: 'slow-down' } })
      const away = await client.complete(upload.uploadId, { parts })
      expect(json(away)).toMatchObject({ status: 503, code: 'store_unavailable' })
      stack.store.clear()
      const answer = await client.complete(upload.uploadId, { parts })
      expect(answer.status, answer.text).toBe(200)
    })

    test('Nothing is left once the days are over', async () => {
      await client.start({ size: 5, filename: 'never-sent.bin' })
      await client.start({ size: 5, retain: 'persist', name: 'never-sent' })
      await stack.sweep(new Date(Date.now() + 25 * 3_600_000))
      await stack.sweep(new Date(Date.now() + 40 * 86_400_000))
      expect(await stack.bucket.keys()).toEqual([])
      expect(stack.store.openUploads()).toEqual([])
    })
  })
}
