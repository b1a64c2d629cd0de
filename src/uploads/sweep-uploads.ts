import { dayOfGrantId } from '../grants/grant-id.ts'
import { type Log, reasonOf } from '../log.ts'
import {
  dayNumber,
  dayOf,
  readSameContentKey,
  readUploadRecordKey,
  sameContentRoot,
  uploadIdOfFile,
} from '../store/keys.ts'
import { listUploads } from '../store/list-uploads.ts'
import type { ObjectStore } from '../store/store.ts'
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
    return { ...this.#counts, done: this.#left > 0 && this.#counts.faults === 0 }
  }

  async run(): Promise<void> {
    const { stores, state } = this.#options
    let unlisted = false
    for (const [id, store] of stores) {
      await this.#try('open uploads', id, async () => {
        unlisted = (await this.#abortLate(store)) === 'unlisted' || unlisted
      })
    }
    await this.#try('uploads', state.id, () => this.#records(unlisted))
    await this.#try('uploads by content', state.id, () => this.#pointers())
  }

  /** The store's own list tells which are open: no record of the others has to be read. */
  async #abortLate(store: ObjectStore): Promise<'listed' | 'unlisted'> {
    let page = await listUploads(store, '')
    if (page === undefined) return 'unlisted'
    while (page !== undefined) {
      const ids = page.uploads.flatMap(({ key }) => uploadIdOfFile(key) ?? [])
      await this.#each([...new Set(ids)], store.id, (id) => this.#removeIfDue(id))
      page = page.next === undefined ? undefined : await listUploads(store, '', page.next)
    }
    return 'listed'
  }

  /**
   * Records of days that are over, and of files that are kept, whose keys do not tell their upload;
   * of all days where a store does not list what is open.
   */
  async #records(all: boolean): Promise<void> {
    const { state } = this.#options
    for (const day of await this.#days()) {
      if (day >= this.#today && day !== endlessDay && !all) continue
      let next: string | undefined
      do {
        const page = await state.list(`uploads/${day}/`, next === undefined ? {} : { next })
        const keys = page.objects.map(({ key }) => key)
        await this.#each(keys, state.id, async (key) => {
          const record = readUploadRecordKey(key)
          if (record?.day === day) await this.#removeIfDue(record.uploadId, key)
        })
        next = page.next
      } while (next !== undefined && this.#left > 0)
    }
  }

  async #days(): Promise<string[]> {
    const { state } = this.#options
    const days: string[] = []
    let next: string | undefined
    do {
      // All days begin with a 2 until the year 3000; what is noted by content does not.
      const at = next === undefined ? {} : { next }
      const page = await state.list('uploads/2', { delimiter: '/', ...at })
      for (const prefix of page.prefixes) {
        const day = prefix.slice('uploads/'.length, -1)
        if (dayNumber(day) !== undefined) days.push(day)
      }
      next = page.next
    } while (next !== undefined)
    return days
  }

  /** `recordKey` is given where the record was listed: it goes with its day even when nobody can open it. */
  async #removeIfDue(uploadId: string, recordKey?: string): Promise<void> {
    const { uploads, stores, state, now } = this.#options
    const isPast = (dayOfGrantId(uploadId) ?? this.#today) < this.#today
    const upload = await uploads.read(uploadId)
    if (upload === undefined) {
      // Its master key is retired; of a job's payload there never was a record.
      if (!isPast || recordKey === undefined || !this.#mayRemove()) return
      await state.delete(recordKey)
      this.#counts.records++
      return
    }
    const isLate = upload.state !== 'complete' && upload.openUntil <= now
    if (!(isPast || isLate) || !this.#mayRemove()) return
    if (upload.state === 'open') {
      await stores.get(upload.storeId)?.abortUpload(upload.key, upload.multipartId)
      this.#counts.aborted++
    }
    await uploads.remove(upload)
    this.#counts.records++
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
    } while (next !== undefined && this.#left > 0)
  }

  #mayRemove(): boolean {
    if (this.#left <= 0) return false
    this.#left--
    return true
  }

  async #each(
    items: readonly string[],
    storeId: string,
    work: (item: string) => Promise<void>,
  ): Promise<void> {
    for (let at = 0; at < items.length && this.#left > 0; at += width) {
      const some = items.slice(at, at + width)
      await Promise.all(some.map((item) => this.#try('upload', storeId, () => work(item))))
    }
  }

  async #try(what: string, store: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#counts.faults++
      const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
      this.#options.log.write('warn', { event: 'sweep_fault', what, store, reason })
    }
  }
}
