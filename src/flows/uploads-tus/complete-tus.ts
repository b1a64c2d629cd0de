import { GatewayError } from '../../errors.ts'
import type { ObjectStore } from '../../store/store.ts'
import { StoreAnswer } from '../../store/store-fault.ts'
import type { UploadFault } from '../../uploads/upload.ts'
import { verifyObject } from '../../uploads/verify-object.ts'
import type { Deps } from '../deps.ts'
import { failedUpload, uploadNotFound } from '../uploads/own-upload.ts'
import { requireTus, type TusUpload } from './protocol.ts'

/**
 * Makes one object of an upload whose bytes are all there. It may be called again, and at the same
 * time: who comes second finds the object.
 *
 * @throws {GatewayError} store_unavailable; upload_mismatch where the store has other bytes, which are
 *   deleted
 */
export async function completeTus(deps: Deps, upload: TusUpload): Promise<TusUpload> {
  const { key, storeId, uploadId } = upload
  const store = deps.store(storeId)
  if (store === undefined) throw uploadNotFound()
  const isRefused = await putTogether(store, upload)
  const verdict = await verifyObject(store, deps.platform, upload, undefined)
  if (verdict === undefined || verdict.fault !== undefined) {
    const fault = verdict?.fault ?? {
      detail: isRefused ? 'Parts were replaced while they were uploaded' : 'The parts are gone',
    }
    return await fail(deps, store, upload, fault)
  }
  const { etag } = verdict.head
  const stored = await deps.uploads.update(uploadId, (current) =>
    current.state !== 'open' || current.tus === undefined
      ? current
      : { ...current, state: 'complete', etag, tus: { ...current.tus, etags: [], tail: [] } },
  )
  if (stored?.state === 'failed') throw failedUpload(stored)
  if (stored?.state === 'complete') {
    deps.log.write('info', { event: 'upload_completed', bytes: upload.size })
    return requireTus(stored)
  }
  // It was deleted meanwhile, and must not come back.
  await store.delete(key)
  throw uploadNotFound()
}

/** Whether the store says that the parts are not there, as it does also when they are put together already. */
async function putTogether(
  store: ObjectStore,
  { key, multipartId, tus }: TusUpload,
): Promise<boolean> {
  const parts = tus.etags.map((etag, place) => ({ partNumber: place + 1, etag }))
  try {
    await store.completeUpload(key, multipartId, parts)
    return false
  } catch (error) {
    const cause = error instanceof GatewayError ? error.cause : undefined
    const isSaid = cause instanceof StoreAnswer && (cause.status === 404 || cause.status === 400)
    if (!isSaid) throw error
    return true
  }
}

async function fail(
  deps: Deps,
  store: ObjectStore,
  { key, multipartId, uploadId }: TusUpload,
  fault: UploadFault,
): Promise<never> {
  await store.abortUpload(key, multipartId)
  await store.delete(key)
  await deps.uploads.update(uploadId, (current) =>
    current.state === 'open' ? { ...current, state: 'failed', fault } : current,
  )
  throw failedUpload({ fault })
}
