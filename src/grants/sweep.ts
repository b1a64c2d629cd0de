import { GatewayError } from '../errors.ts'
import { type Log, reasonOf } from '../log.ts'
import {
  batchesRoot,
  batchRequestsRoot,
  dayOfBatch,
  readBatchRequestKey,
} from '../store/batch-keys.ts'
import {
  dayOf,
  dayOfDelivery,
  dayOfFolder,
  dayOfJobFile,
  dayOfResult,
  deliveriesDueRoot,
  deliveriesRoot,
  deliveryDay,
  duePrefix,
  readDeliveryDueKey,
  readDueKey,
  readGrantKey,
  resultsRoot,
} from '../store/keys.ts'
import { listUploads } from '../store/list-uploads.ts'
import { daysUnder } from '../store/past-days.ts'
import type { ObjectStore } from '../store/store.ts'
import { dueFiles, markInputsDue } from './due.ts'
import type { Grant, Grants } from './grant.ts'
import { dayOfGrantId } from './grant-id.ts'
import { removeStaged } from './staging-notes.ts'

/** What one sweep removed; `done` is false when it stopped at its limit or at a fault. */
export interface Swept {
  readonly files: number
  readonly grants: number
  /** Kept results and webhooks. */
  readonly results: number
  readonly uploads: number
  readonly dueInputs: number
  readonly faults: number
  readonly done: boolean
}

/** Options of a sweep. */
export interface SweepOptions {
  /** Every store that payloads lie in, by id. */
  readonly stores: ReadonlyMap<string, ObjectStore>
  readonly state: ObjectStore
  readonly grants: Grants
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly log: Log
  /** Removals in all; what is left over is the next sweep's. */
  readonly limit: number
  /** Whether it is to stop for another reason. */
  readonly isOver?: () => boolean
  /** Stores, by id, whose lists of open uploads are too slow to be asked for now. */
  readonly slow?: ReadonlySet<string>
}

/** Removals that run at once. */
const width = 4

/**
 * Removes what is due: inputs marked with a time that has come, and all files, open uploads, kept
 * results and webhooks, grants and job records of days (UTC) before today. Knows its own names alone and leaves every other key
 * be; can be stopped, repeated and run by several at once. Faults are logged and counted.
 */
export async function sweepDue(options: SweepOptions): Promise<Swept> {
  const sweep = new Sweep(options)
  await sweep.run()
  return sweep.swept()
}

class Sweep {
  readonly #options: SweepOptions
  readonly #today: string
  readonly #counts = { files: 0, grants: 0, results: 0, uploads: 0, dueInputs: 0, faults: 0 }
  #left: number

  constructor(options: SweepOptions) {
    this.#options = options
    this.#today = dayOf(options.now)
    this.#left = options.limit
  }

  swept(): Swept {
    return { ...this.#counts, done: !this.#isOver() && this.#counts.faults === 0 }
  }

  #isOver(): boolean {
    return this.#left <= 0 || this.#options.isOver?.() === true
  }

  async run(): Promise<void> {
    const { stores, state } = this.#options
    await this.#step('due inputs', state.id, () => this.#dueInputs())
    for (const [id, store] of stores) {
      await this.#step('files', id, () => this.#files(store))
      if (this.#options.slow?.has(id)) continue
      await this.#step('uploads', id, () => this.#uploads(store))
    }
    await this.#step('results', state.id, () => this.#ofPastDays(resultsRoot, dayOfResult))
    await this.#step('webhooks', state.id, () => this.#ofPastDays(deliveriesRoot, dayOfDelivery))
    await this.#step('webhooks due', state.id, () => this.#dueDeliveries())
    await this.#step('batches', state.id, () => this.#batches())
    await this.#step('grants', state.id, () => this.#grants())
  }

  async #step(what: string, storeId: string, work: () => Promise<void>): Promise<void> {
    if (!this.#isOver()) await this.#try(what, storeId, work)
  }

  async #dueInputs(): Promise<void> {
    const { state, now } = this.#options
    await this.#each(state, duePrefix, (key) => {
      const due = readDueKey(key)
      if (due === undefined) return 'skip'
      if (due.atMs > now) return 'stop'
      return () => this.#inputsOf(due.grantId, key)
    })
  }

  async #inputsOf(grantId: string, markerKey: string): Promise<void> {
    const { state, stores, now } = this.#options
    const marker = await state.get(markerKey, 1024)
    const grant = await this.#grant(grantId)
    const store = grant === undefined ? undefined : stores.get(grant.storeId)
    const text = new TextDecoder().decode(marker?.bytes)
    if (grant === undefined) this.#counts.files += await removeStaged(stores, grantId, text)
    if (marker !== undefined && grant !== undefined && store !== undefined) {
      const { faults } = this.#counts
      let cut = false
      const due = dueFiles(grant, text, now)
      for (const prefix of due.prefixes) {
        cut ||= await this.#each(store, prefix, (key) => this.#removal(store, key))
      }
      for (const key of due.results) await this.#keptRemoval(key)()
      // Something may be left: the marker stays for the next sweep.
      if (cut || this.#counts.faults > faults) return
      if (due.forgetAt !== undefined) await this.#forget(grant, due.forgetAt)
    }
    await state.delete(markerKey)
    this.#counts.dueInputs++
  }

  /** What still comes of a job is cleaned by its grant, until nothing can come any more. */
  async #forget(grant: Grant, atMs: number): Promise<void> {
    const { state, grants, now } = this.#options
    if (atMs > now) return await markInputsDue(state, grant, atMs)
    await grants.remove(grant)
    this.#counts.grants++
  }

  /** A grant that can no longer be opened counts as gone: its kid is retired. */
  async #grant(grantId: string): Promise<Grant | undefined> {
    const { grants, state } = this.#options
    try {
      return await grants.read(grantId, { fresh: true })
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'not_found') throw error
      this.#warn('grant', state.id, error)
      return undefined
    }
  }

  async #files(store: ObjectStore): Promise<void> {
    for (const day of await this.#pastDays(store, '')) {
      if (this.#isOver()) return
      await this.#each(store, `${day}/`, (key) => {
        const isFolder = store.listsDirectories === true && dayOfFolder(key) === day
        return isFolder || dayOfJobFile(key) === day ? this.#removal(store, key) : 'skip'
      })
    }
  }

  #removal(store: ObjectStore, key: string): 'skip' | (() => Promise<void>) {
    if ((dayOfJobFile(key) ?? dayOfFolder(key)) === undefined) return 'skip'
    return async () => {
      await store.delete(key)
      if (!key.endsWith('/')) this.#counts.files++
    }
  }

  async #uploads(store: ObjectStore): Promise<void> {
    let page = await listUploads(store, '')
    while (page !== undefined) {
      for (const { key, uploadId } of page.uploads) {
        const day = dayOfJobFile(key) ?? dayOfResult(key)
        if (day === undefined || day >= this.#today) continue
        if (this.#isOver()) return
        this.#left--
        await this.#try('upload', store.id, async () => {
          await store.abortUpload(key, uploadId)
          this.#counts.uploads++
        })
      }
      if (page.next === undefined) return
      page = await listUploads(store, '', page.next)
    }
  }

  /** Kept results and webhooks. */
  async #ofPastDays(root: string, dayOf: (key: string) => string | undefined): Promise<void> {
    const { state } = this.#options
    for (const day of await this.#pastDays(state, root)) {
      await this.#each(state, `${root}${day}/`, (key) =>
        dayOf(key) === day ? this.#keptRemoval(key) : 'skip',
      )
    }
  }

  /** Notes of webhooks that are no longer kept: who sends what is due may not run any more. */
  async #dueDeliveries(): Promise<void> {
    await this.#each(this.#options.state, deliveriesDueRoot, (key) => {
      const day = dayOfGrantId(readDeliveryDueKey(key)?.grantId ?? '')
      const isOver = day !== undefined && deliveryDay(day) < this.#today
      return isOver ? this.#keptRemoval(key) : 'skip'
    })
  }

  async #batches(): Promise<void> {
    const ifPast = (key: string, day: string | undefined) =>
      day !== undefined && day < this.#today ? this.#keptRemoval(key) : 'skip'
    const { state } = this.#options
    await this.#each(state, batchesRoot, (key) => ifPast(key, dayOfBatch(key)))
    await this.#each(state, batchRequestsRoot, (key) => ifPast(key, readBatchRequestKey(key)?.day))
  }

  #keptRemoval(key: string): () => Promise<void> {
    return async () => {
      await this.#options.state.delete(key)
      this.#counts.results++
    }
  }

  async #grants(): Promise<void> {
    const { state, grants } = this.#options
    for (const day of await this.#pastDays(state, 'grants/')) {
      await this.#each(state, `grants/${day}/`, (key) => {
        const folder = readGrantKey(key)
        if (folder?.day !== day) return 'skip'
        return async () => {
          const grant = await this.#grant(folder.grantId)
          if (grant !== undefined) await grants.remove(grant)
          else await state.delete(key)
          this.#counts.grants++
        }
      })
    }
  }

  /** Days before today that have a folder under `parent`. */
  async #pastDays(store: ObjectStore, parent: string): Promise<string[]> {
    return (await daysUnder(store, parent)).filter((day) => day < this.#today)
  }

  /** Runs what `decide` says for every key under a prefix; true when the limit cut it short. */
  async #each(
    store: ObjectStore,
    prefix: string,
    decide: (key: string) => 'skip' | 'stop' | (() => Promise<void>),
  ): Promise<boolean> {
    let next: string | undefined
    do {
      const page = await store.list(prefix, next === undefined ? {} : { next })
      next = page.next
      let batch: Promise<void>[] = []
      for (const { key } of page.objects) {
        const decided = decide(key)
        if (decided === 'skip') continue
        if (decided === 'stop' || this.#isOver()) {
          await Promise.all(batch)
          return decided !== 'stop'
        }
        this.#left--
        batch.push(this.#try('object', store.id, decided))
        if (batch.length < width) continue
        await Promise.all(batch)
        batch = []
      }
      await Promise.all(batch)
    } while (next !== undefined && !this.#isOver())
    return next !== undefined
  }

  async #try(what: string, storeId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#counts.faults++
      this.#warn(what, storeId, error)
    }
  }

  #warn(what: string, store: string, error: unknown): void {
    const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
    this.#options.log.write('warn', { event: 'sweep_fault', what, store, reason })
  }
}
