import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKeyring } from '../../src/config/keyring.ts'
import { createGrants } from '../../src/grants/stored-grants.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { openVolumes, type VolumeBed } from '../store/volume/volume-bed.ts'

const log = { write() {} }
const now = Date.parse('2026-11-21T12:00:00Z')
const job = 'kezuis32zxbs6mkqcvlest5rk4'
let bed: VolumeBed
let root: string

beforeEach(async () => {
  bed = await openVolumes(1)
  root = bed.directories[0] ?? ''
})
afterEach(() => bed.close())

async function sweep() {
  const { store } = bed
  const platform = createNodePlatform(log)
  const key = new Secret(Buffer.alloc(32, 1).toString('base64'))
  const keyring = createKeyring([{ kid: 'k1', key }])
  const grants = createGrants({ store, keyring, platform, grantCacheSeconds: 1 })
  const stores = new Map([[store.id, store]])
  return await sweepDue({ stores, state: store, grants, now, log, limit: 1_000 })
}

test('a day that is over leaves no empty directories, after a few sweeps', async () => {
  const encoder = new TextEncoder()
  await bed.store.put(`2026-11-20/${job}/in/0-a.png`, encoder.encode('x'))
  await bed.store.put(`2026-11-20/${job}/out/deep/b.bin`, encoder.encode('x'))
  await bed.store.put(`2026-11-21/${job}/in/0-a.png`, encoder.encode('x'))
  expect(await sweep()).toMatchObject({ files: 2, faults: 0 })
  for (let times = 0; times < 5; times++) expect(await sweep()).toMatchObject({ files: 0 })
  expect(await readdir(join(root, 'bulkway'))).toEqual(['2026-11-21'])
  expect(await readdir(join(root, 'bulkway/2026-11-21', job))).toEqual(['in'])
})

test('directories that are not the gateway’s stay', async () => {
  await mkdir(join(root, 'bulkway/2026-11-20/notes'), { recursive: true })
  await mkdir(join(root, 'bulkway/2026-11-20', job), { recursive: true })
  await mkdir(join(root, '2026-11-20', job), { recursive: true })
  await mkdir(join(root, 'models/empty'), { recursive: true })
  for (let times = 0; times < 5; times++) await sweep()
  expect(await readdir(join(root, 'bulkway/2026-11-20'))).toEqual(['notes'])
  expect(await readdir(join(root, '2026-11-20'))).toEqual([job])
  expect(await readdir(join(root, 'models'))).toEqual(['empty'])
})
