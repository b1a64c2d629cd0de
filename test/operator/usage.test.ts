import { beforeEach, describe, expect, test } from 'vitest'
import { submitJob } from '../../src/flows/submit-job.ts'
import { measureUsage } from '../../src/operator/usage/measure.ts'
import { costOf, priceOf } from '../../src/operator/usage/price.ts'
import { renderUsage } from '../../src/operator/usage/render-usage.ts'
import { contentKey } from '../../src/store/content-keys.ts'
import { endlessDay, persistentKey } from '../../src/store/keys.ts'
import { sessionPrefix } from '../../src/store/session-keys.ts'
import { ownerHash } from '../../src/uploads/by-sha256.ts'
import { callOf, type FakeGateway, fakeGateway } from '../flows/fake-deps.ts'
import { readReply } from '../flows/read-reply.ts'

const lone = 'aeaqaaaaaaaaaaaaaaaaaaaaaa'
let gateway: FakeGateway

beforeEach(() => {
  const demo = { as: 'key', s3Config: 'always', stage: 'always', stageMinBytes: 1000 }
  gateway = fakeGateway({
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      demo: { ...demo, retention: { persistent: true } },
    },
  })
})

async function submit(asked = 'job') {
  const body = JSON.stringify({ input: { image: btoa('x'.repeat(3000)) } })
  const call = callOf('demo', body, { 'bulkway-retention': asked })
  await readReply(await submitJob(gateway.deps, call, 'run'))
}

const measure = () => measureUsage(gateway.deps, { storeIds: ['main'] })
const put = (key: string, bytes: number) => gateway.store.put(key, new Uint8Array(bytes))

describe('what is used', () => {
  test('belongs to whom the job does, inputs and outputs alike', async () => {
    await submit()
    const grant = await gateway.deps.grants.find('demo', 'job-1')
    await put(`${grant?.day}/${grant?.grantId}/out/a.bin`, 500)
    const [first] = (await measure()).used.filter(({ endpoint }) => endpoint === 'demo')
    expect(first).toMatchObject({ store: 'main', objects: 2, bytes: 3500 })
    expect(first?.principal).toBe(await ownerHash(grant?.owner ?? ''))
    const days = Object.keys(first?.expires ?? {})
    expect(days).toContain(grant?.day)
    expect(days).toHaveLength(2)
  })

  test('never goes, where it is persistent', async () => {
    await submit('persistent')
    const [first] = (await measure()).used.filter(({ endpoint }) => endpoint === 'demo')
    expect(first?.expires).toEqual({ never: 3000 })
    expect([...gateway.store.objects.keys()].some((key) => key.startsWith(endlessDay))).toBe(true)
  })

  test('is told by its own key, where it outlives jobs', async () => {
    const owner = 'a'.repeat(32)
    await put(persistentKey(owner, 'e1', 'models/m.bin'), 10)
    await put(`${sessionPrefix({ ownerHash: owner, endpointId: 'e1', session: 'run' })}step.pt`, 20)
    const name = `sha256-${'b'.repeat(64)}.png`
    await put(contentKey({ ownerHash: owner, endpointId: 'e1', name }), 40)
    const { used } = await measure()
    expect(used).toEqual([
      {
        ...{ store: 'main', endpoint: 'e1', principal: owner, objects: 3, bytes: 70 },
        expires: { never: 10, 'when unused': 60 },
      },
    ])
  })

  test('is no empty directory, where the store lists these', async () => {
    const owner = 'a'.repeat(32)
    const session = sessionPrefix({ ownerHash: owner, endpointId: 'e1', session: 'run' })
    await put(`${session}step.pt`, 20)
    await put(`${session}empty/`, 0)
    const objects = async () => (await measure()).used.map((one) => one.objects)
    expect(await objects()).toEqual([2])
    Object.assign(gateway.store, { listsDirectories: true })
    expect(await objects()).toEqual([1])
  })

  test('has no owner where no record tells, and is never of others', async () => {
    await put(`2026-12-01/${lone}/out/a`, 7)
    for (const foreign of ['2026-12-01/notes.txt', 'other/a', 'sessions/readme', 'persist/a']) {
      await put(foreign, 100)
    }
    expect((await measure()).used).toEqual([
      {
        ...{ store: 'main', endpoint: '?', principal: '', objects: 1, bytes: 7 },
        expires: { '2026-12-01': 7 },
      },
    ])
  })

  test('has the gateway’s own records apart', async () => {
    await submit()
    const records = (await measure()).used.find(({ endpoint }) => endpoint === '(records)')
    const own = [...gateway.store.objects].filter(([key]) => !/^\d/.test(key))
    expect(records?.objects).toBe(own.length)
    expect(records?.bytes).toBe(own.reduce((sum, [, { bytes }]) => sum + bytes.length, 0))
  })

  test('costs what the configuration says, by shares', async () => {
    await put(persistentKey('a'.repeat(32), 'e1', 'm'), 300)
    await put(persistentKey('b'.repeat(32), 'e1', 'm'), 100)
    const { deps } = gateway
    const main = deps.config.stores.get('main')
    if (main === undefined) throw new Error('no store')
    const stores = new Map([['main', { ...main, pricePerGbMonth: 1e7 }]])
    const config = { ...deps.config, stores }
    const usage = await measureUsage({ ...deps, config }, { storeIds: ['main'] })
    expect(usage.stores).toMatchObject([{ objects: 2, bytes: 400, costPerMonth: 4 }])
    expect(usage.used.map(({ costPerMonth }) => costPerMonth)).toEqual([3, 1])
    const text = renderUsage(usage, [
      { store: 'main', volume: 'v1', gigabytes: 50, costPerMonth: 3.5 },
    ])
    expect(text).toContain('aaaaaaaaaaaa ')
    expect(text).toContain('$3.00')
    expect(text).toContain('volume v1 has 50 GB, which cost $3.50 a month')
  })
})

describe('prices', () => {
  const store = fakeGateway().deps.config.stores.get('main')
  if (store === undefined) throw new Error('no store')
  const member = { bucket: 'v', dataCenterId: 'EU-RO-1', endpoint: 'https://x.example' }
  const volume = (members: number) => ({
    ...store,
    preset: 'runpod-volume' as const,
    volume: {
      ...{ mountPath: '/runpod-volume', prefix: 'bulkway/', sharedPaths: [], exclusive: false },
      ...{ completePollSeconds: 1, completeMaxSeconds: 1 },
      members: Array.from({ length: members }, () => member),
    },
  })

  test.each([
    [1, 0.5e12, 35],
    [1, 1e12, 70],
    [1, 3e12, 170],
    [2, 1.5e12, 190],
  ])('of %i volumes with %i bytes are $%i', (members, bytes, dollars) => {
    const price = priceOf(volume(members))
    expect(price && costOf(price, bytes)).toBeCloseTo(dollars, 6)
  })

  test('are the preset’s, or the configuration’s, or nobody’s', () => {
    expect(priceOf({ ...store, preset: 'r2' })).toMatchObject({
      perGbMonth: 0.015,
      source: 'preset',
    })
    const own = priceOf({ ...store, preset: 'r2', pricePerGbMonth: 0.01 })
    expect(own).toEqual({ perGbMonth: 0.01, copies: 1, source: 'configuration' })
    expect(priceOf({ ...store, preset: 's3' })).toBeUndefined()
  })
})
