import { isOwner } from '../../auth/principal.ts'
import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../log.ts'
import { noteContent } from '../../uploads/by-sha256.ts'
import { eraseUpload } from '../../uploads/erase-upload.ts'
import { forgetUnsettled } from '../../uploads/unsettled.ts'
import type { Upload } from '../../uploads/upload.ts'
import { type Verdict, verifyObject } from '../../uploads/verify-object.ts'
import type { Deps } from '../deps.ts'
import { failedUpload, type OwnUpload, uploadNotFound } from './own-upload.ts'
import { type Placed, pauseMs, placeKept, readSettled } from './place-kept.ts'

/** Looks that are taken at an upload which somebody else seems to be completing. */
const looks = 6

/**
 * Verifies what an upload has become, moves a kept file to its name, and writes that into the record;
 * of several at once one does it, and all see the same.
 *
 * @throws {GatewayError} upload_mismatch when the object is not as announced, and is deleted;
 *   upload_expired when the store has dropped it; upload_not_found when it was deleted meanwhile;
 *   store_unavailable; and as `placeKept`
 */
export async function settleUpload(
  deps: Deps,
  own: OwnUpload,
  sha256: string | undefined,
): Promise<Upload> {
  const { upload, store } = own
  const verdict = await verifyObject(store, deps.platform, upload, sha256)
  if (verdict === undefined) return await waitForOther(deps, upload)
  if (verdict.fault !== undefined) throw await fail(deps, own, verdict.fault)
  const { keptKey, key } = upload
  if (keptKey === undefined) {
    return await markComplete(deps, own, { key, etag: verdict.head.etag }, sha256)
  }
  const { principal } = own.admission
  const isMine = (owner: string) => isOwner(principal, owner)
  const placed = await placeKept(deps, { upload: { ...upload, keptKey }, store, isMine })
  if (placed === undefined) return await waitForOther(deps, upload)
  if ('uploadId' in placed) return placed
  const settled = await markComplete(deps, own, placed, sha256)
  // What is left of both goes with its time.
  await Promise.allSettled([
    store.delete(key),
    forgetUnsettled(deps.stateStore, upload.openUntil, upload.uploadId),
  ])
  return settled
}

async function markComplete(
  deps: Deps,
  { upload, store }: OwnUpload,
  placed: Placed,
  sha256: string | undefined,
): Promise<Upload> {
  const { uploads, stateStore: state, platform } = deps
  const settled = await uploads.update(upload.uploadId, (current) => {
    if (current.state !== 'open') return current
    const { reported: _shown, ...rest } = current
    return { ...rest, state: 'complete', ...placed, ...(sha256 !== undefined && { sha256 }) }
  })
  if (settled === undefined || settled.state === 'deleted') {
    await eraseUpload({ state, store, uploads, now: () => platform.now() }, settled ?? upload)
    throw uploadNotFound()
  }
  if (settled.state === 'failed') throw failedUpload(settled)
  if (sha256 !== undefined) {
    // Without it the same file is uploaded once more, and nothing else.
    await noteContent(state, { ...settled, sha256 }).catch((error: unknown) =>
      deps.log.write('warn', { event: 'upload_not_noted', reason: reasonOf(error) }),
    )
  }
  return settled
}

async function fail(
  deps: Deps,
  { upload, store }: OwnUpload,
  fault: NonNullable<Verdict['fault']>,
): Promise<GatewayError> {
  const settled = await deps.uploads.update(upload.uploadId, (current) =>
    current.state === 'open' ? { ...current, state: 'failed', fault } : current,
  )
  // Another request has verified it, by another digest than this one's.
  if (settled?.state === 'complete') {
    return new GatewayError('upload_mismatch', fault.detail)
  }
  await store.delete(upload.key)
  return settled?.state === 'failed' ? failedUpload(settled) : uploadNotFound()
}

/** The object may be gone because another request found a fault in it, or be about to appear. */
async function waitForOther(deps: Deps, upload: Upload): Promise<Upload> {
  for (let look = 0; look < looks; look++) {
    const settled = await readSettled(deps, upload.uploadId)
    if (settled !== undefined) return settled
    await deps.platform.wait(pauseMs(look))
  }
  throw new GatewayError(
    'upload_expired',
    'Start the upload again: the store does not know it any more',
  )
}
