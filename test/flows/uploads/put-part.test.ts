import { describe, expect, it } from 'vitest'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { putPart } from '../../../src/flows/uploads/put-part.ts'
import { signParts } from '../../../src/flows/uploads/sign-parts.ts'
import { answer, etagOfPart, unavailable } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'
import { asking, completing, sha256, started, uploadGateway } from './upload-bed.ts'

const hello = 'hello'
const stores = {
  main: {
    kind: 's3',
    endpoint: 'https://store.example',
    region: 'auto',
    bucket: 'bucket',
    presign: false,
    accessKeyId: { env: 'ANY' },
    secretAccessKey: { env: 'ANY' },
  },
}

/** A gateway that gives out no URLs of its store. */
function ownGateway(uploads: Record<string, unknown> = {}): FakeGateway {
  return uploadGateway(uploads, { stores })
}

/** PUTs a part by its URL, which is all that is known of it: there is no key. */
async function put(
  { deps }: FakeGateway,
  url: string,
  text: string,
  change: Partial<ReturnType<typeof callOf>> = {},
) {
  const { pathname, search } = new URL(url)
  const [, , endpointId = '', , uploadId = '', , partNumber = ''] = pathname.split('/')
  const call = { ...callOf(endpointId, text), headers: new Headers(), search, ...change }
  return await putPart(deps, call, uploadId, Number(partNumber))
}

async function startedPart(gateway: FakeGateway, request: Record<string, unknown> = { size: 5 }) {
  const upload = await started(gateway, request)
  const [part] = upload.parts
  if (part === undefined) throw new TypeError('There is no part')
  return { ...upload, url: part.url, part }
}

describe('a part through the gateway', () => {
  it('goes by a URL of the gateway that needs no key, to the same end', async () => {
    const gateway = ownGateway()
    const { url, uploadId, part } = await startedPart(gateway)
    expect(url).toMatch(
      new RegExp(`^https://gateway\\.example/v2/demo/uploads/${uploadId}/parts/1\\?claim=`),
    )
    expect(part.headers).toEqual({})
    gateway.upstream = () => answer(401)
    const reply = await put(gateway, url, hello)
    const etag = reply.headers.get('etag')
    expect([reply.status, etag]).toEqual([200, etagOfPart(new TextEncoder().encode(hello))])
    gateway.upstream = () => answer(200)
    const parts = [{ partNumber: 1, etag }]
    expect((await completing(gateway, uploadId, { parts })).status).toBe(200)
  })

  it('is refused before its bytes are read when it announces another length', async () => {
    const gateway = ownGateway()
    const { url } = await startedPart(gateway)
    for (const text of ['hell', 'hello!', '']) {
      await expect(put(gateway, url, text)).rejects.toMatchObject({
        code: 'upload_mismatch',
        facts: { partNumber: 1 },
      })
    }
  })

  it('is counted when it announces none', async () => {
    const gateway = ownGateway()
    const { url } = await startedPart(gateway)
    const chunked = { contentLength: undefined }
    expect((await put(gateway, url, hello, chunked)).status).toBe(200)
    for (const text of ['hell', 'hello!']) {
      await expect(put(gateway, url, text, chunked)).rejects.toMatchObject({
        code: 'upload_mismatch',
      })
    }
    const [open] = gateway.store.open.values()
    expect(Buffer.from(open?.parts.get(1) ?? []).toString()).toBe(hello)
  })

  it('is held to its digest', async () => {
    const gateway = ownGateway()
    const checksum = { algorithm: 'sha256', value: sha256(Buffer.from(hello)) }
    const { url } = await startedPart(gateway, { size: 5, checksum })
    await expect(put(gateway, url, 'hallo')).rejects.toMatchObject({
      code: 'upload_mismatch',
      facts: { partNumber: 1 },
    })
    expect([...gateway.store.open.values()][0]?.parts.size).toBe(0)
    expect((await put(gateway, url, hello)).status).toBe(200)
  })

  it('may be empty', async () => {
    const gateway = ownGateway()
    const { url } = await startedPart(gateway, { size: 0 })
    expect((await put(gateway, url, '', { body: undefined })).status).toBe(200)
    const none = { algorithm: 'sha256', value: sha256(Buffer.from(hello)) }
    const wrong = await startedPart(gateway, { size: 0, checksum: none })
    await expect(put(gateway, wrong.url, '')).rejects.toMatchObject({ code: 'upload_mismatch' })
  })

  it('goes nowhere by a URL that is altered, of another part, upload, endpoint, or over', async () => {
    const gateway = ownGateway()
    const { url, uploadId } = await startedPart(gateway, { size: 6_000_000 })
    const other = await startedPart(gateway)
    const reply = await signParts(gateway.deps, asking({ partNumbers: [2] }), uploadId)
    const second: string = JSON.parse(await readReply(reply)).parts[0].url
    const wrong = [
      url.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      url.replace(/\?.*/, ''),
      url.replace('/parts/1', '/parts/2'),
      second.replace('/parts/2', '/parts/1'),
      url.replace(uploadId, other.uploadId),
      url.replace('/v2/demo/', '/v2/plain/'),
    ]
    for (const one of wrong) {
      await expect(put(gateway, one, hello), one).rejects.toMatchObject({
        code: 'upload_not_found',
      })
    }
    gateway.clock.now += 900_000
    await expect(put(gateway, other.url, hello)).rejects.toMatchObject({ code: 'upload_not_found' })
  })

  it('goes nowhere once the upload is complete or deleted', async () => {
    const gateway = ownGateway()
    const done = await startedPart(gateway)
    const etag = (await put(gateway, done.url, hello)).headers.get('etag')
    await completing(gateway, done.uploadId, { parts: [{ partNumber: 1, etag }] })
    const gone = await startedPart(gateway)
    await deleteUpload(gateway.deps, asking(), gone.uploadId)
    for (const { url } of [done, gone]) {
      await expect(put(gateway, url, 'later')).rejects.toMatchObject({ code: 'upload_not_found' })
    }
  })

  it('ends when the upload is completed while it is on its way', async () => {
    const gateway = ownGateway()
    const { url } = await startedPart(gateway)
    gateway.store.before = (line) => {
      if (line.startsWith('PUT ')) gateway.store.open.clear()
    }
    await expect(put(gateway, url, hello)).rejects.toMatchObject({ code: 'upload_not_found' })
  })

  it('can be sent again when the store failed, or the client broke off', async () => {
    const gateway = ownGateway()
    const { url } = await startedPart(gateway)
    gateway.store.before = (line) => {
      if (line.startsWith('PUT ')) throw unavailable()
    }
    await expect(put(gateway, url, hello)).rejects.toMatchObject({ code: 'store_unavailable' })
    gateway.store.before = () => {}
    const body = { ...answer(200).body, read: () => Promise.reject(new Error('reset')) }
    await expect(put(gateway, url, hello, { body })).rejects.toMatchObject({ code: 'client_gone' })
    expect((await put(gateway, url, hello)).status).toBe(200)
  })
})
