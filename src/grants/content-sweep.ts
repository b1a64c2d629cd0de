import { type Log, reasonOf } from '../log.ts'
import {
  contentDaysRoot,
  contentKey,
  contentRecordKey,
  readContentDayKey,
  type StoredContent,
} from '../store/content-keys.ts'
import { dayNumber, dayOf } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'
import { storeUnavailable } from '../store/store-fault.ts'
import { readContentRecord, writeContentRecord } from './content-records.ts'

/** What one sweep did; `done` is false when it stopped at its limit or at a fault. */
export interface SweptContent {
  /** Files that were deleted. */
  readonly files: number
  /** Notes that were dealt with, most of them of files that are needed longer by now. */
  readonly notes: number
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
  /** Awaited before each note, where requests are to be spread. */
  readonly pace?: () => Promise<void>
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
  const { state, log, limit } = options
  const today = dayOf(options.now)
  let files = 0
  let notes = 0
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

  async function settle(noteKey: string, content: StoredContent): Promise<void> {
    await options.pace?.()
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
      for (let at = 0; at < found.length && left > 0; at += width) {
        const batch = found.slice(at, at + Math.min(width, left))
        left -= batch.length
        await Promise.all(
          batch.map(({ key, content }) => attempt(content.storeId, () => settle(key, content))),
        )
      }
    } while (next !== undefined && left > 0)
  }

  await attempt(state.id, async () => {
    for (const day of await pastDays(state, today)) if (left > 0) await sweepDay(day)
  })
  return { files, notes, faults, done: left > 0 && faults === 0 }
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

async function pastDays(state: ObjectStore, today: string): Promise<string[]> {
  const days: string[] = []
  let next: string | undefined
  do {
    const at = next === undefined ? {} : { next }
    const page = await state.list(`${contentDaysRoot}2`, { delimiter: '/', ...at })
    for (const prefix of page.prefixes) {
      const day = prefix.slice(contentDaysRoot.length, -1)
      if (dayNumber(day) !== undefined && day < today) days.push(day)
    }
    next = page.next
  } while (next !== undefined)
  return days.sort()
}
