import type { Reply } from '../../platform.ts'
import type { Call, Deps } from '../deps.ts'
import { findOwnUpload, uploadNotFound } from '../uploads/own-upload.ts'
import { requireTus, requireVersion, type TusUpload } from './protocol.ts'

/**
 * Deletes an upload, complete or not (tus 1.0.0, Termination).
 *
 * @throws {GatewayError} tus_version; as `findOwnUpload`; store_unavailable
 */
export async function endTus(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  requireVersion(call)
  const { upload } = await findOwnUpload(deps, call, uploadId)
  await removeUpload(deps, requireTus(upload))
  return { status: 204, headers: new Headers() }
}

/** Removes all of an upload; the record last, so that what fails can be tried again. */
export async function removeUpload(deps: Deps, upload: TusUpload): Promise<void> {
  const { key, multipartId, storeId, uploadId } = upload
  const store = deps.store(storeId)
  if (store === undefined) throw uploadNotFound()
  // Who is writing loses the lease, and removes what it has stored meanwhile.
  const current = await deps.uploads.update(uploadId, (stored) =>
    stored.tus?.lease === undefined
      ? stored
      : { ...stored, tus: { ...stored.tus, lease: { holder: 'ended', until: stored.openUntil } } },
  )
  const tail = current?.tus?.tail ?? []
  await store.abortUpload(key, multipartId)
  await Promise.all([key, ...tail.map((piece) => piece.key)].map((each) => store.delete(each)))
  await deps.uploads.remove(upload)
}
