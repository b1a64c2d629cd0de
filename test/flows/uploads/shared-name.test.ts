import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Deps } from '../../../src/flows/deps.ts'
import { completeUpload } from '../../../src/flows/uploads/complete-upload.ts'
import { deleteUpload } from '../../../src/flows/uploads/delete-upload.ts'
import { putPart } from '../../../src/flows/uploads/put-part.ts'
import { startUpload } from '../../../src/flows/uploads/start-upload.ts'
import { createTus } from '../../../src/flows/uploads-tus/create-tus.ts'
import { createNodePlatform } from '../../../src/runtimes/node-platform.ts'
import { listUploads } from '../../../src/store/list-uploads.ts'
import { storeUnavailable } from '../../../src/store/store-fault.ts'
import { createVolumeStore } from '../../../src/store/volume/volume-store.ts'
import { takeTurn } from '../../../src/uploads/kept-name.ts'
import { openVolumes, type VolumeBed } from '../../store/volume/volume-bed.ts'
import { callOf } from '../fake-deps.ts'
import { tusCall } from '../tus/bed.ts'
import { asking, jsonOf, type Started, sha256, uploadGateway } from './upload-bed.ts'

const name = 'models/weights.bin'
const bytes = (text: string) => new TextEncoder().encode(text)

let bed: VolumeBed
let deps: Deps
beforeEach(async () => {
  bed = await openVolumes(2)
  const [first, second] = bed.servers
  const ports = { endpoint: first?.url, accessKeyId: { env: 'A' }, secretAccessKey: { env: 'A' } }
  const replica = { bucket: 'vol2', dataCenterId: 'US-KS-2', endpoint: second?.url }
  const gateway = uploadGateway(
    { persist: true, partBytes: 5_242_880 },
    {
      stores: {
        main: {
          kind: 's3',
          region: 'auto',
          bucket: 'bucket',
          ...ports,
          endpoint: 'https://s.example',
        },
        volume: {
          ...{ kind: 'runpod-volume', bucket: 'vol1', dataCenterId: 'EU-RO-1', ...ports },
          ...{ replicas: [replica], sharedPaths: ['models/'], completePollSeconds: 0.01 },
        },
      },
      endpoints: {
        '*': { upstream: 'https://upstream.example/v2', store: 'volume' },
        demo: {},
        other: {},
      },
    },
  )
  const config = gateway.deps.config.stores.get('volume')
  if (config === undefined) throw new TypeError('There is no store')
  const { accessKeyId, secretAccessKey } = bed.config
  const platform = { ...createNodePlatform({ write() {} }), wait: async () => {} }
  const store = createVolumeStore({ ...config, accessKeyId, secretAccessKey }, platform, {
    idleTimeoutMs: 5000,
  })
  const { stateStore } = gateway.deps
  deps = { ...gateway.deps, store: (id) => (id === 'volume' ? store : stateStore) }
})
afterEach(() => bed.close())

const onVolumes = (path: string) =>
  Promise.all(
    bed.directories.map((directory) =>
      readFile(join(directory, path), 'utf8').catch(() => undefined),
    ),
  )

async function start(request: Record<string, unknown>, key = 'a-key', endpointId = 'demo') {
  const asked = { retain: 'persist', name, ...request }
  return (await jsonOf(
    await startUpload(deps, asking(asked, key, endpointId)),
  )) as unknown as Started
}

async function send(upload: Started, text: string, endpointId = 'demo') {
  const [part] = upload.parts
  const { search } = new URL(part?.url ?? '')
  const call = { ...callOf(endpointId, text), search }
  const reply = await putPart(deps, call, upload.uploadId, 1)
  return [{ partNumber: 1, etag: reply.headers.get('etag') ?? '' }]
}

async function put(text: string, key = 'a-key', endpointId = 'demo') {
  const upload = await start({ size: bytes(text).length }, key, endpointId)
  const parts = await send(upload, text, endpointId)
  await completeUpload(deps, asking({ parts }, key, endpointId), upload.uploadId)
  return upload
}

describe('a file that is kept in a shared folder of a volume', () => {
  it('lies at its name on every volume, and nowhere else', async () => {
    const { uploadId } = await put('weights')
    expect(await onVolumes(name)).toEqual(['weights', 'weights'])
    expect(await deps.uploads.read(uploadId)).toMatchObject({
      key: `shared/${name}`,
      state: 'complete',
    })
    for (const directory of bed.directories) {
      const left = await readdir(join(directory, 'bulkway'), {
        recursive: true,
        withFileTypes: true,
      })
      expect(left.filter((entry) => entry.isFile())).toEqual([])
    }
  })

  it('is nowhere under its name before it is verified', async () => {
    const upload = await start({ size: 7 })
    const parts = await send(upload, 'weights')
    expect(await onVolumes(name)).toEqual([undefined, undefined])
    const wrong = { parts, sha256: sha256(bytes('others!')) }
    await expect(completeUpload(deps, asking(wrong), upload.uploadId)).rejects.toMatchObject({
      code: 'upload_mismatch',
    })
    expect(await onVolumes(name)).toEqual([undefined, undefined])
  })

  it('may be replaced by its owner, by way of another endpoint too', async () => {
    await put('older')
    await put('newer', 'a-key', 'other')
    expect(await onVolumes(name)).toEqual(['newer', 'newer'])
  })

  it('is nobody else’s to replace, from the start and at the end', async () => {
    const late = await start({ size: 5 }, 'b-key')
    const parts = await send(late, 'thief')
    await put('weights')
    const refused = { code: 'forbidden', facts: { pointer: '/name' } }
    await expect(start({ size: 5 }, 'b-key')).rejects.toMatchObject(refused)
    await expect(
      completeUpload(deps, asking({ parts }, 'b-key'), late.uploadId),
    ).rejects.toMatchObject(refused)
    expect(await onVolumes(name)).toEqual(['weights', 'weights'])
    await deleteUpload(deps, asking(undefined, 'b-key'), late.uploadId)
    expect(await onVolumes(name)).toEqual(['weights', 'weights'])
  })

  it('is anybody’s name again when its owner has deleted it', async () => {
    const { uploadId } = await put('weights')
    await deleteUpload(deps, asking(), uploadId)
    expect(await onVolumes(name)).toEqual([undefined, undefined])
    await put('mine', 'b-key')
    expect(await onVolumes(name)).toEqual(['mine', 'mine'])
  })

  it('never takes the place of a file that somebody else has put on the volume', async () => {
    const early = await start({ size: 7 })
    const parts = await send(early, 'weights')
    const folder = join(bed.directories[0] ?? '', 'models')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'weights.bin'), 'FOREIGN')
    const refused = { code: 'forbidden', facts: { pointer: '/name' } }
    await expect(start({ size: 5 })).rejects.toMatchObject(refused)
    await expect(completeUpload(deps, asking({ parts }), early.uploadId)).rejects.toMatchObject(
      refused,
    )
    await deleteUpload(deps, asking(), early.uploadId)
    expect(await onVolumes(name)).toEqual(['FOREIGN', undefined])
    await rm(join(folder, 'weights.bin'))
    await put('weights')
    expect(await onVolumes(name)).toEqual(['weights', 'weights'])
  })

  it('is completed later where a volume failed, and leaves nothing under its name until then', async () => {
    const upload = await start({ size: 7 })
    const parts = await send(upload, 'weights')
    bed.servers[1]?.fault({ operation: 'CopyObject', status: 400, code: 'InvalidRequest' })
    const complete = () => completeUpload(deps, asking({ parts }), upload.uploadId)
    await expect(complete()).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await onVolumes(name)).toEqual([undefined, undefined])
    expect((await complete()).status).toBe(200)
    expect(await onVolumes(name)).toEqual(['weights', 'weights'])
  })

  it('stays who took the turn of a request that was too slow', async () => {
    const [slow, other] = [await start({ size: 7 }), await start({ size: 5 })]
    const [slowParts, otherParts] = [await send(slow, 'weights'), await send(other, 'newer')]
    const store = deps.store('volume')
    if (store === undefined) throw new TypeError('There is no store')
    const now = () => deps.platform.now() + 1_800_000
    const later: Deps = { ...deps, platform: { ...deps.platform, now } }
    const held: Deps = {
      ...deps,
      store: () => ({
        ...store,
        async send(request) {
          const answer = await store.send(request)
          if (request.copyFrom === undefined) return answer
          await completeUpload(later, asking({ parts: otherParts }), other.uploadId)
          return answer
        },
      }),
    }
    await expect(
      completeUpload(held, asking({ parts: slowParts }), slow.uploadId),
    ).rejects.toMatchObject({ code: 'store_unavailable' })
    expect(await onVolumes(name)).toEqual(['newer', 'newer'])
    expect(await deps.uploads.read(other.uploadId)).toMatchObject({ state: 'complete' })
  })

  it('has as much time for its copy as the volume may take', async () => {
    const upload = await start({ size: 7 })
    const parts = await send(upload, 'weights')
    const store = deps.store('volume')
    if (store === undefined) throw new TypeError('There is no store')
    let taken: unknown
    const held: Deps = {
      ...deps,
      store: () => ({
        ...store,
        async send(request) {
          if (request.copyFrom !== undefined) {
            const inTheEnd = () => deps.platform.now() + 900_000
            taken = await takeTurn(deps.stateStore, `shared/volume/${name}`, inTheEnd)
          }
          return await store.send(request)
        },
      }),
    }
    await completeUpload(held, asking({ parts }), upload.uploadId)
    expect(taken).toBeUndefined()
  })

  it('never takes the place of a foreign file because a request died before it wrote', async () => {
    const upload = await start({ size: 7 })
    const parts = await send(upload, 'weights')
    const folder = join(bed.directories[0] ?? '', 'models')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'weights.bin'), 'FOREIGN')
    const longAgo = () => deps.platform.now() - 86_400_000
    await takeTurn(deps.stateStore, `shared/volume/${name}`, longAgo)
    await expect(completeUpload(deps, asking({ parts }), upload.uploadId)).rejects.toMatchObject({
      code: 'forbidden',
    })
    await deleteUpload(deps, asking(), upload.uploadId)
    expect(await onVolumes(name)).toEqual(['FOREIGN', undefined])
  })

  it('is nowhere where one volume has lost what is to be copied', async () => {
    const upload = await start({ size: 7 })
    const parts = await send(upload, 'weights')
    bed.servers[1]?.fault({ operation: 'CopyObject', status: 404, code: 'NoSuchKey' })
    await expect(completeUpload(deps, asking({ parts }), upload.uploadId)).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(await onVolumes(name)).toEqual([undefined, undefined])
    await put('again!!')
    expect(await onVolumes(name)).toEqual(['again!!', 'again!!'])
  })

  it.each(['complete', 'delete'] as const)(
    'never takes the place of a foreign file that came between two tries (%s)',
    async (then) => {
      const upload = await start({ size: 7 })
      const parts = await send(upload, 'weights')
      const complete = () => completeUpload(deps, asking({ parts }), upload.uploadId)
      for (const server of bed.servers) {
        server.fault({ operation: 'CopyObject', status: 400, code: 'InvalidRequest' })
      }
      await expect(complete()).rejects.toMatchObject({ code: 'store_unavailable' })
      const folder = join(bed.directories[0] ?? '', 'models')
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'weights.bin'), 'BY A WORKER')
      if (then === 'complete') await expect(complete()).rejects.toMatchObject({ code: 'forbidden' })
      await deleteUpload(deps, asking(), upload.uploadId)
      expect(await onVolumes(name)).toEqual(['BY A WORKER', undefined])
    },
  )

  it('leaves alone a foreign file that came while its copy failed', async () => {
    const upload = await start({ size: 7 })
    const parts = await send(upload, 'weights')
    const store = deps.store('volume')
    if (store === undefined) throw new TypeError('There is no store')
    const held: Deps = {
      ...deps,
      store: () => ({
        ...store,
        async send(request) {
          if (request.copyFrom === undefined) return await store.send(request)
          const folder = join(bed.directories[0] ?? '', 'models')
          await mkdir(folder, { recursive: true })
          await writeFile(join(folder, 'weights.bin'), 'BY A WORKER')
          throw storeUnavailable(new Error('The line broke'))
        },
      }),
    }
    await expect(completeUpload(held, asking({ parts }), upload.uploadId)).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(await onVolumes(name)).toEqual(['BY A WORKER', undefined])
  })

  it('leaves no upload open where a request died in the middle of its copy', async () => {
    const store = deps.store('volume')
    if (store === undefined) throw new TypeError('There is no store')
    const open = async () =>
      (await listUploads(store, 'shared/models/'))?.uploads.map(({ key }) => key)
    const strangers = await store.createUpload('shared/models/other.bin', 'text/plain')
    for (const end of ['complete', 'delete'] as const) {
      const upload = await start({ size: 7 })
      const parts = await send(upload, 'weights')
      const turn = await takeTurn(deps.stateStore, `shared/volume/${name}`, deps.platform.now)
      await store.createUpload(`shared/${name}`, 'text/plain')
      await turn?.begin(7)
      await turn?.leave()
      expect(await open()).toEqual(['shared/models/other.bin', `shared/${name}`])
      if (end === 'complete') await completeUpload(deps, asking({ parts }), upload.uploadId)
      await deleteUpload(deps, asking(), upload.uploadId)
      expect(await open()).toEqual(['shared/models/other.bin'])
      expect(await onVolumes(name)).toEqual([undefined, undefined])
    }
    await store.abortUpload('shared/models/other.bin', strangers)
  })

  it('comes by tus, too', async () => {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const headers = {
      'upload-length': '7',
      'upload-metadata': `filename ${base64('x')},persist ${base64(name)}`,
      'content-type': 'application/offset+octet-stream',
    }
    const reply = await createTus(deps, tusCall(headers, [bytes('weights')]))
    expect(reply.headers.get('bulkway-ref')).toBeTruthy()
    expect(await onVolumes(name)).toEqual(['weights', 'weights'])
    await expect(start({ size: 7 }, 'b-key')).rejects.toMatchObject({ code: 'forbidden' })
  })

  it('has another name outside the shared folders, in the gateway’s own', async () => {
    const upload = await start({ size: 7, name: 'weights.bin' })
    const parts = await send(upload, 'weights')
    await completeUpload(deps, asking({ parts }), upload.uploadId)
    const { key = '' } = (await deps.uploads.read(upload.uploadId)) ?? {}
    expect(key).toMatch(/^persist\/[0-9a-f]{32}\/demo\/weights\.bin$/)
    expect(await onVolumes(`bulkway/${key}`)).toEqual(['weights', 'weights'])
  })
})

describe('uploads to a volume', () => {
  it('are cut into parts that it takes, and none is larger than it holds', async () => {
    const upload = await start({ size: 3_000_000_000_000 })
    expect(upload.partSize).toBeLessThanOrEqual(500_000_000)
    expect(upload.partCount).toBeLessThanOrEqual(10_000)
    const config = { ...deps.config, uploads: { ...deps.config.uploads, partBytes: 1_073_741_824 } }
    deps = { ...deps, config: { ...config, uploads: { ...config.uploads, maxBytes: 1e13 } } }
    expect((await start({ size: 3_000_000_000 })).partSize).toBe(500_000_000)
    await expect(start({ size: 4_000_000_000_001 })).rejects.toMatchObject({
      code: 'body_too_large',
      facts: { limitName: 'volume.objectMaxBytes', limit: 4_000_000_000_000 },
    })
  })
})
