import { contentDayKey, contentRecordKey, type StoredContent } from '../store/content-keys.ts'
import type { ObjectStore } from '../store/store.ts'

/** Until when a file that is kept by its content is needed, as it is stored. */
export interface ContentRecord {
  /** Last day (UTC) on which a job may need it. */
  readonly day: string
  /** Set while a sweep deletes the file: milliseconds since the epoch until which it has the turn. */
  readonly leavingUntil?: number
}

const recordMaxBytes = 1024
const tries = 10

/**
 * Promises that a file stays until a day is over; a conditional write decides between this and a
 * sweep that finds it due at the same time. False where the file is being deleted, or too many want
 * it at once: then it must not be used.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function holdContent(
  state: ObjectStore,
  content: StoredContent,
  day: string,
): Promise<boolean> {
  for (let tried = 0; tried < tries; tried++) {
    const { record, etag } = await readContentRecord(state, content)
    if (record?.leavingUntil !== undefined) return false
    if (record !== undefined && record.day >= day) return true
    // First, so that there is never a record whose day no sweep looks at.
    const note = contentDayKey(day, content)
    await state.put(note, new Uint8Array(0), { contentType: 'text/plain' })
    if ((await writeContentRecord(state, content, { day }, etag)) !== undefined) return true
  }
  return false
}

/** @throws {GatewayError} store_unavailable */
export async function readContentRecord(
  state: ObjectStore,
  content: StoredContent,
): Promise<{ record?: ContentRecord; etag?: string }> {
  const object = await state.get(contentRecordKey(content), recordMaxBytes)
  if (object === undefined) return {}
  return { record: JSON.parse(new TextDecoder().decode(object.bytes)), etag: object.etag }
}

/**
 * Writes a record where it is still the one of that ETag, or where there is none without one; its new
 * ETag, undefined where another was faster.
 * @throws {GatewayError} store_unavailable
 */
export async function writeContentRecord(
  state: ObjectStore,
  content: StoredContent,
  record: ContentRecord,
  etag: string | undefined,
): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(JSON.stringify(record))
  const condition = etag === undefined ? ('absent' as const) : { etag }
  return await state.put(contentRecordKey(content), bytes, {
    contentType: 'application/json',
    condition,
  })
}
