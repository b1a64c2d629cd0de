import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { readUpload } from '../../../src/flows/uploads/read-upload.ts'
import { signParts } from '../../../src/flows/uploads/sign-parts.ts'
import { startUpload } from '../../../src/flows/uploads/start-upload.ts'
import { answer, unavailable } from '../../intake/memory-store.ts'
import { readReply } from '../read-reply.ts'
import {
  asking,
  completing,
  jsonOf,
  putPart,
  sha256,
  started,
  uploaded,
  uploadGateway,
} from './upload-bed.ts'

const mebibyte = 1024 * 1024
const hello = new TextEncoder().encode('hello')
const gatewayKey = `bw_${'a'.repeat(43)}`

describe('starting an upload', () => {
  it('signs the first parts, for exactly their bytes', async () => {
    const gateway = uploadGateway({ signedParts: 2 })
    const upload = await started(gateway, { size: 20 * mebibyte + 1, filename: '../x/a b.PNG' })
    const { uploadId, parts, ...rest } = upload
    expect(rest).toEqual({
      ref: `bulkway:${uploadId}`,
      partSize: 5 * mebibyte,
      partCount: 5,
      urlsExpireAt: '2026-11-21T12:15:00.000Z',
      expiresAt: '2026-11-22T12:00:00.000Z',
    })
    const base = `https://store.example/bucket/2026-11-29/${uploadId}/in/a-b.png`
    const query = `uploadId=upload-1&length=${5 * mebibyte}&seconds=900`
    expect(parts).toEqual(
      [1, 2].map((partNumber) => ({
        partNumber,
        size: 5 * mebibyte,
        method: 'PUT',
        url: `${base}?partNumber=${partNumber}&${query}`,
        headers: {},
      })),
    )
  })

  it('signs no URL that outlives the upload', async () => {
    const gateway = uploadGateway({ openSeconds: 60 })
    const { parts, urlsExpireAt, expiresAt } = await started(gateway, { size: 1 })
    expect(urlsExpireAt).toBe(expiresAt)
    expect(parts[0]?.url).toContain('seconds=60')
  })

  it('binds the digest of a file of one part to its URL', async () => {
    const gateway = uploadGateway()
    const checksum = { algorithm: 'sha256', value: sha256(hello) }
    const { parts } = await started(gateway, { size: 5, checksum })
    expect(parts[0]?.headers).toEqual({ 'x-amz-content-sha256': sha256(hello) })
  })

  it('asks the store twice, and for a digest once more', async () => {
    const gateway = uploadGateway()
    const lines: string[] = []
    gateway.store.before = (line) => void lines.push(line.replace(/[a-z2-7]{26}/, '{id}'))
    await started(gateway, { size: 5 })
    expect(lines).toEqual([
      'createUpload 2026-11-29/{id}/in/file.bin',
      'put uploads/2026-11-29/{id}',
    ])
  })

  it('leaves nothing open when its record cannot be written', async () => {
    const gateway = uploadGateway()
    gateway.store.before = (line) => {
      if (line.startsWith('put uploads/')) throw unavailable()
    }
    await expect(startUpload(gateway.deps, asking({ size: 5 }))).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(gateway.store.open.size).toBe(0)
    expect(gateway.store.objects.size).toBe(0)
  })

  it('proves the caller first', async () => {
    const gateway = uploadGateway()
    gateway.upstream = () => answer(401)
    await expect(startUpload(gateway.deps, asking({ size: 5 }))).rejects.toMatchObject({
      code: 'unauthorized',
    })
    expect(gateway.store.open.size).toBe(0)
  })

  it('refuses more than the configuration or the key allows, naming which', async () => {
    const large = uploadGateway({ maxBytes: 100 })
    await expect(startUpload(large.deps, asking({ size: 101 }))).rejects.toMatchObject({
      code: 'body_too_large',
      facts: { limitName: 'uploads.maxBytes', limit: 100, actual: 101 },
    })
    const digest = createHash('sha256').update(gatewayKey).digest('hex')
    const keys = [{ name: 'small', sha256: digest, endpoints: ['*'], maxBytes: 1000 }]
    const limited = uploadGateway(
      {},
      {
        auth: { mode: 'keys', keys },
        endpoints: {
          '*': { upstream: 'https://u.example/v2', upstreamKey: { env: 'ANY' } },
          demo: {},
        },
      },
    )
    const call = asking({ size: 1001 }, gatewayKey)
    await expect(startUpload(limited.deps, call)).rejects.toMatchObject({
      code: 'body_too_large',
      facts: { limitName: 'maxBytes', limit: 1000, actual: 1001 },
    })
    expect((await startUpload(limited.deps, asking({ size: 1000 }, gatewayKey))).status).toBe(201)
  })

  it('refuses to keep what may not be kept', async () => {
    const gateway = uploadGateway()
    const request = { size: 5, retain: 'persist', name: 'a' }
    await expect(startUpload(gateway.deps, asking(request))).rejects.toMatchObject({
      code: 'forbidden',
      facts: { pointer: '/retain' },
    })
  })

  it.each([
    [{ size: 9_007_199_254_740_992 }, '/size'],
    [{ size: '5' }, '/size'],
    [{ size: 5, filename: 7 }, '/filename'],
    [{ size: 5, filename: 'x'.repeat(4097) }, '/filename'],
    [{ size: 5, checksum: { algorithm: 'sha256', value: 'xyz' } }, '/checksum/value'],
    [{ size: 5, checksum: { algorithm: 'sha256' } }, '/checksum/value'],
    [{ size: 5, retain: 'for ever' }, '/retain'],
    [[], ''],
    [null, ''],
  ])('refuses %j, naming %j', async (request, pointer) => {
    const gateway = uploadGateway({ persist: true })
    await expect(startUpload(gateway.deps, asking(request))).rejects.toMatchObject({
      code: 'invalid_request',
      facts: { pointer },
    })
  })

  it.each(['/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a/./b', 'a b', 'ä', `${'a'.repeat(129)}`, ''])(
    'refuses to keep a file as %j',
    async (name) => {
      const gateway = uploadGateway({ persist: true })
      const request = { size: 5, retain: 'persist', name }
      await expect(startUpload(gateway.deps, asking(request))).rejects.toMatchObject({
        code: 'invalid_request',
        facts: { pointer: '/name' },
      })
    },
  )

  it('keeps what lies under safe names', async () => {
    const gateway = uploadGateway({ persist: true })
    for (const name of ['a', '...', 'models/v1.5/unet_fp16.safetensors', '..a/b..', '.hidden']) {
      const { uploadId } = await uploaded(gateway, hello, { retain: 'persist', name })
      const { key, day } = (await gateway.deps.uploads.read(uploadId)) ?? {}
      expect(key).toMatch(/^persist\/[0-9a-f]{32}\/demo\/./)
      expect(key?.endsWith(`/demo/${name}`)).toBe(true)
      expect(day).toBe('2149-06-06')
    }
  })
})

describe('a file that was uploaded before', () => {
  const checksum = { algorithm: 'sha256', value: sha256(hello) }

  it('is found again by its digest', async () => {
    const gateway = uploadGateway()
    const { uploadId, ref } = await uploaded(gateway, hello, { checksum })
    const reply = await startUpload(gateway.deps, asking({ size: 5, checksum }))
    expect(reply.status).toBe(200)
    expect(await jsonOf(reply)).toEqual({
      exists: true,
      ref,
      uploadId,
      size: 5,
      expiresAt: '2026-11-29T12:00:00.000Z',
    })
    expect(gateway.store.open.size).toBe(0)
  })

  it('is sent again by others, elsewhere, of another size, unfinished, gone or replaced', async () => {
    const gateway = uploadGateway()
    const { uploadId } = await uploaded(gateway, hello, { checksum })
    const ask = async (call: Parameters<typeof startUpload>[1]) =>
      (await startUpload(gateway.deps, call)).status
    expect(await ask(asking({ size: 5, checksum }, 'another-key'))).toBe(201)
    expect(await ask(asking({ size: 5, checksum }, 'a-key', 'plain'))).toBe(201)
    expect(await ask(asking({ size: 6, checksum }))).toBe(201)
    expect(await ask(asking({ size: 5, checksum, contentType: 'image/png' }))).toBe(201)
    expect(await ask(asking({ size: 5, checksum, filename: 'photo.bin' }))).toBe(201)
    expect(await ask(asking({ size: 5, checksum }))).toBe(200)
    const { key = '' } = (await gateway.deps.uploads.read(uploadId)) ?? {}
    await gateway.store.put(key, new TextEncoder().encode('hallo'))
    expect(await ask(asking({ size: 5, checksum }))).toBe(201)
    await gateway.store.delete(key)
    expect(await ask(asking({ size: 5, checksum }))).toBe(201)
  })

  it('is sent again when another has taken its name, which it would lose', async () => {
    const gateway = uploadGateway({ persist: true })
    const kept = { retain: 'persist', name: 'model.bin', size: 5 }
    await uploaded(gateway, hello, { ...kept, checksum })
    const ask = async () => (await startUpload(gateway.deps, asking({ ...kept, checksum }))).status
    expect(await ask()).toBe(200)
    await uploaded(gateway, hello, kept)
    expect(await ask()).toBe(201)
  })

  it('is sent again when it would soon go', async () => {
    const gateway = uploadGateway({ openSeconds: 60, keepSeconds: 1_000_000 })
    await uploaded(gateway, hello, { checksum })
    gateway.clock.now += 500_000_000
    const call = () => asking({ size: 5, checksum })
    expect((await startUpload(gateway.deps, call())).status).toBe(200)
    gateway.clock.now += 100_000
    expect((await startUpload(gateway.deps, call())).status).toBe(201)
  })

  it('is forgotten when it is deleted', async () => {
    const gateway = uploadGateway()
    const { uploadId } = await uploaded(gateway, hello, { checksum })
    expect((await deleteUpload(gateway.deps, asking(), uploadId)).status).toBe(204)
    expect(gateway.store.objects.size).toBe(0)
  })

  it('is not found before it was verified', async () => {
    const gateway = uploadGateway()
    await started(gateway, { size: 5, checksum })
    expect((await startUpload(gateway.deps, asking({ size: 5, checksum }))).status).toBe(201)
  })
})

describe('signing more parts', () => {
  it('gives the URLs asked for, with digests where they are known', async () => {
    const gateway = uploadGateway()
    const { uploadId } = await started(gateway, { size: 12 * mebibyte })
    const request = { partNumbers: [3, 1], sha256: { 3: sha256(hello).toUpperCase() } }
    const reply = await signParts(gateway.deps, asking(request), uploadId)
    const { parts, expiresAt } = JSON.parse(await readReply(reply))
    expect(expiresAt).toBe('2026-11-22T12:00:00.000Z')
    expect(parts).toMatchObject([
      { partNumber: 3, size: 2 * mebibyte, headers: { 'x-amz-content-sha256': sha256(hello) } },
      { partNumber: 1, size: 5 * mebibyte, headers: {} },
    ])
  })

  it.each([
    [{}, '/partNumbers'],
    [{ partNumbers: [0] }, '/partNumbers/0'],
    [{ partNumbers: [1, 4] }, '/partNumbers/1'],
    [{ partNumbers: [1.5] }, '/partNumbers/0'],
    [{ partNumbers: [1, 2, 3] }, '/partNumbers'],
    [{ partNumbers: [1], sha256: { 2: 'a'.repeat(64) } }, '/sha256/2'],
    [{ partNumbers: [1], sha256: { 1: 'a' } }, '/sha256/1'],
    [{ partNumbers: [], landed: [{ partNumber: 9, etag: '"x"' }] }, '/landed/0'],
    [{ partNumbers: [], landed: [{ partNumber: 1, etag: '' }] }, '/landed/0/etag'],
    [{ partNumbers: [], landed: [{ partNumber: 1, etag: 'a\u0001' }] }, '/landed/0/etag'],
  ])('refuses %j, naming %j', async (request, pointer) => {
    const gateway = uploadGateway({ signedParts: 2 })
    const { uploadId } = await started(gateway, { size: 12 * mebibyte })
    await expect(signParts(gateway.deps, asking(request), uploadId)).rejects.toMatchObject({
      code: 'invalid_request',
      facts: { pointer },
    })
  })

  it('is refused once the upload is complete, or its time is over', async () => {
    const gateway = uploadGateway()
    const done = await uploaded(gateway, hello)
    const open = await started(gateway, { size: 5 })
    gateway.clock.now += 86_400_000
    for (const [{ uploadId }, code] of [
      [done, 'upload_not_found'],
      [open, 'upload_expired'],
    ] as const) {
      await expect(
        signParts(gateway.deps, asking({ partNumbers: [1] }), uploadId),
      ).rejects.toMatchObject({ code })
    }
  })

  it('notes what is reported, which is shown where the store cannot tell and never believed', async () => {
    const gateway = uploadGateway()
    gateway.store.listsParts = false
    const { uploadId } = await started(gateway, { size: 12 * mebibyte })
    const landed = [
      { partNumber: 3, etag: '"three"' },
      { partNumber: 1, etag: '"one"' },
    ]
    await signParts(gateway.deps, asking({ partNumbers: [], landed }), uploadId)
    const read = await jsonOf(await readUpload(gateway.deps, asking(), uploadId))
    expect(read['landed']).toEqual([
      { partNumber: 1, etag: '"one"', size: 5 * mebibyte },
      { partNumber: 3, etag: '"three"', size: 2 * mebibyte },
    ])
    gateway.store.listsParts = true
    const truth = await jsonOf(await readUpload(gateway.deps, asking(), uploadId))
    expect(truth['landed']).toEqual([])
    await expect(
      completing(gateway, uploadId, { parts: [...landed, { partNumber: 2, etag: '"two"' }] }),
    ).rejects.toMatchObject({ code: 'upload_incomplete', facts: { partNumber: 1 } })
  })
})

describe('what a client says has landed', () => {
  it('is refused where an ETag is longer than any store’s', async () => {
    const gateway = uploadGateway()
    const { uploadId } = await started(gateway, { size: 5 })
    const landed = (length: number) => [{ partNumber: 1, etag: 'x'.repeat(length) }]
    const tell = (length: number) =>
      signParts(gateway.deps, asking({ partNumbers: [], landed: landed(length) }), uploadId)
    expect((await tell(256)).status).toBe(200)
    await expect(tell(257)).rejects.toMatchObject({
      code: 'invalid_request',
      facts: { pointer: '/landed/0/etag' },
    })
  })
})

describe('requests to the store', () => {
  async function countOf(size: number, parts: number, checksum?: object): Promise<string[]> {
    const gateway = uploadGateway()
    const lines: string[] = []
    gateway.store.before = (line) => void lines.push(line.split(' ')[0] ?? '')
    const upload = await started(gateway, { size, ...(checksum && { checksum }) })
    const sent = []
    for (const part of upload.parts) {
      sent.push(await putPart(gateway, part, size === 5 ? hello : new Uint8Array(part.size)))
    }
    expect(sent).toHaveLength(parts)
    await completing(gateway, upload.uploadId, { parts: sent })
    return lines
  }

  it('are seven for a file of one part', async () => {
    expect(await countOf(5, 1)).toEqual([
      ...['createUpload', 'put', 'uploadPart'],
      ...['get', 'completeUpload', 'HEAD', 'put'],
    ])
  })

  it('are nine with a digest, the file being read instead of asked after', async () => {
    expect(await countOf(5, 1, { algorithm: 'sha256', value: sha256(hello) })).toEqual([
      ...['list', 'createUpload', 'put', 'uploadPart'],
      ...['get', 'completeUpload', 'GET', 'put', 'put'],
    ])
  })

  it('are seven and one for every part of a file of several', async () => {
    expect(await countOf(12 * mebibyte, 3)).toEqual([
      ...['createUpload', 'put', 'uploadPart', 'uploadPart', 'uploadPart'],
      ...['get', 'GET', 'completeUpload', 'HEAD', 'put'],
    ])
  })
})
