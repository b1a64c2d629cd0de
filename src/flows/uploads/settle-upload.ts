import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../log.ts'
import { headObject } from '../../store/head-object.ts'
import type { ObjectStore } from '../../store/store.ts'
import { noteContent } from '../../uploads/by-sha256.ts'
import { isSameEtag } from '../../uploads/check-parts.ts'
import type { Upload } from '../../uploads/upload.ts'
import { type Verdict, verifyObject } from '../../uploads/verify-object.ts'
import type { Deps } from '../deps.ts'
import { failedUpload, type OwnUpload, uploadNotFound } from './own-upload.ts'

/** Looks that are taken at an upload which somebody else seems to be completing. */
const looks = 6

/**
 * Verifies what an upload has become and writes that into its record; of several at once one does it,
 * and all see the same. `etag` is the object's where this request made it.
 *
 * @throws {GatewayError} upload_mismatch when the object is not as announced, and is deleted;
 *   upload_expired when the store has dropped it; upload_not_found when it was aborted meanwhile;
 *   store_unavailable
 */
export async function settleUpload(
  deps: Deps,
  own: OwnUpload,
  etag: string | undefined,
  sha256: string | undefined,
): Promise<Upload> {
  const { upload, store } = own
  const isKept = upload.retain === 'persist'
  // The key of a kept file may hold another upload's object, older or newer.
  if (isKept && etag === undefined) {
    const settled = await readSettled(deps, upload.uploadId)
    if (settled !== undefined) return settled
  }
  const verdict = await verifyObject(store, deps.platform, upload, sha256)
  if (verdict === undefined) return await waitForOther(deps, upload)
  if (isKept && !(etag !== undefined && isSameEtag(verdict.head.etag, etag))) {
    if (verdict.fault !== undefined && etag === undefined) return await waitForOther(deps, upload)
    // This one was there, and a newer one is now.
    if (etag !== undefined) return await markComplete(deps, own, etag, undefined)
  }
  if (verdict.fault !== undefined) throw await fail(deps, own, verdict, verdict.fault)
  return await markComplete(deps, own, verdict.head.etag, sha256)
}

async function markComplete(
  deps: Deps,
  { upload, store }: OwnUpload,
  etag: string,
  sha256: string | undefined,
): Promise<Upload> {
  const settled = await deps.uploads.update(upload.uploadId, (current) => {
    if (current.state !== 'open') return current
    const { reported: _shown, ...rest } = current
    return { ...rest, state: 'complete', etag, ...(sha256 !== undefined && { sha256 }) }
  })
  if (settled === undefined) {
    await deleteObject(store, upload, etag)
    throw uploadNotFound()
  }
  if (settled.state === 'failed') throw failedUpload(settled)
  if (sha256 !== undefined) {
    // Without it the same file is uploaded once more, and nothing else.
    await noteContent(deps.stateStore, { ...settled, sha256 }).catch((error: unknown) =>
      deps.log.write('warn', { event: 'upload_not_noted', reason: reasonOf(error) }),
    )
  }
  return settled
}

async function fail(
  deps: Deps,
  { upload, store }: OwnUpload,
  { head }: Verdict,
  fault: NonNullable<Verdict['fault']>,
): Promise<GatewayError> {
  const settled = await deps.uploads.update(upload.uploadId, (current) =>
    current.state === 'open' ? { ...current, state: 'failed', fault } : current,
  )
  // Another request has verified it, by another digest than this one's.
  if (settled?.state === 'complete') {
    return new GatewayError('upload_mismatch', fault.detail)
  }
  await deleteObject(store, upload, head.etag)
  return settled === undefined ? uploadNotFound() : failedUpload(settled)
}

/**
 * Deletes an upload's object, and where it has a stable key nobody else's that took its place.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function deleteObject(
  store: ObjectStore,
  { key, retain }: Upload,
  etag: string,
): Promise<void> {
  if (retain === 'persist') {
    const head = await headObject(store, key)
    if (head === undefined || !isSameEtag(head.etag, etag)) return
  }
  await store.delete(key)
}

/** What another request has made of an upload; undefined while it is open. */
async function readSettled(deps: Deps, uploadId: string): Promise<Upload | undefined> {
  const upload = await deps.uploads.read(uploadId)
  if (upload === undefined) throw uploadNotFound()
  if (upload.state === 'failed') throw failedUpload(upload)
  return upload.state === 'complete' ? upload : undefined
}

/** The object may be gone because another request found a fault in it, or be about to appear. */
async function waitForOther(deps: Deps, upload: Upload): Promise<Upload> {
  for (let look = 0; look < looks; look++) {
    const settled = await readSettled(deps, upload.uploadId)
    if (settled !== undefined) return settled
    await deps.platform.wait(100 * 2 ** Math.min(look, 3))
  }
  throw new GatewayError(
    'upload_expired',
    'Start the upload again: the store does not know it any more',
  )
}
