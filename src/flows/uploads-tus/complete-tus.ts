import { GatewayError } from '../../errors.ts'
import type { ObjectStore } from '../../store/store.ts'
import { StoreAnswer, storeUnavailable } from '../../store/store-fault.ts'
import { forgetUnsettled } from '../../uploads/unsettled.ts'
import type { Upload, UploadFault } from '../../uploads/upload.ts'
import { verifyObject } from '../../uploads/verify-object.ts'
import type { Deps } from '../deps.ts'
import { failedUpload, uploadNotFound } from '../uploads/own-upload.ts'
import { type Placed, placeKept } from '../uploads/place-kept.ts'
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
  if (verdict === undefined && upload.keptKey !== undefined) {
    const current = await deps.uploads.read(uploadId)
    if (current?.state === 'complete') return requireTus(current)
  }
  if (verdict === undefined || verdict.fault !== undefined) {
    const fault = verdict?.fault ?? {
      detail: isRefused ? 'Parts were replaced while they were uploaded' : 'The parts are gone',
    }
    return await fail(deps, store, upload, fault)
  }
  const placed = await place(deps, store, upload, verdict.head.etag)
  if ('uploadId' in placed) return requireTus(placed)
  const stored = await deps.uploads.update(uploadId, (current) =>
    current.state !== 'open' || current.tus === undefined
      ? current
      : { ...current, ...placed, state: 'complete', tus: { ...current.tus, etags: [], tail: [] } },
  )
  if (stored?.state === 'failed') throw failedUpload(stored)
  if (stored?.state === 'complete') {
    deps.log.write('info', { event: 'upload_completed', bytes: upload.size })
    if (upload.keptKey !== undefined) await tidy(deps, store, upload)
    return requireTus(stored)
  }
  // It was deleted meanwhile, and must not come back.
  await store.delete(key)
  throw uploadNotFound()
}

/** Where the file lies for good; the upload where another request has put it there. */
async function place(
  deps: Deps,
  store: ObjectStore,
  upload: TusUpload,
  etag: string,
): Promise<Placed | Upload> {
  const { keptKey, owner, key } = upload
  if (keptKey === undefined) return { key, etag }
  const isMine = async (holder: string) => holder === owner
  const placed = await placeKept(deps, { upload: { ...upload, keptKey }, store, isMine })
  if (placed !== undefined) return placed
  throw storeUnavailable(new Error('The file was gone before it was copied to its name'))
}

/** What is left of both goes with its time. */
async function tidy(
  { stateStore }: Deps,
  store: ObjectStore,
  { key, openUntil, uploadId }: TusUpload,
): Promise<void> {
  await Promise.allSettled([store.delete(key), forgetUnsettled(stateStore, openUntil, uploadId)])
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
