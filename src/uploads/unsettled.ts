import { unsettledKey } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'

/**
 * Notes that a kept upload is to be looked at from `atMs` (milliseconds since the epoch) on: no day
 * takes it, and the sweep reads no others of its kind.
 */
export async function noteUnsettled(
  state: ObjectStore,
  atMs: number,
  uploadId: string,
): Promise<void> {
  await state.put(unsettledKey(atMs, uploadId), new Uint8Array(0), { contentType: 'text/plain' })
}

/** Forgets that note. */
export async function forgetUnsettled(
  state: ObjectStore,
  atMs: number,
  uploadId: string,
): Promise<void> {
  await state.delete(unsettledKey(atMs, uploadId))
}
