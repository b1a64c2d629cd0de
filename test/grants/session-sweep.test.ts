import { beforeEach, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { createLeases } from '../../src/grants/lease.ts'
import { type SweepSessionsOptions, sweepSessions } from '../../src/grants/session-sweep.ts'
import { sessionLeaseKey, sessionPrefix } from '../../src/store/session-keys.ts'
import { MemoryStore } from '../intake/memory-store.ts'

const hour = 3_600_000
const start = Date.parse('2026-11-21T12:00:00Z')
let store: MemoryStore
let grants: Map<string, Grant>
let clock: number

const grantStore = {
  read: async (grantId: string) => grants.get(grantId),
  update: async (grantId: string, change: (grant: Grant) => Grant) => {
    const grant = grants.get(grantId)
    if (grant !== undefined) grants.set(grantId, change(grant))
    return grants.get(grantId)
  },
}

beforeEach(() => {
  store = new MemoryStore()
  grants = new Map()
  clock = start
})

const placeOf = (session: string) => ({ ownerHash: 'a'.repeat(32), endpointId: 'train', session })

/** A session whose job may write for an hour, and is kept for another. */
async function used(session: string, state: Grant['state'] = 'ended'): Promise<string> {
  const place = placeOf(session)
  const grantId = `grant-${session}`
  const writeExpiresAt = clock + hour
  grants.set(grantId, { grantId, state, jobId: 'job', writeExpiresAt } as Grant)
  const leases = createLeases({
    store,
    grants: grantStore,
    platform: { now: () => clock, wait: async () => {} },
  })
  await leases.take(
    { key: sessionLeaseKey(place), exclusive: true, storeId: 'main', keepMs: hour },
    { grantId, until: clock, writeExpiresAt },
  )
  const prefix = sessionPrefix(place)
  for (let n = 0; n < 10; n++) await store.put(`${prefix}file-${n}`, new Uint8Array(1))
  return prefix
}

async function sweep(more: Partial<SweepSessionsOptions> = {}) {
  return await sweepSessions({
    stores: new Map([['main', store]]),
    state: store,
    grants: grantStore,
    now: clock,
    clock: () => clock,
    log: { write: () => {} },
    limit: 1000,
    ...more,
  })
}
const filesOf = (prefix: string) =>
  [...store.objects.keys()].filter((key) => key.startsWith(prefix))

test('a session stays until its time is over, and goes then with its record', async () => {
  const prefix = await used('run-42')
  clock = start + 2 * hour
  expect(await sweep()).toMatchObject({ sessions: 0, files: 0, done: true })
  expect(filesOf(prefix)).toHaveLength(10)
  clock += 1
  expect(await sweep()).toEqual({ sessions: 1, files: 10, uploads: 0, faults: 0, done: true })
  expect([...store.objects.keys()]).toEqual([])
})

test('a session that was used again stays for the later time', async () => {
  const prefix = await used('run-42')
  clock += hour
  await used('run-42')
  clock += 1.5 * hour
  await sweep()
  expect(filesOf(prefix)).toHaveLength(10)
})

test('a session that a job has stays, though its time is over', async () => {
  const prefix = await used('run-42', 'active')
  grants.set('grant-run-42', {
    ...grants.get('grant-run-42'),
    writeExpiresAt: start + 9 * hour,
  } as Grant)
  clock = start + 3 * hour
  expect((await sweep()).sessions).toBe(0)
  expect(filesOf(prefix)).toHaveLength(10)
})

test('what is left at the limit goes with the next sweep', async () => {
  const prefix = await used('run-42')
  clock = start + 3 * hour
  const first = await sweep({ limit: 4 })
  expect(first).toMatchObject({ sessions: 0, files: 4, done: false })
  expect(filesOf(prefix)).toHaveLength(6)
  clock += 301_000
  expect(await sweep()).toMatchObject({ sessions: 1, files: 6, done: true })
  expect(store.objects.size).toBe(0)
})

test('a fault in one session is no other’s', async () => {
  await used('run-1')
  const other = await used('run-2')
  clock = start + 3 * hour
  store.before = (line) => {
    if (/^delete sessions.*run-1\/file-3/.test(line)) throw new Error('no')
  }
  expect(await sweep()).toMatchObject({ sessions: 1, faults: 1, done: false })
  expect(filesOf(other)).toEqual([])
})

test('two sweeps at once remove a session once', async () => {
  await used('run-42')
  clock = start + 3 * hour
  const both = await Promise.all([sweep(), sweep()])
  expect(both.map(({ sessions }) => sessions).sort()).toEqual([0, 1])
  expect(store.objects.size).toBe(0)
})

test('uploads that were left open go where nobody has the session, and others’ stay', async () => {
  const prefix = await used('run-42')
  const held = await used('run-43', 'active')
  await store.createUpload(`${prefix}half`, '')
  await store.createUpload(`${held}half`, '')
  await store.createUpload('sessions/somebody-else', '')
  expect(await sweep()).toMatchObject({ sessions: 0, uploads: 1 })
  expect([...store.open.values()].map(({ key }) => key)).toEqual([
    `${held}half`,
    'sessions/somebody-else',
  ])
})

test('keys of others are left alone', async () => {
  await store.put('leases/sessions/readme', new Uint8Array(1))
  await store.put('sessions/readme', new Uint8Array(1))
  clock = start + 99 * hour
  expect(await sweep()).toMatchObject({ sessions: 0, faults: 0, done: true })
  expect(store.objects.size).toBe(2)
})
