import { GatewayError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import type { ObjectStore } from '../store/store.ts'
import type { Grant, Grants } from './grant.ts'

/** A job that has a session or a volume, or is about to. */
export interface Holder {
  readonly grantId: string
  /** Until when it counts although its job is not known yet; milliseconds since the epoch, as all times here. */
  readonly until: number
  readonly exclusive: boolean
  /** A retry is under way: it counts although its grant is asleep. */
  readonly waking?: true
}

/** Who has a session or a volume; stored in the state store under a key of its own. */
export interface Lease {
  readonly holders: readonly Holder[]
  readonly createdAt: number
  readonly usedAt: number
  /** After which what it stands for is no longer kept, if nobody has it then. */
  readonly expiresAt: number
  /** Store that its files lie in. */
  readonly storeId: string
  /** Its files are being removed, and nobody may have it; a remover that died has until then. */
  readonly removingUntil?: number
  /** Its remover has stopped before the end: another may go on at once, a job may not. */
  readonly removalStopped?: true
}

/** What a job wants to have. */
export interface LeaseWish {
  readonly key: string
  /** Whether nobody else may have it meanwhile. */
  readonly exclusive: boolean
  readonly storeId: string
  /** Milliseconds for which it is kept after the job's writing has ended. */
  readonly keepMs: number
}

/** Who wants it, and for how long. */
export interface Claimant {
  readonly grantId: string
  /** See `Holder`. */
  readonly until: number
  readonly writeExpiresAt: number
  readonly waking?: true
}

/** Whether a lease was taken, or whose grant is in the way; none where there is nobody to ask about. */
export type Taking = { readonly taken: true } | { readonly taken: false; readonly by?: Grant }

/** A lease as it is stored. */
export interface StoredLease {
  readonly lease: Lease
  readonly etag: string
}

/**
 * The leases of sessions and volumes. Who has one is told by its grant, so that nothing is renewed
 * or given back: it counts while its grant is active and may write, and before its job is known for a
 * short time.
 */
export interface Leases {
  /**
   * Takes a lease if nobody has it. A grant whose job never became known in its time is ended first,
   * so that it can write no more.
   */
  take(wish: LeaseWish, claimant: Claimant): Promise<Taking>
  /** Gives a lease back before its grant has ended. */
  release(key: string, grantId: string): Promise<void>
  /** Has a lease count until `until`, although the job may never become known. */
  extend(key: string, grantId: string, until: number): Promise<void>
  read(key: string): Promise<StoredLease | undefined>
  /** Grants, by id, of those that have a lease now; undefined for one whose grant is not written yet. */
  liveHolders(lease: Lease): Promise<Map<string, Grant | undefined>>
  /** Writes a lease if it is still the one that was read. */
  replace(key: string, stored: StoredLease, lease: Lease): Promise<StoredLease | undefined>
}

const recordMaxBytes = 65_536
const updateTries = 10
/** Holders of a shared lease before those that have ended are looked for. */
const pruneFrom = 32
/** Jobs that share one lease. */
const holdersMax = 200
const asJson = { contentType: 'application/json' } as const

/** Makes the leases, kept in `store` (the state store, with conditional writes). */
export function createLeases(options: {
  readonly store: ObjectStore
  readonly grants: Pick<Grants, 'read' | 'update'>
  readonly platform: Pick<Platform, 'now' | 'wait'>
  /** Milliseconds for which an instance may believe a grant that another has ended; absent: none. */
  readonly believedMs?: number
}): Leases {
  const { store, grants, platform, believedMs = 0 } = options

  async function read(key: string): Promise<StoredLease | undefined> {
    const object = await store.get(key, recordMaxBytes)
    if (object === undefined) return undefined
    return { lease: JSON.parse(new TextDecoder().decode(object.bytes)), etag: object.etag }
  }

  async function replace(key: string, { etag }: StoredLease, lease: Lease) {
    const bytes = new TextEncoder().encode(JSON.stringify(lease))
    const written = await store.put(key, bytes, { ...asJson, condition: { etag } })
    return written === undefined ? undefined : { lease, etag: written }
  }

  async function grantOf(grantId: string): Promise<Grant | undefined> {
    try {
      return await grants.read(grantId, { fresh: true })
    } catch (error) {
      // Its master key is retired: it can do nothing any more.
      if (error instanceof GatewayError && error.code === 'not_found') return undefined
      throw error
    }
  }

  /** Whether a holder has it; a job that should be known by now and is not loses it for good. */
  async function isLive(holder: Holder, grant: Grant | undefined): Promise<boolean> {
    const now = platform.now()
    const isSoon = now < holder.until
    if (grant === undefined || (grant.state !== 'active' && holder.waking)) return isSoon
    // Its worker may write on where an instance has not heard of that.
    if (grant.state !== 'active') return now < (grant.overtakenAt ?? -believedMs) + believedMs
    if (grant.jobId !== undefined) return now <= grant.writeExpiresAt
    if (isSoon) return true
    const ended = await grants.update(holder.grantId, (current) =>
      current.state === 'active' && current.jobId === undefined
        ? { ...current, state: 'ended', overtaken: true, overtakenAt: now }
        : current,
    )
    if (ended?.state === 'ended') return believedMs > 0
    // It has become known in this very moment.
    return ended?.state === 'active' && now <= ended.writeExpiresAt
  }

  async function liveHolders({ holders }: Lease): Promise<Map<string, Grant | undefined>> {
    const live = new Map<string, Grant | undefined>()
    for (const holder of holders) {
      const grant = await grantOf(holder.grantId)
      if (await isLive(holder, grant)) live.set(holder.grantId, grant)
    }
    return live
  }

  async function change(key: string, change: (lease: Lease) => Lease | undefined): Promise<void> {
    for (let tried = 0; tried < updateTries; tried++) {
      const stored = await read(key)
      const changed = stored && change(stored.lease)
      if (stored === undefined || changed === undefined) return
      if ((await replace(key, stored, changed)) !== undefined) return
      await platform.wait(Math.random() * 20 * (tried + 1))
    }
    throw tooManyChanges()
  }

  async function take(wish: LeaseWish, claimant: Claimant): Promise<Taking> {
    const { key, exclusive, storeId, keepMs } = wish
    const { writeExpiresAt, ...own } = claimant
    const holder: Holder = { ...own, exclusive }
    for (let tried = 0; tried < updateTries; tried++) {
      const now = platform.now()
      const stored = await read(key)
      if (stored === undefined) {
        const expiresAt = writeExpiresAt + keepMs
        const first: Lease = { holders: [holder], createdAt: now, usedAt: now, expiresAt, storeId }
        const bytes = new TextEncoder().encode(JSON.stringify(first))
        const isFirst = await store.put(key, bytes, { ...asJson, condition: 'absent' })
        if (isFirst !== undefined) return { taken: true }
        continue
      }
      const { removingUntil = 0, removalStopped, ...lease } = stored.lease
      if (now < removingUntil) return { taken: false }
      const others = lease.holders.filter(({ grantId }) => grantId !== holder.grantId)
      const inTheWay = exclusive ? others : others.filter((other) => other.exclusive)
      for (const other of inTheWay) {
        const grant = await grantOf(other.grantId)
        if (!(await isLive(other, grant))) continue
        const isAsked = grant !== undefined && grant.overtakenAt === undefined
        return { taken: false, ...(isAsked && { by: grant }) }
      }
      const left = await pruned(exclusive ? [] : others.filter((other) => !other.exclusive))
      if (left.length >= holdersMax) return { taken: false }
      const taken: Lease = {
        ...lease,
        holders: [...left, holder],
        usedAt: now,
        expiresAt: Math.max(lease.expiresAt, writeExpiresAt + keepMs),
        storeId,
      }
      if ((await replace(key, stored, taken)) !== undefined) return { taken: true }
      await platform.wait(Math.random() * 20 * (tried + 1))
    }
    throw tooManyChanges()
  }

  async function pruned(holders: readonly Holder[]): Promise<readonly Holder[]> {
    if (holders.length < pruneFrom) return holders
    const left: Holder[] = []
    for (const holder of holders) {
      if (await isLive(holder, await grantOf(holder.grantId))) left.push(holder)
    }
    return left
  }

  return {
    take,
    read,
    replace,
    liveHolders,
    async release(key, grantId) {
      await change(key, (lease) => {
        const holders = lease.holders.filter((holder) => holder.grantId !== grantId)
        return holders.length === lease.holders.length ? undefined : { ...lease, holders }
      })
    },
    async extend(key, grantId, until) {
      await change(key, (lease) => {
        const holders = lease.holders.map((holder) =>
          holder.grantId === grantId ? { ...holder, until } : holder,
        )
        return { ...lease, holders }
      })
    },
  }
}

function tooManyChanges(): GatewayError {
  return new GatewayError('store_unavailable', 'Too many changes to one lease at once', {
    retryAfterSeconds: 1,
  })
}
