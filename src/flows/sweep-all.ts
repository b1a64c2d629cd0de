import { sweepContent } from '../grants/content-sweep.ts'
import { sweepSessions } from '../grants/session-sweep.ts'
import { createGrants } from '../grants/stored-grants.ts'
import { sweepDue } from '../grants/sweep.ts'
import { createTurns, pacedStore } from '../store/paced-store.ts'
import type { ObjectStore } from '../store/store.ts'
import { createUploads } from '../uploads/stored-uploads.ts'
import { sweepUploads } from '../uploads/sweep-uploads.ts'
import type { Deps } from './deps.ts'

/** What a sweep removed; `done` is false when it stopped at a bound or at a fault. */
export interface SweptAll {
  readonly files: number
  readonly grants: number
  /** Kept results and webhooks. */
  readonly results: number
  /** Finished jobs whose time had come. */
  readonly jobs: number
  /** Records of uploads. */
  readonly uploads: number
  /** Multipart uploads, of uploads and of jobs. */
  readonly aborted: number
  readonly sessions: number
  readonly faults: number
  readonly done: boolean
}

/** What a sweep has done so far, as far as its requests tell. */
export interface SweepProgress {
  readonly requests: number
  readonly removals: number
}

/** Options of a sweep; the stores are those of the configuration. */
export interface SweepAllOptions {
  /** Milliseconds since the epoch by which things are due; absent: the time as it is. */
  readonly now?: number
  /** Removals in all. */
  readonly limit: number
  /** Requests to the stores in all, and a second; absent: as many as it takes. */
  readonly maxRequests?: number
  readonly perSecond?: number
  readonly signal?: AbortSignal
  /** Leaves out what may take minutes to list: the open uploads of network volumes. */
  readonly hurried?: boolean
  readonly onProgress?: (progress: SweepProgress) => void
}

/** Requests that one note of a file which is kept by its content takes at most. */
const requestsOfNote = 6

/**
 * Removes everything that is due in all stores. Whatever bound it stops at, the next sweep goes on:
 * what was removed is not found again. Faults are logged and counted.
 */
export async function sweepAll(deps: Deps, options: SweepAllOptions): Promise<SweptAll> {
  const { config, keyring, platform, log } = deps
  const { limit, maxRequests = Number.POSITIVE_INFINITY, perSecond, signal } = options
  const now = options.now ?? platform.now()
  const progress = { requests: 0, removals: 0 }
  const wait =
    perSecond === undefined
      ? async () => {}
      : createTurns({ perSecond, now: platform.now, wait: platform.wait })
  /** Each volume of a store with replicas is asked. */
  async function turn(method: string, volumes = 1): Promise<void> {
    progress.requests += volumes
    if (method === 'delete' || method === 'abortUpload') progress.removals++
    options.onProgress?.(progress)
    for (let asked = 0; asked < volumes; asked++) await wait()
  }

  const stores = new Map<string, ObjectStore>()
  const slow = new Set<string>()
  for (const [id, { kind, volume }] of config.stores) {
    const store = deps.store(id)
    const paced = (method: string) => turn(method, volume?.members.length)
    if (store !== undefined) stores.set(id, pacedStore(store, paced))
    if (options.hurried && kind === 'runpod-volume') slow.add(id)
  }
  const state = stores.get(config.stateStoreId) ?? pacedStore(deps.stateStore, turn)
  const { grantCacheSeconds } = config.access
  const grants = createGrants({ store: state, keyring, platform, grantCacheSeconds })
  const uploads = createUploads({ store: state, keyring, platform })

  /** One kind of thing that finds more than it may ask for leaves some requests to those after it. */
  function upTo(share: number) {
    const isOver = () => progress.requests >= maxRequests * share || signal?.aborted === true
    const left = Math.max(0, limit - progress.removals)
    return { stores, state, now, log, slow, isOver, limit: left }
  }
  // Records of uploads first: they know what is open where a store does not.
  const ofUploads = await sweepUploads({ ...upTo(0.25), uploads })
  const due = await sweepDue({ ...upTo(0.75), grants })
  const sessions = await sweepSessions({ ...upTo(0.85), grants, clock: platform.now })
  const last = upTo(1)
  const content = last.isOver()
    ? { files: 0, aborted: 0, faults: 0, done: false }
    : await sweepContent({
        ...last,
        limit: Math.ceil(Math.min(last.limit, (maxRequests - progress.requests) / requestsOfNote)),
        clock: platform.now,
      })
  return {
    files: due.files + sessions.files + content.files,
    grants: due.grants,
    results: due.results,
    jobs: due.dueInputs,
    uploads: ofUploads.records,
    aborted: due.uploads + ofUploads.aborted + sessions.uploads + content.aborted,
    sessions: sessions.sessions,
    faults: due.faults + ofUploads.faults + sessions.faults + content.faults,
    done: due.done && ofUploads.done && sessions.done && content.done,
  }
}
