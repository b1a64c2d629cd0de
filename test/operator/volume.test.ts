import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Deps } from '../../src/flows/deps.ts'
import { sweepAll } from '../../src/flows/sweep-all.ts'
import { setUpStore } from '../../src/operator/init/set-up-store.ts'
import { measureUsage } from '../../src/operator/usage/measure.ts'
import { fakeGateway } from '../flows/fake-deps.ts'
import { openVolumes, type VolumeBed } from '../store/volume/volume-bed.ts'

const id = 'aeaqaaaaaaaaaaaaaaaaaaaaaa'
const past = '2020-01-01'
let bed: VolumeBed
let deps: Deps

beforeEach(async () => {
  bed = await openVolumes(2)
  const gateway = fakeGateway()
  const { config, store } = gateway.deps
  const stores = new Map([...config.stores, ['volume', { ...bed.config, preset: 'runpod-volume' }]])
  deps = {
    ...gateway.deps,
    config: { ...config, stores: stores as typeof config.stores },
    store: (storeId) => (storeId === 'volume' ? bed.store : store(storeId)),
  }
})
afterEach(() => bed.close())

/** Files of one volume, as a worker sees them. */
async function filesOf(at: number): Promise<string[]> {
  const root = bed.directories[at] ?? ''
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)).sort()
}

async function byWorker(path: string, at = 0): Promise<void> {
  const file = join(bed.directories[at] ?? '', path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, 'by a worker')
}

describe('network volumes', () => {
  test('are swept key by key, all that hold the files, and of nothing else', async () => {
    await bed.store.put(`${past}/${id}/in/0-a.bin`, new Uint8Array(10))
    await byWorker(`bulkway/${past}/${id}/out/deep/ä b#.bin`)
    const others = [
      `${past}/${id}/in/a.bin`,
      `bulkway/${past}/notes.txt`,
      'bulkway/tools/x',
      'models/llama.bin',
    ]
    for (const path of others) await byWorker(path)
    const uploadId = await bed.store.createUpload(`${past}/${id}/in/1-b.bin`, 'text/plain')
    await bed.store.uploadPart(`${past}/${id}/in/1-b.bin`, uploadId, 1, new Uint8Array(5))

    expect(await sweepAll(deps, { limit: 100, hurried: true })).toMatchObject({
      ...{ files: 2, aborted: 0, faults: 0 },
    })
    const left = (at: number) => filesOf(at).then((all) => all.filter((path) => !/^\./.test(path)))
    expect(await left(0)).toEqual(others.sort())
    expect(await left(1)).toEqual([])
    expect(await sweepAll(deps, { limit: 100 })).toMatchObject({
      aborted: 1,
      faults: 0,
      done: true,
    })
    expect(await filesOf(1)).toEqual([])
    const again = await sweepAll(deps, { limit: 100 })
    expect(again).toMatchObject({ files: 0, aborted: 0, faults: 0, done: true })
  })

  test('are swept within so many requests, of which each volume gets its own', async () => {
    await bed.store.put(`${past}/${id}/in/0-a.bin`, new Uint8Array(10))
    for (const server of bed.servers) server.clear()
    let counted = 0
    await sweepAll(deps, {
      limit: 100,
      onProgress({ requests }) {
        counted = requests
      },
    })
    const made = bed.servers.reduce((sum, { log }) => sum + log.length, 0)
    expect(made).toBeGreaterThan(2)
    expect(counted).toBeGreaterThanOrEqual(made)
  })

  test('are measured by what is in them, as often as they are there', async () => {
    await bed.store.put(`2099-01-01/${id}/in/0-a.bin`, new Uint8Array(10))
    await bed.store.put('shared/models/m.bin', new Uint8Array(1000))
    await byWorker('elsewhere/x')
    const { stores, used } = await measureUsage(deps, { storeIds: ['volume'] })
    expect(stores).toMatchObject([{ kind: 'runpod-volume', objects: 2, bytes: 1010 }])
    expect(stores[0]?.price).toEqual({
      ...{ perGbMonth: 0.07, restPerGbMonth: 0.05, copies: 2, source: 'preset' },
    })
    expect(used.map(({ expires }) => expires)).toEqual([{ never: 1000, '2099-01-01': 10 }])
  })

  test('take no rules, and say what does it instead', async () => {
    const options = { config: deps.config, store: bed.store, storeId: 'volume' }
    const [lifecycle] = await setUpStore({ ...options, now: Date.now(), dryRun: false })
    expect(lifecycle).toMatchObject({ outcome: 'impossible' })
    expect(lifecycle?.detail).toContain('bulkway sweep')
  })
})
