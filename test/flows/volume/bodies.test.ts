import { describe, expect, test } from 'vitest'
import { createApp } from '../../../src/http/app.ts'
import { refOf } from '../../../src/uploads/ref.ts'
import { requestAccess } from '../../http/request-access.ts'
import { answer } from '../../intake/memory-store.ts'
import { uploadOf } from '../upload-of.ts'
import { openVolume, type VolumeBed } from './volume-bed.ts'

const pixels = Buffer.alloc(75_000, 'x')
const image = pixels.toString('base64')
const root = '/runpod-volume/bulkway/'

async function ask(bed: VolumeBed, path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('authorization', 'Bearer a-key')
  const request = new Request(`https://gateway.example${path}`, {
    ...init,
    method: 'POST',
    headers,
  })
  return await createApp(bed.deps, requestAccess).request(request)
}

function sent(bed: VolumeBed): string {
  return Buffer.from(bed.gateway.sent.at(-1)?.body ?? []).toString()
}

/** What lies where a worker is told that it lies. */
function fileAt(bed: VolumeBed, path: string): Buffer {
  expect(path.startsWith(root)).toBe(true)
  return Buffer.from(bed.volume.objects.get(path.slice(root.length))?.bytes ?? [])
}

describe('on a network volume', () => {
  test('a raw body is a file', async () => {
    const bed = openVolume()
    const headers = { 'content-type': 'image/png', 'bulkway-input': '{"steps":3}' }
    const reply = await ask(bed, '/v2/demo/run', { headers, body: new Uint8Array(pixels) })
    expect(reply.status).toBe(200)
    const { input } = JSON.parse(sent(bed))
    const path = Object.values(input).find((one) => String(one).startsWith(root))
    expect(fileAt(bed, String(path)).equals(pixels)).toBe(true)
  })

  test('files of a form are files', async () => {
    const bed = openVolume()
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(pixels)], { type: 'image/png' }), 'a.png')
    const reply = await ask(bed, '/v2/demo/run', { body: form })
    expect(reply.status).toBe(200)
    expect(fileAt(bed, JSON.parse(sent(bed)).input.image).equals(pixels)).toBe(true)
  })

  test('requests of a batch have files of their own, and no keys', async () => {
    const bed = openVolume()
    bed.gateway.upstream = ({ url }) =>
      answer(200, url.endsWith('/health') ? '{}' : '{"id":"batch_1","status":"DRAFT"}')
    const body = JSON.stringify([{ input: { image } }, { input: { image } }])
    const headers = { 'content-type': 'application/json' }
    expect((await ask(bed, '/v2/demo/batch', { headers, body })).status).toBe(200)
    const items: { input: { image: string }; s3Config?: unknown }[] = JSON.parse(sent(bed))
    expect(new Set(items.map((item) => item.input.image)).size).toBe(2)
    for (const item of items) {
      expect(item.s3Config).toBeUndefined()
      expect(fileAt(bed, item.input.image).equals(pixels)).toBe(true)
    }
  })

  test('an answer of too much for the platform is refused, and nothing stays', async () => {
    const bed = openVolume({ runMaxBytes: 2048 })
    const body = JSON.stringify({ input: { image, text: 'a b '.repeat(1000) } })
    const headers = { 'content-type': 'application/json' }
    expect((await ask(bed, '/v2/demo/run', { headers, body })).status).toBe(413)
    expect(bed.volume.objects.size).toBe(0)
  })

  test.each([
    ['an upload', {}, /^[\d-]{10}\/[a-z2-7]{26}\/in\/cat\.png$/],
    [
      'a file that is kept where all find it',
      { retain: 'persist' as const, key: 'shared/models/a b.bin' },
      /^\/runpod-volume\/models\/a b\.bin$/,
    ],
  ])('a ref to %s is its path', async (_, changes, path) => {
    const bed = openVolume()
    const owned = new Headers({ authorization: 'Bearer a-key' })
    const [owner] = await (await bed.deps.authenticate(owned, 'demo')).ids()
    const createdAt = bed.gateway.clock.now
    const upload = uploadOf({ owner, createdAt, storeId: 'volume', ...changes })
    await bed.deps.uploads.create(upload)
    await bed.volume.put(upload.key, new TextEncoder().encode('cat'))
    const body = JSON.stringify({ input: { file: refOf(upload.uploadId) } })
    const headers = { 'content-type': 'application/json' }
    expect((await ask(bed, '/v2/demo/run', { headers, body })).status).toBe(200)
    const { file } = JSON.parse(sent(bed)).input
    expect(file.replace(root, '')).toMatch(path)
    // Nothing is copied: the upload is there for longer than the job.
    expect([...bed.volume.objects.keys()]).toEqual([upload.key])
  })

  test('what a directory is called stands for its path', async () => {
    const bed = openVolume()
    const body = JSON.stringify({ input: { image, out: 'bulkway:output/frames' } })
    const headers = { 'content-type': 'application/json' }
    expect((await ask(bed, '/v2/demo/run', { headers, body })).status).toBe(200)
    expect(JSON.parse(sent(bed)).input.out).toMatch(
      /^\/runpod-volume\/bulkway\/[\d-]{10}\/[a-z2-7]{26}\/out\/frames$/,
    )
  })
})
