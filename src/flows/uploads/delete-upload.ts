import type { Reply } from '../../platform.ts'
import type { ObjectStore } from '../../store/store.ts'
import { eraseUpload, markDeleted } from '../../uploads/erase-upload.ts'
import { noteUnsettled } from '../../uploads/unsettled.ts'
import type { Upload } from '../../uploads/upload.ts'
import type { Call, Deps } from '../deps.ts'
import { findOwnOrDeleted } from './own-upload.ts'

/**
 * Aborts an upload, or deletes its file: its ref means nothing any more. Jobs that were given the
 * file lose it.
 *
 * @throws {GatewayError} as `findOwnUpload`; store_unavailable, and asking again finishes it then
 */
export async function deleteUpload(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  const { upload, store } = await findOwnOrDeleted(deps, call, uploadId)
  await removeUpload(deps, store, upload)
  return { status: 204, headers: new Headers() }
}

/**
 * Removes all of an upload, also one that is being completed.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function removeUpload(deps: Deps, store: ObjectStore, upload: Upload): Promise<void> {
  const { stateStore: state, uploads, platform } = deps
  // The sweep finishes what nobody asks for again.
  if (upload.keptKey !== undefined) await noteUnsettled(state, platform.now(), upload.uploadId)
  const marked = await markDeleted(uploads, upload)
  await eraseUpload({ state, store, uploads, now: () => platform.now() }, marked)
}
