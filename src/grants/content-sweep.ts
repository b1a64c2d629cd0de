import { type Log, reasonOf } from '../log.ts'
import {
  contentDaysRoot,
  contentKey,
  contentRecordKey,
  contentRoot,
  readContentDayKey,
  readContentKey,
  type StoredContent,
} from '../store/content-keys.ts'
import { dayOf } from '../store/keys.ts'
import { listUploads } from '../store/list-uploads.ts'
import { daysUnder } from '../store/past-days.ts'
import type { ObjectStore } from '../store/store.ts'
import { storeUnavailable } from '../store/store-fault.ts'
import { readContentRecord, writeContentRecord } from './content-records.ts'

/** What one sweep did; `done` is false when it stopped at its limit or at a fault. */
export interface SweptContent {
  /** Files that were deleted. */
  readonly files: number
  /** Notes that were dealt with, most of them of files that are needed longer by now. */
  readonly notes: number
  /** Copies in parts that nobody ended. */
  readonly aborted: number
  readonly faults: number
  readonly done: boolean
}

/** Options of a sweep. */
export interface SweepContentOptions {
  /** Every store that payloads lie in, by id. */
  readonly stores: ReadonlyMap<string, ObjectStore>
  readonly state: ObjectStore
  /** Milliseconds since the epoch: days before this one are over. */
  readonly now: number
  /** The time as it passes, for turns between sweeps. */
  readonly clock: () => number
  readonly log: Log
  /** Notes that are looked at in all; what is left over is the next sweep's. */
  readonly limit: number
  /** Asked before each step: no more of them then; absent: never. */
  readonly isOver?: () => boolean
  /** Ids of stores whose open uploads are not listed. */
  readonly slow?: ReadonlySet<string>
}

/** Milliseconds for which a sweep has the turn to delete one file. */
const turnMs = 300_000

/** Notes that are looked at together. */
const width = 4

/**
 * Deletes files that are kept by their content and that no job needs any more, by the notes of days
 * (UTC) before today. A job that wants such a file at the same moment either keeps it or does not use
 * it: a conditional write decides. Can be stopped, repeated and run by several at once. Faults are
 * logged and counted.
 */
export async function sweepContent(options: SweepContentOptions): Promise<SweptContent> {
  const { state, stores, log, limit, isOver = () => false } = options
  const today = dayOf(options.now)
  let files = 0
  let notes = 0
  let aborted = 0
  let faults = 0
  let left = limit

  async function attempt(store: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      faults++
      const reason = reasonOf(error instanceof Error && error.cause ? error.cause : error)
      log.write('warn', { event: 'sweep_fault', what: 'content', store, reason })
    }
  }

  const mayGoOn = () => left > 0 && !isOver()

  async function settle(noteKey: string, content: StoredContent): Promise<void> {
    const verdict = await removeWhereDue(options, content, today)
    if (verdict === 'busy') return
    if (verdict === 'removed') files++
    await state.delete(noteKey)
    notes++
  }

  async function sweepDay(day: string): Promise<void> {
    let next: string | undefined
    do {
      const page = await state.list(`${contentDaysRoot}${day}/`, next === undefined ? {} : { next })
      next = page.next
      const found = page.objects.flatMap(({ key }) => {
        const note = readContentDayKey(key)
        return note?.day === day ? [{ key, content: note.content }] : []
      })
      for (let at = 0; at < found.length && mayGoOn(); at += width) {
        const batch = found.slice(at, at + Math.min(width, left))
        left -= batch.length
        await Promise.all(
          batch.map(({ key, content }) => attempt(content.storeId, () => settle(key, content))),
        )
      }
    } while (next !== undefined && mayGoOn())
  }

  await attempt(state.id, async () => {
    const days = await daysUnder(state, contentDaysRoot)
    for (const day of days.sort()) if (day < today && mayGoOn()) await sweepDay(day)
  })
  for (const [id, store] of stores) {
    if (options.slow?.has(id) || !mayGoOn()) continue
    await attempt(id, async () => {
      aborted += await abortCopies(state, id, store, today)
    })
  }
  return { files, notes, aborted, faults, done: mayGoOn() && faults === 0 }
}

/** Ends copies in parts to files that nobody needs: of gateways that died over them. */
async function abortCopies(
  state: ObjectStore,
  storeId: string,
  store: ObjectStore,
  today: string,
): Promise<number> {
  let count = 0
  let page = await listUploads(store, contentRoot)
  while (page !== undefined) {
    for (const { key, uploadId } of page.uploads) {
      const name = readContentKey(key)
      if (name === undefined) continue
      const { record } = await readContentRecord(state, { storeId, ...name })
      // Whoever copies has promised the file before.
      if (record !== undefined && record.day >= today) continue
      await store.abortUpload(key, uploadId)
      count++
    }
    page = page.next === undefined ? undefined : await listUploads(store, contentRoot, page.next)
  }
  return count
}

/** `kept`: needed longer, or gone; `busy`: another sweep has the turn, or a job was faster. */
async function removeWhereDue(
  { state, stores, clock }: SweepContentOptions,
  content: StoredContent,
  today: string,
): Promise<'kept' | 'busy' | 'removed'> {
  const { record, etag } = await readContentRecord(state, content)
  // A record is there before its file is: where there is none, there is nothing to delete.
  if (record === undefined || record.day >= today) return 'kept'
  if ((record.leavingUntil ?? 0) > clock()) return 'busy'
  const leavingUntil = clock() + turnMs
  const turn = { day: record.day, leavingUntil }
  if ((await writeContentRecord(state, content, turn, etag)) === undefined) return 'busy'
  await stores.get(content.storeId)?.delete(contentKey(content))
  // The record may be another sweep's by now, and the file's next one then.
  if (clock() >= leavingUntil) throw storeUnavailable(new Error('The turn to delete it is over'))
  await state.delete(contentRecordKey(content))
  return 'removed'
}
