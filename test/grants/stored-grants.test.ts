import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoreConfig } from '../../src/config/config.ts'
import { createKeyring } from '../../src/config/keyring.ts'
import { markInputsDue } from '../../src/grants/due.ts'
import type { Grant, Grants } from '../../src/grants/grant.ts'
import { openGrant, sealGrant } from '../../src/grants/seal.ts'
import { createGrants } from '../../src/grants/stored-grants.ts'
import { sweepDue } from '../../src/grants/sweep.ts'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { batchKey } from '../../src/store/batch-keys.ts'
import { dayOf, grantKey, inputPrefix, jobKey, outputPrefix } from '../../src/store/keys.ts'
import { createS3Store } from '../../src/store/s3-store.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { startLocalR2 } from '../store/local-r2.ts'
import { startTinyS3 } from '../store/tiny-s3.ts'

const encoder = new TextEncoder()
const masterKey = (kid: string, fill: number) => ({
  kid,
  key: new Secret(Buffer.alloc(32, fill).toString('base64')),
})
const keyring = createKeyring([masterKey('k2', 2), masterKey('k1', 1)])
const log = { write() {} }
const node = createNodePlatform(log)
const now = Date.parse('2026-11-21T12:00:00Z')
let clock = now
const platform = { ...node, now: () => clock }

let config: StoreConfig
let store: ObjectStore
let stop: () => Promise<void>

beforeAll(async () => {
  const r2 = await startLocalR2()
  stop = r2.stop
  config = r2.config
  store = createS3Store(config, node, { idleTimeoutMs: 20_000, presignSeconds: 900 })
}, 90_000)
afterAll(() => stop())

function instance(ring = keyring): Grants {
  return createGrants({ store, keyring: ring, platform, grantCacheSeconds: 10 })
}

function grantOf(grants: Grants, changes: Partial<Grant> = {}): Grant {
  const day = changes.day ?? dayOf(now)
  return {
    grantId: grants.newId(day),
    kid: 'k2',
    day,
    endpointId: 'demo',
    storeId: 'local',
    owner: 'owner',
    state: 'active',
    createdAt: now,
    writeExpiresAt: now + 1000,
    readExpiresAt: now + 2000,
    mounts: [{ path: 'in/', key: 'x/in/', mode: 'read' }],
    secrets: [{ kind: 'accessSecret', value: new Secret('hush-hush') }],
    ...changes,
  }
}

const shown = (grant: Grant | undefined) =>
  grant && { ...grant, secrets: grant.secrets.map(({ value }) => value.reveal()) }

describe('a seal', () => {
  const grants = { newId: (day: string) => instance().newId(day) } as Grants

  test('hides everything and opens to the same grant', async () => {
    const grant = grantOf(grants, { webhook: 'https://example.com/hook' })
    const sealed = await sealGrant(keyring, 'grants/key', grant)
    const text = new TextDecoder().decode(sealed)
    expect(text).not.toMatch(/hush|demo|example/)
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['ciphertext', 'iv', 'protected', 'tag'])
    expect(shown(await openGrant(keyring, 'grants/key', sealed))).toEqual(shown(grant))
  })

  test('opens under any accepted kid, and no other', async () => {
    const old = createKeyring([masterKey('k1', 1)])
    const sealed = await sealGrant(old, 'key', grantOf(grants))
    expect((await openGrant(keyring, 'key', sealed)).owner).toBe('owner')
    const none = createKeyring([masterKey('k3', 3)])
    await expect(openGrant(none, 'key', sealed)).rejects.toThrow('unknown kid')
  })

  test('does not open in another place, nor altered', async () => {
    const sealed = await sealGrant(keyring, 'key', grantOf(grants))
    await expect(openGrant(keyring, 'other', sealed)).rejects.toThrow()
    const jwe = JSON.parse(new TextDecoder().decode(sealed))
    const flipped = `${jwe.ciphertext.startsWith('A') ? 'B' : 'A'}${jwe.ciphertext.slice(1)}`
    const altered = encoder.encode(JSON.stringify({ ...jwe, ciphertext: flipped }))
    await expect(openGrant(keyring, 'key', altered)).rejects.toThrow()
  })
})

describe('stored grants', () => {
  test('are read by every instance', async () => {
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    expect(shown(await instance().read(grant.grantId))).toEqual(shown(grant))
  })

  test('are not there under a wrong id', async () => {
    expect(await instance().read('nonsense')).toBeUndefined()
    expect(await instance().read(instance().newId('2026-11-21'))).toBeUndefined()
  })

  test('are not sealed twice', async () => {
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    await expect(grants.seal(grant)).rejects.toMatchObject({ code: 'internal_error' })
  })

  test('are believed for the cache seconds and no longer, and never when asked fresh', async () => {
    clock = now
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    const reader = instance()
    await reader.read(grant.grantId)
    await grants.update(grant.grantId, (current) => ({ ...current, state: 'ended' }))
    expect((await grants.read(grant.grantId))?.state).toBe('ended')
    clock = now + 9_999
    expect((await reader.read(grant.grantId))?.state).toBe('active')
    expect((await instance().read(grant.grantId, { fresh: true }))?.state).toBe('ended')
    clock = now + 10_000
    expect((await reader.read(grant.grantId))?.state).toBe('ended')
  })

  test('appear at once where they were missing before', async () => {
    const grants = instance()
    const reader = instance()
    const grant = grantOf(grants)
    expect(await reader.read(grant.grantId)).toBeUndefined()
    await grants.seal(grant)
    expect(await reader.read(grant.grantId)).toBeDefined()
  })

  test('lose no change when instances write at once', async () => {
    const first = instance()
    const grant = grantOf(first)
    await first.seal(grant)
    const writers = Array.from({ length: 4 }, () => instance())
    await Promise.all(
      writers.map((grants, index) =>
        grants.update(grant.grantId, (current) => ({
          ...current,
          secrets: [...current.secrets, { kind: 'test', value: new Secret(`s${index}`) }],
        })),
      ),
    )
    const after = await first.read(grant.grantId, { fresh: true })
    expect(after?.secrets.map(({ value }) => value.reveal()).sort()).toEqual(
      ['hush-hush', 's0', 's1', 's2', 's3'].sort(),
    )
  })

  test('are not written where nothing changes, nor where there is none', async () => {
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    const etag = (await store.get(grantKey(grant), 1 << 20))?.etag
    await grants.update(grant.grantId, (current) => current)
    expect((await store.get(grantKey(grant), 1 << 20))?.etag).toBe(etag)
    expect(await grants.update(grants.newId('2026-11-21'), (g) => g)).toBeUndefined()
  })

  test('are found by their job, on every instance', async () => {
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    expect(await instance().find('demo', 'job-1')).toBeUndefined()
    await grants.bind('demo', 'job-1', grant.grantId)
    await instance().bind('demo', 'job-1', grant.grantId)
    expect((await instance().find('demo', 'job-1'))?.grantId).toBe(grant.grantId)
    expect((await instance().read(grant.grantId))?.jobId).toBe('job-1')
    expect(await instance().find('other', 'job-1')).toBeUndefined()
  })

  test('are bound to one job, and a job to one grant', async () => {
    const grants = instance()
    const [a, b] = [grantOf(grants), grantOf(grants)]
    await grants.seal(a)
    await grants.seal(b)
    await grants.bind('demo', 'job-a', a.grantId)
    const bad = [
      () => grants.bind('demo', 'job-a', b.grantId),
      () => instance().bind('demo', 'job-a', b.grantId),
      () => grants.bind('demo', 'job-b', a.grantId),
      () => grants.bind('other', 'job-c', b.grantId),
      () => grants.bind('demo', 'job-d', grants.newId('2026-11-21')),
    ]
    for (const bind of bad) await expect(bind()).rejects.toMatchObject({ code: 'job_not_bound' })
    expect((await grants.read(b.grantId, { fresh: true }))?.jobId).toBeUndefined()
  })

  test('are bound without a read where just sealed, and rightly where another was faster', async () => {
    const calls: string[] = []
    const counted: ObjectStore = {
      ...store,
      get: (key, maxBytes) => {
        calls.push('get')
        return store.get(key, maxBytes)
      },
      put: (key, bytes, settings) => {
        calls.push('put')
        return store.put(key, bytes, settings)
      },
    }
    const grants = createGrants({ store: counted, keyring, platform, grantCacheSeconds: 10 })
    const grant = grantOf(grants)
    await grants.seal(grant)
    await grants.bind('demo', 'just-sealed', grant.grantId)
    expect(calls).toEqual(['put', 'put', 'put'])
    const other = grantOf(grants)
    await grants.seal(other)
    await instance().update(other.grantId, (found) => ({ ...found, state: 'suspended' }))
    await grants.bind('demo', 'changed-since', other.grantId)
    const read = await instance().find('demo', 'changed-since')
    expect(read).toMatchObject({ state: 'suspended', jobId: 'changed-since' })
    const taken = grantOf(grants)
    await grants.seal(taken)
    await instance().bind('demo', 'first', taken.grantId)
    await expect(grants.bind('demo', 'second', taken.grantId)).rejects.toThrow('job_not_bound')
    expect(await instance().find('demo', 'second')).toBeUndefined()
  })

  test('A store that does not tell ETags never lets one instance write over another', async () => {
    const other = instance()
    let afterWrite = async () => {}
    const silent = createS3Store(
      config,
      {
        ...node,
        async send(request) {
          const response = await node.send(request)
          if (request.method !== 'PUT') return response
          const headers = new Headers(response.headers)
          headers.delete('etag')
          await afterWrite()
          return { ...response, headers }
        },
      },
      { idleTimeoutMs: 20_000, presignSeconds: 900 },
    )
    const grants = createGrants({ store: silent, keyring, platform, grantCacheSeconds: 10 })
    const grant = grantOf(grants)
    await grants.seal(grant)
    afterWrite = async () => {
      afterWrite = async () => {}
      await other.update(grant.grantId, (one) => ({ ...one, state: 'ended' }))
    }
    await grants.update(grant.grantId, (one) => ({ ...one, jobId: 'j-1' }))
    await grants.update(grant.grantId, (one) => ({ ...one, wokenAt: now }))

    expect(await instance().read(grant.grantId)).toMatchObject({
      state: 'ended',
      jobId: 'j-1',
      wokenAt: now,
    })
  })

  test('are found after a crash between the record and the grant', async () => {
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    await store.put(jobKey('demo', 'crashed'), encoder.encode(grant.grantId))
    expect((await instance().find('demo', 'crashed'))?.jobId).toBe('crashed')
    await instance().bind('demo', 'crashed', grant.grantId)
    expect((await instance().read(grant.grantId))?.jobId).toBe('crashed')
  })

  test('go with their job record', async () => {
    const grants = instance()
    const grant = grantOf(grants)
    await grants.seal(grant)
    await grants.bind('demo', 'job-gone', grant.grantId)
    const bound = await grants.read(grant.grantId)
    if (bound === undefined) throw new Error('not there')
    await grants.remove(bound)
    expect(await grants.find('demo', 'job-gone')).toBeUndefined()
    expect(await grants.read(grant.grantId)).toBeUndefined()
    expect(await store.get(jobKey('demo', 'job-gone'), 100)).toBeUndefined()
  })
})

describe('the sweep', () => {
  const write = (key: string) => store.put(key, encoder.encode('x'))
  const keys = async (prefix: string) => (await store.list(prefix)).objects.map(({ key }) => key)
  const sweep = (grants: Grants, limit = 1000) =>
    sweepDue({ stores: new Map([['local', store]]), state: store, grants, now, log, limit })

  test('removes what past days left, and nothing else', async () => {
    const grants = instance()
    const past = grantOf(grants, { day: '2026-11-20' })
    const today = grantOf(grants)
    for (const grant of [past, today]) {
      await grants.seal(grant)
      await grants.bind('demo', `job-of-${grant.grantId}`, grant.grantId)
      await write(`${inputPrefix(grant)}0-a.png`)
      await write(`${outputPrefix(grant)}deep/b.bin`)
    }
    const foreign = [
      '2026-11-20/notes.txt',
      '2026-11-19/',
      'grants/2026-11-20/notes',
      'a/b',
      '2020/x',
      'due/note',
    ]
    for (const key of foreign) await write(key)

    const swept = await sweep(grants)
    expect(swept).toMatchObject({ files: 2, grants: 1, faults: 0, done: true })
    expect(await keys('2026-11-20/')).toEqual(['2026-11-20/notes.txt'])
    expect(await keys('grants/2026-11-20/')).toEqual(['grants/2026-11-20/notes'])
    for (const key of foreign) expect(await keys(key)).toEqual([key])
    expect(await keys(`${today.day}/${today.grantId}/`)).toHaveLength(2)
    expect(await instance().find('demo', `job-of-${past.grantId}`)).toBeUndefined()
    expect(await instance().find('demo', `job-of-${today.grantId}`)).toBeDefined()
  })

  test('removes inputs once they are due, and keeps the outputs', async () => {
    const grants = instance()
    const finished = () => {
      const staged = inputPrefix({ day: dayOf(now), grantId: grants.newId(dayOf(now)) })
      const mounts = [{ path: 'in/', key: staged, mode: 'read' }] as const
      return { staged, grant: grantOf(grants, { state: 'suspended', mounts }) }
    }
    const [due, later, woken] = [finished(), finished(), finished()]
    for (const { staged, grant } of [due, later, woken]) {
      await grants.seal(grant)
      await write(`${staged}0-a.png`)
      await write(`${outputPrefix(grant)}b.bin`)
    }
    await markInputsDue(store, due.grant, now - 60_000)
    await markInputsDue(store, later.grant, now + 60_000)
    await markInputsDue(store, woken.grant, now - 60_000)
    // Woken by a retry and failed again: the first run's marker no longer counts.
    await grants.update(woken.grant.grantId, (grant) => ({ ...grant, writeExpiresAt: now + 9 }))
    expect(await sweep(grants)).toMatchObject({ files: 1, dueInputs: 2, done: true })
    expect(await keys(due.staged)).toEqual([])
    expect(await keys(outputPrefix(due.grant))).toHaveLength(1)
    expect(await keys(later.staged)).toHaveLength(1)
    expect(await keys(woken.staged)).toHaveLength(1)
    expect(await sweep(grants)).toMatchObject({ files: 0, dueInputs: 0 })
  })

  test('leaves the inputs of a job that runs', async () => {
    const grants = instance()
    const key = `${inputPrefix(grantOf(grants))}0-a.png`
    const mounts = [{ path: 'in/', key, mode: 'read' }] as const
    const running = grantOf(grants, { mounts })
    await grants.seal(running)
    await write(key)
    await markInputsDue(store, running, now - 60_000)
    expect(await sweep(grants)).toMatchObject({ files: 0, dueInputs: 1 })
    expect(await keys(key)).toEqual([key])
  })

  test('stops at its limit and goes on the next time', async () => {
    const grants = instance()
    const past = grantOf(grants, { day: '2026-10-01' })
    await grants.seal(past)
    for (let index = 0; index < 7; index++) await write(`${inputPrefix(past)}${index}-a.bin`)
    expect(await sweep(grants, 5)).toMatchObject({ files: 5, grants: 0, done: false })
    expect(await sweep(grants, 5)).toMatchObject({ files: 2, grants: 1, done: true })
    expect(await keys('2026-10-01/')).toEqual([])
  })

  test('removes a grant that can no longer be opened', async () => {
    const lost = instance(createKeyring([masterKey('k9', 9)]))
    await lost.seal(grantOf(lost, { day: '2026-10-02' }))
    expect(await sweep(instance())).toMatchObject({ grants: 1, faults: 0 })
    expect(await keys('grants/2026-10-02/')).toEqual([])
  })

  test('removes the notes of batches whose last day is over', async () => {
    const grants = instance()
    const noteOf = (day: string) => {
      return batchKey('an endpoint', 'batch_1', { day, grantId: grants.newId(day) })
    }
    const [past, today] = [noteOf('2026-11-20'), noteOf('2026-11-21')]
    for (const key of [past, today, 'batches/foreign/thing']) await write(key)
    expect(await sweep(grants)).toMatchObject({ results: 1, faults: 0 })
    expect(await keys('batches/')).toEqual([today, 'batches/foreign/thing'].sort())
  })

  test('aborts the uploads that past days left open, and only those', async () => {
    const tiny = await startTinyS3()
    const lister = createS3Store(tiny.config, node, { idleTimeoutMs: 1000, presignSeconds: 60 })
    const grants = instance()
    const past = `${inputPrefix(grantOf(grants, { day: '2026-11-20' }))}0-a.bin`
    const kept = [`${inputPrefix(grantOf(grants))}0-a.bin`, '2026-11-20/foreign.bin']
    for (const key of [past, ...kept]) {
      tiny.open.set(`id-of-${key}`, { key, parts: new Map() })
    }
    const listing = { ...lister, list: async () => ({ objects: [], prefixes: [] }) }
    const stores = new Map([['tiny', listing]])
    const swept = await sweepDue({ stores, state: store, grants, now, log, limit: 10 })
    expect(swept).toMatchObject({ uploads: 1, faults: 0, done: true })
    expect([...tiny.open.values()].map(({ key }) => key)).toEqual(kept)
    await tiny.stop()
  })

  test('goes on in the other stores when one is gone, and says so', async () => {
    const tiny = await startTinyS3()
    await tiny.stop()
    const quick = { ...node, wait: async () => {} }
    const gone = createS3Store(tiny.config, quick, { idleTimeoutMs: 1000, presignSeconds: 60 })
    const grants = instance()
    const past = grantOf(grants, { day: '2026-10-03' })
    await write(`${inputPrefix(past)}0-a.bin`)
    const stores = new Map([
      ['gone', gone],
      ['local', store],
    ])
    const swept = await sweepDue({ stores, state: store, grants, now, log, limit: 10 })
    expect(swept).toMatchObject({ files: 1, faults: 2, done: false })
  })
})
