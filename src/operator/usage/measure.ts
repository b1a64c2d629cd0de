import type { StoreConfig } from '../../config/config.ts'
import type { Deps } from '../../flows/deps.ts'
import { daysUnder } from '../../store/past-days.ts'
import type { ObjectStore } from '../../store/store.ts'
import { readOwners } from './owners.ts'
import { type Expiry, type PlacedKey, placeKey } from './place-key.ts'
import { costOf, type Price, priceOf } from './price.ts'

/** What one principal has in one store by one endpoint. */
export interface Used {
  readonly store: string
  readonly endpoint: string
  readonly principal: string
  readonly objects: number
  readonly bytes: number
  /** Bytes by the day after which they go. */
  readonly expires: Readonly<Record<Expiry, number>>
  /** US dollars a month: its share of the store's. */
  readonly costPerMonth?: number
}

/** What the gateway has in one store. */
export interface UsedStore {
  readonly store: string
  readonly kind: string
  readonly objects: number
  readonly bytes: number
  readonly price?: Price
  readonly costPerMonth?: number
}

/** Everything that lies in the stores of a configuration and is the gateway's. */
export interface Usage {
  readonly stores: readonly UsedStore[]
  readonly used: readonly Used[]
}

interface Sum extends Omit<Used, 'expires' | 'objects' | 'bytes' | 'costPerMonth'> {
  objects: number
  bytes: number
  readonly expires: Record<Expiry, number>
}

/** Folders of the state store beside those of days: the gateway's own records. */
const recordRoots: readonly string[] = [
  'batch-requests/',
  'batches/',
  'content/days/',
  'content/records/',
  'due/',
  'grants/',
  'jobs/',
  'leases/',
  'requests/',
  'results/',
  'uploads/',
  'webhooks/',
]

/** Whose the gateway's own records are. */
const records: Omit<PlacedKey, 'expires'> = { endpoint: '(records)', principal: '' }

/**
 * Measures what the gateway keeps, by LISTs of its own folders alone; files of jobs belong to whom their
 * grants say. Memory grows with the number of jobs and uploads that are not forgotten yet, not with
 * that of files.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function measureUsage(
  deps: Deps,
  options: {
    readonly storeIds: readonly string[]
    readonly onProgress?: (objects: number) => void
  },
): Promise<Usage> {
  const { config } = deps
  const owners = await readOwners(deps)
  const sums = new Map<string, Sum>()
  let objects = 0

  function add(store: string, placed: PlacedKey, size: number): void {
    const { endpoint, principal, expires } = placed
    const name = `${store} ${endpoint} ${principal}`
    const sum = sums.get(name) ?? { store, endpoint, principal, objects: 0, bytes: 0, expires: {} }
    sums.set(name, sum)
    sum.objects++
    sum.bytes += size
    sum.expires[expires] = (sum.expires[expires] ?? 0) + size
    objects++
  }

  for (const storeId of options.storeIds) {
    const store = deps.store(storeId)
    const settings = config.stores.get(storeId)
    if (store === undefined || settings === undefined) continue
    for (const root of [
      ...(await daysUnder(store, '')).map((day) => `${day}/`),
      ...rootsOf(settings),
    ]) {
      await eachObject(store, root, (key, size) => {
        const placed = placeKey(key, owners)
        if (placed !== undefined) add(storeId, placed, size)
      })
      options.onProgress?.(objects)
    }
    if (storeId !== config.stateStoreId) continue
    for (const root of recordRoots) {
      await eachObject(store, root, (key, size) => {
        if (placeKey(key, owners) !== undefined) return
        const [day] = /\d{4}-\d{2}-\d{2}/.exec(key) ?? []
        add(storeId, { ...records, expires: day ?? 'when unused' }, size)
      })
      options.onProgress?.(objects)
    }
  }
  return summed(deps, options.storeIds, [...sums.values()])
}

/** Folders of files beside those of days. */
function rootsOf({ volume }: StoreConfig): string[] {
  const shared = (volume?.sharedPaths ?? []).map((path) => `shared/${path}`)
  return ['persist/', 'content/', 'sessions/', ...shared]
}

async function eachObject(
  store: ObjectStore,
  prefix: string,
  visit: (key: string, size: number) => void,
): Promise<void> {
  let next: string | undefined
  do {
    const page = await store.list(prefix, next === undefined ? {} : { next })
    for (const { key, size } of page.objects) {
      // An empty directory is nothing that anybody pays for.
      if (store.listsDirectories !== true || !key.endsWith('/')) visit(key, size)
    }
    next = page.next
  } while (next !== undefined)
}

function summed({ config }: Deps, storeIds: readonly string[], sums: readonly Sum[]): Usage {
  const stores = storeIds.flatMap((store) => {
    const settings = config.stores.get(store)
    if (settings === undefined) return []
    const own = sums.filter((sum) => sum.store === store)
    const bytes = own.reduce((total, sum) => total + sum.bytes, 0)
    const price = priceOf(settings)
    const money = price === undefined ? {} : { price, costPerMonth: costOf(price, bytes) }
    const objects = own.reduce((total, sum) => total + sum.objects, 0)
    return [{ store, kind: settings.preset ?? settings.kind, objects, bytes, ...money }]
  })
  const used = sums.map((sum) => {
    const whole = stores.find(({ store }) => store === sum.store)
    if (whole?.costPerMonth === undefined) return sum
    const share = whole.bytes === 0 ? 0 : sum.bytes / whole.bytes
    return { ...sum, costPerMonth: whole.costPerMonth * share }
  })
  return { stores, used: used.sort((a, b) => b.bytes - a.bytes) }
}
