import { type Log, reasonOf } from '../log.ts'
import { listUploads } from '../store/list-uploads.ts'
import {
  leaseKeyOfSessionFile,
  prefixOfSessionLease,
  sessionLeasesRoot,
  sessionSweepKey,
  sessionsRoot,
} from '../store/session-keys.ts'
import type { ListPage, ObjectStore } from '../store/store.ts'
import type { Grants } from './grant.ts'
import { createLeases, type Leases, type StoredLease } from './lease.ts'

/** What one sweep removed; `done` is false when it stopped at its limit or at a fault. */
export interface SweptSessions {
  readonly sessions: number
  readonly files: number
  /** Multipart uploads that a worker had left open. */
  readonly uploads: number
  readonly faults: number
  readonly done: boolean
}

/** Options of a sweep. */
export interface SweepSessionsOptions {
  /** Every store that sessions lie in, by id. */
  readonly stores: ReadonlyMap<string, ObjectStore>
  readonly state: ObjectStore
  readonly grants: Pick<Grants, 'read' | 'update'>
  /** Milliseconds since the epoch: sessions that expire before are over. */
  readonly now: number
  /** The time as it passes, for turns between sweeps and jobs. */
  readonly clock: () => number
  readonly log: Log
  /** Removals in all; what is left over is the next sweep's. */
  readonly limit: number
  readonly isOver?: () => boolean
  /** Stores, by id, whose lists of open uploads are too slow to be asked for now. */
  readonly slow?: ReadonlySet<string>
}

/** A session whose files are to go. */
export interface SessionToRemove {
  /** Store that its files lie in. */
  readonly store: ObjectStore
  readonly state: ObjectStore
  readonly leases: Pick<Leases, 'replace'>
  readonly clock: () => number
  /** Whether the store is asked for uploads that were left open; some take minutes to say so. */
  readonly abortsUploads: boolean
  /** Whether to stop; the next one goes on. */
  readonly isOver: () => boolean
  readonly onRemoved?: (what: 'file' | 'upload') => void
}

/** Milliseconds for which nobody may have a session whose files are being removed. */
const turnMs = 300_000

/** Removals that run at once. */
const width = 4

const placeMaxBytes = 2048

/**
 * Removes a session that nobody has: its files, open uploads, and its record last, so that what stops
 * halfway is found again. Resolves to false where somebody was faster, or it had to stop.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function removeSession(
  { store, state, leases, clock, abortsUploads, isOver, onRemoved }: SessionToRemove,
  key: string,
  found: StoredLease,
): Promise<boolean> {
  const prefix = prefixOfSessionLease(key)
  // Of two removers the slower would go on in the next job's files.
  if (prefix === undefined || isBeingRemoved(found, clock())) return false
  let turn: StoredLease | undefined = found
  async function hasTurn(): Promise<boolean> {
    const { removingUntil = 0, removalStopped, ...lease } = turn?.lease ?? found.lease
    if (turn !== undefined && (removalStopped || clock() + turnMs / 2 > removingUntil)) {
      const mine = { ...lease, holders: [], removingUntil: clock() + turnMs }
      turn = await leases.replace(key, turn, mine)
    }
    return turn !== undefined && !isOver()
  }

  /** Whoever goes on with it need not wait until the turn is over; a job would find half of the files. */
  async function giveBack(): Promise<void> {
    if (turn === undefined || turn === found) return
    await leases.replace(key, turn, { ...turn.lease, removalStopped: true })
  }

  async function removeFiles(prefix: string): Promise<boolean> {
    if (!(await hasTurn())) return false
    if (abortsUploads) await abortUnder(store, prefix, onRemoved)
    let next: string | undefined
    do {
      const page: ListPage = await store.list(prefix, next === undefined ? {} : { next })
      for (let at = 0; at < page.objects.length; at += width) {
        if (!(await hasTurn())) return false
        const some = page.objects.slice(at, at + width)
        const removals = some.map(async (object) => {
          await store.delete(object.key)
          onRemoved?.('file')
        })
        // None is on its way any more when the turn is given back.
        const failed = (await Promise.allSettled(removals)).find(isRejected)
        if (failed !== undefined) throw failed.reason
      }
      next = page.next
    } while (next !== undefined)
    return await hasTurn()
  }

  let isWhole = false
  try {
    isWhole = await removeFiles(prefix)
    if (isWhole) await state.delete(key)
  } finally {
    if (!isWhole) await giveBack().catch(() => {})
  }
  return isWhole
}

function isBeingRemoved({ lease }: StoredLease, now: number): boolean {
  return lease.removalStopped !== true && (lease.removingUntil ?? 0) > now
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected'
}

async function abortUnder(
  store: ObjectStore,
  prefix: string,
  onRemoved: SessionToRemove['onRemoved'],
): Promise<void> {
  let page = await listUploads(store, prefix)
  while (page !== undefined) {
    for (const { key, uploadId } of page.uploads) {
      await store.abortUpload(key, uploadId)
      onRemoved?.('upload')
    }
    page = page.next === undefined ? undefined : await listUploads(store, prefix, page.next)
  }
}

/**
 * Removes sessions that no job has had for as long as their endpoint keeps them, and uploads that were
 * left open in those which nobody has. Knows its own names alone; can be stopped, repeated and run by
 * several at once. Faults are logged and counted.
 */
export async function sweepSessions(options: SweepSessionsOptions): Promise<SweptSessions> {
  const { state, stores, grants, now, clock, log, limit } = options
  const platform = { now: clock, wait: async () => {} }
  const leases = createLeases({ store: state, grants, platform })
  const counts = { sessions: 0, files: 0, uploads: 0, faults: 0 }
  let left = limit
  let isCut = false
  let isInPart = false
  const isOver = () => {
    isCut ||= left <= 0 || options.isOver?.() === true
    return isCut
  }

  async function attempt(storeId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      counts.faults++
      const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
      log.write('warn', { event: 'sweep_fault', what: 'sessions', store: storeId, reason })
    }
  }

  function onRemoved(what: 'file' | 'upload'): void {
    left--
    counts[what === 'file' ? 'files' : 'uploads']++
  }

  async function removeIdle(key: string): Promise<void> {
    const found = await leases.read(key)
    if (found === undefined || found.lease.expiresAt >= now) return
    const store = stores.get(found.lease.storeId)
    const isBusy = isBeingRemoved(found, clock())
    if (store === undefined || isBusy || (await leases.liveHolders(found.lease)).size > 0) return
    const abortsUploads = options.slow?.has(found.lease.storeId) !== true
    const session = { store, state, leases, clock, abortsUploads, isOver, onRemoved }
    isInPart = true
    isInPart = !(await removeSession(session, key, found))
    if (!isInPart) counts.sessions++
  }

  /** Key up to which it came where it was cut short; those after `upTo` are left out. */
  async function removeAllIdle(after: string, upTo?: string): Promise<string | undefined> {
    let at = after
    for await (const key of keysUnder(state, sessionLeasesRoot, after)) {
      if (upTo !== undefined && key > upTo) return undefined
      if (isOver()) return at
      const { files } = counts
      isInPart = false
      if (prefixOfSessionLease(key) !== undefined) await attempt(state.id, () => removeIdle(key))
      // One that is removed in part is the next sweep's first, unless a whole sweep does nothing for it.
      if (isInPart && isOver() && (counts.files > files || at !== after)) return at
      at = key
    }
    return undefined
  }

  /** Goes on after the session at which the last sweep was cut short: most are to stay, and found again. */
  async function removeInTurn(begun: string): Promise<void> {
    let cutAt = await removeAllIdle(begun)
    if (cutAt === undefined && begun !== '') cutAt = await removeAllIdle('', begun)
    const place = cutAt ?? ''
    if (place === begun) return
    if (place === '') return await state.delete(sessionSweepKey)
    const bytes = new TextEncoder().encode(place)
    await state.put(sessionSweepKey, bytes, { contentType: 'text/plain' })
  }

  async function abortAllLeft(): Promise<void> {
    for (const [id, store] of stores) {
      if (isOver() || options.slow?.has(id)) continue
      await attempt(id, () => abortLeft(store))
    }
  }

  await attempt(state.id, async () => {
    const place = await state.get(sessionSweepKey, placeMaxBytes)
    const begun = new TextDecoder().decode(place?.bytes)
    // First in every round, so that sessions which stay do not keep it from its turn.
    if (begun === '') await abortAllLeft()
    await removeInTurn(begun)
    if (begun !== '') await abortAllLeft()
  })

  /** Only of sessions that nobody has: of one that runs nobody knows which uploads are its own. */
  async function abortLeft(store: ObjectStore): Promise<void> {
    let page = await listUploads(store, sessionsRoot)
    while (page !== undefined) {
      // Asked after the page: a job that has a session since may have begun what the next one shows.
      const known = new Map<string, boolean>()
      for (const { key, uploadId } of page.uploads) {
        const leaseKey = leaseKeyOfSessionFile(key)
        if (leaseKey === undefined || isOver()) continue
        const isFree = known.get(leaseKey) ?? (await isUnheld(leaseKey))
        known.set(leaseKey, isFree)
        if (!isFree) continue
        await store.abortUpload(key, uploadId)
        onRemoved('upload')
      }
      page = page.next === undefined ? undefined : await listUploads(store, sessionsRoot, page.next)
    }
  }

  async function isUnheld(leaseKey: string): Promise<boolean> {
    const found = await leases.read(leaseKey)
    return found === undefined || (await leases.liveHolders(found.lease)).size === 0
  }

  return { ...counts, done: !isCut && counts.faults === 0 }
}

async function* keysUnder(
  store: ObjectStore,
  prefix: string,
  after: string,
): AsyncGenerator<string> {
  let next: string | undefined
  do {
    const at = next === undefined ? { after } : { next }
    const page: ListPage = await store.list(prefix, after === '' && next === undefined ? {} : at)
    for (const { key } of page.objects) yield key
    next = page.next
  } while (next !== undefined)
}
