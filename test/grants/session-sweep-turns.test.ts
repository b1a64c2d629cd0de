import { beforeEach, expect, test } from 'vitest'
import type { Grant } from '../../src/grants/grant.ts'
import { createLeases } from '../../src/grants/lease.ts'
import { sweepSessions } from '../../src/grants/session-sweep.ts'
import { sessionLeaseKey, sessionPrefix } from '../../src/store/session-keys.ts'
import type { ListPage } from '../../src/store/store.ts'
import { answer, MemoryStore } from '../intake/memory-store.ts'

const hour = 3_600_000
const start = Date.parse('2026-11-21T12:00:00Z')
let store: MemoryStore
let grants: Map<string, Grant>
let clock: number

const grantStore = {
  read: async (grantId: string) => grants.get(grantId),
  update: async (grantId: string) => grants.get(grantId),
}

/** A store whose lists are sorted and can be gone through from a key on. */
class SortedStore extends MemoryStore {
  override async list(
    prefix: string,
    options: Parameters<MemoryStore['list']>[1] & { after?: string } = {},
  ): Promise<ListPage> {
    const { objects, ...rest } = await super.list(prefix, options)
    const sorted = objects.toSorted((one, other) => (one.key < other.key ? -1 : 1))
    return { ...rest, objects: sorted.filter(({ key }) => key > (options.after ?? '')) }
  }
}

beforeEach(() => {
  store = new SortedStore()
  grants = new Map()
  clock = start
})

const placeOf = (session: string) => ({ ownerHash: 'a'.repeat(32), endpointId: 'train', session })

async function take(session: string, keepMs: number, state: Grant['state'] = 'ended') {
  const place = placeOf(session)
  const grantId = `grant-${session}-${grants.size}`
  const writeExpiresAt = clock + hour
  grants.set(grantId, { grantId, state, jobId: 'job', writeExpiresAt } as Grant)
  const platform = { now: () => clock, wait: async () => {} }
  const leases = createLeases({ store, grants: grantStore, platform })
  const wish = { key: sessionLeaseKey(place), exclusive: true, storeId: 'main', keepMs }
  await leases.take(wish, { grantId, until: clock, writeExpiresAt })
  return sessionPrefix(place)
}

async function sweep(isOver: () => boolean = () => false) {
  return await sweepSessions({
    stores: new Map([['main', store]]),
    state: store,
    grants: grantStore,
    now: clock,
    clock: () => clock,
    log: { write: () => {} },
    limit: 1000,
    isOver,
  })
}

test('sweeps that are cut short come to every session in the end', async () => {
  for (let n = 0; n < 30; n++) await take(`a-${n}`, 1000 * hour)
  const prefix = await take('z-idle', hour)
  await store.put(`${prefix}file`, new Uint8Array(1))
  clock += 3 * hour
  let asked = 0
  store.before = () => void asked++
  for (let runs = 0; runs < 12 && store.objects.has(`${prefix}file`); runs++) {
    const until = asked + 10
    await sweep(() => asked >= until)
  }
  expect(store.objects.has(`${prefix}file`)).toBe(false)
})

test('an upload of a job that has taken its session while the sweep looks at others stays', async () => {
  const prefix = await take('run-42', 1000 * hour)
  const page = (uploads: readonly string[], next?: string) =>
    answer(
      200,
      `<ListMultipartUploadsResult>${
        next === undefined
          ? ''
          : `<IsTruncated>true</IsTruncated><NextKeyMarker>${next}</NextKeyMarker><NextUploadIdMarker>m</NextUploadIdMarker>`
      }${uploads
        .map(
          (key) => `<Upload><Key>${prefix}${key}</Key><UploadId>id-of-${key}</UploadId></Upload>`,
        )
        .join('')}</ListMultipartUploadsResult>`,
    )
  store.send = async ({ query }) => {
    if (query?.['prefix'] !== 'sessions/') return page([])
    if (query?.['key-marker'] === undefined) return page(['old'], 'old')
    await take('run-42', 1000 * hour, 'active')
    return page(['of-the-new-job'])
  }
  const aborted: string[] = []
  store.abortUpload = async (_, uploadId) => void aborted.push(uploadId)
  await sweep()
  expect(aborted).toEqual(['id-of-old'])
})
