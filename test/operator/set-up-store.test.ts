import { describe, expect, it } from 'vitest'
import type { PresetName } from '../../src/config/presets.ts'
import { expiryRules } from '../../src/operator/init/expiry-rules.ts'
import { setUpStore } from '../../src/operator/init/set-up-store.ts'
import { dayOf, endlessDay } from '../../src/store/keys.ts'
import type { StoreRequest } from '../../src/store/store.ts'
import { fakeConfig } from '../flows/fake-deps.ts'
import { answer, MemoryStore } from '../intake/memory-store.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const dayMs = 86_400_000

/** A bucket that keeps its documents; `refuse` may answer in its place. */
class SetUpStoreFake extends MemoryStore {
  readonly documents = new Map<string, string>()
  readonly asked: string[] = []
  refuse: (line: string, body: string) => ReturnType<typeof answer> | undefined = () => undefined
  keep = (body: string) => body

  override async send(request: StoreRequest) {
    const [name = ''] = Object.keys(request.query ?? {})
    if (name !== 'lifecycle' && name !== 'cors') return await super.send(request)
    const body = new TextDecoder().decode(
      (request.body as Uint8Array | undefined) ?? new Uint8Array(),
    )
    const line = `${request.method} ${name}`
    this.asked.push(line)
    const refused = this.refuse(line, body)
    if (refused !== undefined) return refused
    if (request.method === 'PUT') {
      expect(request.headers?.['content-md5']).toMatch(/^[A-Za-z0-9+/]{22}==$/)
      this.documents.set(name, this.keep(body))
      return answer(200, '')
    }
    const document = this.documents.get(name)
    const absent = '<Error><Code>NoSuchLifecycleConfiguration</Code></Error>'
    return document === undefined ? answer(404, absent) : answer(200, document)
  }
}

function bed(preset: PresetName = 'aws', changes: Record<string, unknown> = {}) {
  const config = fakeConfig({ cors: { origins: ['https://app.example'] }, ...changes })
  const main = config.stores.get('main')
  if (main === undefined) throw new Error('no store')
  const store = new SetUpStoreFake()
  const settings = { ...config, stores: new Map([['main', { ...main, preset }]]) }
  const setUp = (dryRun = false) =>
    setUpStore({ config: settings, storeId: 'main', store, now, dryRun })
  return {
    store,
    config: settings,
    setUp,
    outcomes: async () => (await setUp()).map((one) => one.outcome),
  }
}

const error = (status: number, code: string) =>
  answer(status, `<Error><Code>${code}</Code></Error>`)

describe('the rules of a store', () => {
  it('delete nothing whose day is not over, however it is kept', () => {
    for (const days of [0, 1, 30, 400]) {
      const retention = { maxSeconds: Math.max(60, days * 86_400) }
      const { config } = bed('aws', {
        endpoints: { '*': { upstream: 'https://u.example/v2', store: 'main', retention } },
        webhooks: { durable: true },
      })
      const [rule] = expiryRules(config, 'main', now)
      const { linkSeconds, marginSeconds } = config.access
      const life = 7 * 86_400 + marginSeconds + Math.max(linkSeconds, retention.maxSeconds)
      for (const at of [now, now + 11.99 * 3_600_000, now - 12 * 3_600_000]) {
        // A body on its way lies three days longer, and was written when the job began at the earliest.
        const lastDay = dayOf(at + life * 1000 + 3 * dayMs)
        const over = Date.parse(`${lastDay}T00:00:00Z`) + dayMs
        expect(at + (rule?.expireDays ?? 0) * dayMs).toBeGreaterThanOrEqual(over)
      }
    }
  })

  it('reach the folders of days alone, and none of what is kept until it is deleted', () => {
    const rules = expiryRules(bed().config, 'main', now)
    for (const prefix of rules.map((rule) => rule.prefix)) {
      expect(prefix).toMatch(/^(results\/|webhooks\/)?20(2[5-9]|3[01])-$/)
      for (const key of [endlessDay, 'grants/', 'uploads/', 'persist/', 'jobs/', 'content/']) {
        expect(key.startsWith(prefix)).toBe(false)
      }
    }
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  })

  it('are those of files alone where no state lies', () => {
    const prefixes = expiryRules(bed().config, 'other', now).map(({ prefix }) => prefix)
    expect(prefixes).toEqual(['2025-', '2026-', '2027-', '2028-', '2029-', '2030-', '2031-'])
  })
})

describe('setting a store up', () => {
  it('is done once, read back, and the second time nothing', async () => {
    const { store, outcomes } = bed()
    expect(await outcomes()).toEqual(['set', 'set'])
    store.asked.length = 0
    expect(await outcomes()).toEqual(['unchanged', 'unchanged'])
    expect(store.asked).toEqual(['GET lifecycle', 'GET cors'])
  })

  it('keeps what others have set to the byte, and replaces what is its own', async () => {
    const { store, outcomes, setUp } = bed()
    const other =
      '<Rule xmlns:x="y"><ID>a &amp; b</ID>\n <Filter><Tag><Key>k</Key></Tag></Filter><Odd/></Rule>'
    const stale = '<Rule><ID>bulkway-files-2019</ID><Prefix>2019-</Prefix></Rule>'
    const cors =
      '<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>'
    store.documents.set(
      'lifecycle',
      `<LifecycleConfiguration>${stale}${other}</LifecycleConfiguration>`,
    )
    store.documents.set('cors', `<CORSConfiguration>${cors}</CORSConfiguration>`)
    expect((await setUp()).map(({ outcome, others }) => [outcome, others])).toEqual([
      ['set', 1],
      ['set', 1],
    ])
    expect(store.documents.get('lifecycle')).toContain(other)
    expect(store.documents.get('lifecycle')).not.toContain('2019-')
    expect(store.documents.get('cors')).toContain(cors)
    expect(await outcomes()).toEqual(['unchanged', 'unchanged'])
  })

  it('deletes nothing sooner than it was promised, when less is kept from now on', async () => {
    const endpoints = (maxSeconds: number) => ({
      '*': { upstream: 'https://u.example/v2', store: 'main', retention: { maxSeconds } },
    })
    const longer = bed('aws', { endpoints: endpoints(400 * 86_400) })
    expect(await longer.outcomes()).toEqual(['set', 'set'])
    const [days] = longer.store.documents.get('lifecycle')?.match(/<Days>\d+/) ?? []
    const shorter = bed('aws', { endpoints: endpoints(86_400) })
    for (const [name, xml] of longer.store.documents) shorter.store.documents.set(name, xml)
    // It needs rules for fewer years, and each of them with as many days as before.
    expect(await shorter.outcomes()).toEqual(['set', 'unchanged'])
    const left = shorter.store.documents.get('lifecycle')?.match(/<Days>\d+/g)
    expect(new Set(left)).toEqual(new Set([days]))
  })

  it('writes nothing in a dry run, and shows what it would write', async () => {
    const { store, setUp } = bed()
    const planned = await setUp(true)
    expect(planned.map(({ outcome }) => outcome)).toEqual(['planned', 'planned'])
    expect(planned[0]?.xml).toContain('<Prefix>2026-</Prefix>')
    expect(planned[0]?.xml).toContain('<DaysAfterInitiation>9</DaysAfterInitiation>')
    expect(planned[1]?.xml).toContain('<AllowedOrigin>https://app.example</AllowedOrigin>')
    expect(store.documents.size).toBe(0)
  })

  it('knows its own rule where the store loses its id', async () => {
    const { store, outcomes } = bed()
    store.keep = (body) => body.replace(/<ID>bulkway-browsers<\/ID>/, '')
    expect(await outcomes()).toEqual(['set', 'set'])
    expect(await outcomes()).toEqual(['unchanged', 'unchanged'])
    expect(store.documents.get('cors')?.match(/<CORSRule>/g)).toHaveLength(1)
  })

  it('says what a store cannot do, without asking where that is known', async () => {
    const known = bed('runpod-volume')
    expect(await known.outcomes()).toEqual(['impossible', 'impossible'])
    expect(known.store.asked).toEqual([])
    const asked = bed('s3')
    asked.store.refuse = () => error(501, 'NotImplemented')
    expect(await asked.outcomes()).toEqual(['impossible', 'impossible'])
    const [lifecycle] = await asked.setUp()
    expect(lifecycle?.detail).toContain('bulkway sweep')
  })

  it('names the permission that a key lacks', async () => {
    const { store, setUp } = bed()
    store.refuse = (line) => (line.startsWith('PUT') ? error(403, 'AccessDenied') : undefined)
    const [lifecycle, cors] = await setUp()
    expect(lifecycle).toMatchObject({ outcome: 'refused' })
    expect(lifecycle?.detail).toContain('s3:PutLifecycleConfiguration')
    expect(cors?.detail).toContain('s3:PutBucketCORS')
  })

  it('leaves open uploads to the sweep where a store may not take such a rule', async () => {
    const { store, outcomes } = bed('b2')
    store.refuse = (line, body) =>
      line.startsWith('PUT') && body.includes('AbortIncomplete')
        ? error(400, 'Malformed')
        : undefined
    expect(await outcomes()).toEqual(['set', 'set'])
    expect(await outcomes()).toEqual(['unchanged', 'unchanged'])
  })

  it('does not believe a store that takes everything and keeps nothing', async () => {
    const { store, outcomes } = bed()
    store.keep = () => '<LifecycleConfiguration/>'
    expect(await outcomes()).toEqual(['refused', 'refused'])
  })

  it.each(['2026-notes.txt', '2027-summary/a', '2026-11-30/readme.md', '2026-11-30/other/a'])(
    'sets no rule that would delete %s',
    async (key) => {
      const { store, setUp } = bed()
      await store.put(key, new Uint8Array(1))
      const [lifecycle, cors] = await setUp()
      expect(lifecycle).toMatchObject({ outcome: 'refused' })
      expect(lifecycle?.detail).toContain(key.split('/').slice(0, -1).join('/'))
      expect(cors).toMatchObject({ outcome: 'set' })
      expect(store.documents.has('lifecycle')).toBe(false)
    },
  )

  it('needs no rule for pages where none may call', async () => {
    const { outcomes } = bed('aws', { cors: undefined })
    expect(await outcomes()).toEqual(['set', 'needless'])
  })
})
