import type { Reply } from '../../platform.ts'
import { forgetContent } from '../../uploads/by-sha256.ts'
import type { Call, Deps } from '../deps.ts'
import { findOwnUpload } from './own-upload.ts'
import { deleteObject } from './settle-upload.ts'

/**
 * Aborts an upload, or deletes its file: its ref means nothing any more. Jobs that were given the
 * file lose it.
 *
 * @throws {GatewayError} as `findOwnUpload`; store_unavailable, and asking again finishes it then
 */
export async function deleteUpload(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  const { upload, store } = await findOwnUpload(deps, call, uploadId)
  if (upload.state === 'open') await store.abortUpload(upload.key, upload.multipartId)
  // The other way round a completion in between would leave its file.
  await deps.uploads.remove(upload)
  await forgetContent(deps.stateStore, upload)
  // What came by tus and is no part yet.
  await Promise.all((upload.tus?.tail ?? []).map(({ key }) => store.delete(key)))
  const isOwnObject = upload.retain === 'day' || upload.etag !== undefined
  if (isOwnObject) await deleteObject(store, upload, upload.etag ?? '')
  return { status: 204, headers: new Headers() }
}
