import { dayOfGrantId } from '../grants/grant-id.ts'
import { type Log, reasonOf } from '../log.ts'
import {
  dayOf,
  readSameContentKey,
  readUnsettledKey,
  readUploadRecordKey,
  sameContentRoot,
  unsettledRoot,
  uploadIdOfFile,
} from '../store/keys.ts'
import { listUploads } from '../store/list-uploads.ts'
import { daysUnder } from '../store/past-days.ts'
import type { ObjectStore } from '../store/store.ts'
import { isTooLarge } from '../store/store-fault.ts'
import { forgetContent } from './by-sha256.ts'
import { eraseUpload, markDeleted } from './erase-upload.ts'
import { holderOf, isLeft } from './kept-name.ts'
import { turnName } from './turn-name.ts'
import { endlessDay, type Uploads } from './upload.ts'

/** What one sweep removed; `done` is false when it stopped at its limit or at a fault. */
export interface SweptUploads {
  readonly records: number
  /** Multipart uploads whose time to be completed was over. */
  readonly aborted: number
  readonly faults: number
  readonly done: boolean
}

/** Options of a sweep. */
export interface SweepUploadsOptions {
  /** Every store that files lie in, by id. */
  readonly stores: ReadonlyMap<string, ObjectStore>
  readonly state: ObjectStore
  readonly uploads: Uploads
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

/** Records that are looked at, and removals that run, at once. */
const width = 4

/**
 * Removes the records of uploads of days (UTC) before today, whose files go with their day, and
 * aborts uploads that were not completed in time. Knows its own names alone; can be stopped, repeated
 * and run by several at once. Faults are logged and counted.
 */
export async function sweepUploads(options: SweepUploadsOptions): Promise<SweptUploads> {
  const sweep = new UploadSweep(options)
  await sweep.run()
  return sweep.swept()
}

class UploadSweep {
  readonly #options: SweepUploadsOptions
  readonly #today: string
  readonly #counts = { records: 0, aborted: 0, faults: 0 }
  #left: number

  constructor(options: SweepUploadsOptions) {
    this.#options = options
    this.#today = dayOf(options.now)
    this.#left = options.limit
  }

  swept(): SweptUploads {
    return { ...this.#counts, done: !this.#isOver() && this.#counts.faults === 0 }
  }

  #isOver(): boolean {
    return this.#left <= 0 || this.#options.isOver?.() === true
  }

  async run(): Promise<void> {
    const { stores, state } = this.#options
    let unlisted = false
    for (const [id, store] of stores) {
      if (this.#options.slow?.has(id)) continue
      await this.#try('open uploads', id, async () => {
        unlisted = (await this.#abortLate(store)) === 'unlisted' || unlisted
      })
    }
    await this.#try('uploads', state.id, () => this.#records(unlisted))
    await this.#try('kept uploads', state.id, () => this.#unsettled())
    await this.#try('uploads by content', state.id, () => this.#pointers())
  }

  /** The store's own list tells which are open: no record of the others has to be read. */
  async #abortLate(store: ObjectStore): Promise<'listed' | 'unlisted'> {
    let page = await listUploads(store, '')
    if (page === undefined) return 'unlisted'
    while (page !== undefined) {
      const ids = page.uploads.flatMap(({ key }) => uploadIdOfFile(key) ?? [])
      await this.#each([...new Set(ids)], store.id, (id) => this.#removeIfDue(id))
      const copies = page.uploads.filter(({ key }) => key.startsWith('persist/'))
      await this.#each(copies, store.id, (copy) => this.#abortCopy(store, copy))
      page = page.next === undefined ? undefined : await listUploads(store, '', page.next)
    }
    return 'listed'
  }

  /** A copy to a kept name that its request did not live to end. */
  async #abortCopy(
    store: ObjectStore,
    { key, uploadId }: { readonly key: string; readonly uploadId: string },
  ): Promise<void> {
    const { state, now } = this.#options
    if (!(await isLeft(state, key, now)) || !this.#mayRemove()) return
    await store.abortUpload(key, uploadId)
    this.#counts.aborted++
  }

  /** Kept uploads that were to be settled by now, and those whose files newer ones have replaced. */
  async #unsettled(): Promise<void> {
    const { state, now } = this.#options
    let next: string | undefined
    do {
      const page = await state.list(unsettledRoot, next === undefined ? {} : { next })
      const notes = page.objects.flatMap(({ key }) => {
        const note = readUnsettledKey(key)
        return note === undefined ? [] : [{ key, ...note }]
      })
      const due = notes.filter(({ atMs }) => atMs <= now)
      await this.#each(due, state.id, async ({ key, uploadId }) => {
        if (await this.#settle(uploadId)) await state.delete(key)
      })
      next = due.length < notes.length ? undefined : page.next
    } while (next !== undefined && !this.#isOver())
  }

  /** Whether the upload needs no further look. */
  async #settle(uploadId: string): Promise<boolean> {
    const { uploads, state } = this.#options
    const upload = await uploads.read(uploadId)
    if (upload === undefined) return true
    const { keptKey } = upload
    const isHolder =
      keptKey !== undefined &&
      (await holderOf(state, turnName({ ...upload, keptKey }))) === uploadId
    if (isHolder && upload.state === 'open') {
      // It was verified and is in its place, but whoever did that did not live to write it down.
      await uploads.update(uploadId, (current) =>
        current.state === 'open' ? { ...current, key: keptKey, state: 'complete' } : current,
      )
      return true
    }
    if (upload.state !== 'complete') return await this.#removeIfDue(uploadId)
    if (isHolder || keptKey === undefined) return true
    if (!this.#mayRemove()) return false
    await forgetContent(state, upload)
    await uploads.remove(upload)
    this.#counts.records++
    return true
  }

  /** Records of days that are over; of all days where a store does not list what is open. */
  async #records(all: boolean): Promise<void> {
    const { state } = this.#options
    for (const day of await daysUnder(state, 'uploads/')) {
      if (day >= this.#today && (day === endlessDay || !all)) continue
      let next: string | undefined
      do {
        const page = await state.list(`uploads/${day}/`, next === undefined ? {} : { next })
        const keys = page.objects.map(({ key }) => key)
        await this.#each(keys, state.id, async (key) => {
          const record = readUploadRecordKey(key)
          if (record?.day === day) await this.#removeIfDue(record.uploadId, key)
        })
        next = page.next
      } while (next !== undefined && !this.#isOver())
    }
  }

  /**
   * Whether it is gone. `recordKey` is given where the record was listed: it goes with its day even
   * when nobody can open it.
   */
  async #removeIfDue(uploadId: string, recordKey?: string): Promise<boolean> {
    const { uploads, stores, state, now } = this.#options
    const isPast = (dayOfGrantId(uploadId) ?? this.#today) < this.#today
    const upload = await uploads.read(uploadId).catch((error: unknown) => {
      if (isPast && isTooLarge(error)) return undefined
      throw error
    })
    if (upload === undefined) {
      // Its master key is retired, or it is longer than one can be; of a job's payload there never
      // was a record.
      if (!isPast || recordKey === undefined || !this.#mayRemove()) return false
      await state.delete(recordKey)
      this.#counts.records++
      return true
    }
    const isLate = upload.state !== 'complete' && upload.openUntil <= now
    const isDue = isPast || isLate || upload.state === 'deleted'
    if (!isDue || !this.#mayRemove()) return false
    const store = stores.get(upload.storeId)
    if (upload.state === 'complete' || store === undefined) {
      await uploads.remove(upload)
    } else {
      const marked = await markDeleted(uploads, upload)
      await eraseUpload({ store, state, uploads, now: () => now }, marked)
      if (upload.state === 'open') this.#counts.aborted++
    }
    this.#counts.records++
    return true
  }

  async #pointers(): Promise<void> {
    const { state } = this.#options
    let next: string | undefined
    do {
      const page = await state.list(sameContentRoot, next === undefined ? {} : { next })
      const keys = page.objects.map(({ key }) => key)
      await this.#each(keys, state.id, async (key) => {
        const day = dayOfGrantId(readSameContentKey(key) ?? '')
        if (day !== undefined && day < this.#today && this.#mayRemove()) await state.delete(key)
      })
      next = page.next
    } while (next !== undefined && !this.#isOver())
  }

  #mayRemove(): boolean {
    if (this.#isOver()) return false
    this.#left--
    return true
  }

  async #each<T>(
    items: readonly T[],
    storeId: string,
    work: (item: T) => Promise<unknown>,
  ): Promise<void> {
    for (let at = 0; at < items.length && !this.#isOver(); at += width) {
      const some = items.slice(at, at + width)
      await Promise.all(some.map((item) => this.#try('upload', storeId, () => work(item))))
    }
  }

  async #try(what: string, store: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#counts.faults++
      const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
      this.#options.log.write('warn', { event: 'sweep_fault', what, store, reason })
    }
  }
}
