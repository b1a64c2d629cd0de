import { GatewayError } from '../../errors.ts'
import { reasonOf } from '../../log.ts'
import { copyObject } from '../../store/copy-object.ts'
import { headObject } from '../../store/head-object.ts'
import { storeUnavailable } from '../../store/store-fault.ts'
import { noteContent } from '../../uploads/by-sha256.ts'
import { eraseUpload } from '../../uploads/erase-upload.ts'
import { type Turn, takeTurn } from '../../uploads/kept-name.ts'
import { forgetUnsettled, noteUnsettled } from '../../uploads/unsettled.ts'
import type { Upload } from '../../uploads/upload.ts'
import { type Verdict, verifyObject } from '../../uploads/verify-object.ts'
import type { Deps } from '../deps.ts'
import { failedUpload, type OwnUpload, uploadNotFound } from './own-upload.ts'

/** Looks that are taken at an upload which somebody else seems to be completing. */
const looks = 6

/** Looks until a kept name is free. */
const turnLooks = 20

/** Where a verified file lies for good. */
type Placed = Pick<Upload, 'key'> & { readonly etag: string }

/**
 * Verifies what an upload has become, moves a kept file to its name, and writes that into the record;
 * of several at once one does it, and all see the same.
 *
 * @throws {GatewayError} upload_mismatch when the object is not as announced, and is deleted;
 *   upload_expired when the store has dropped it; upload_not_found when it was deleted meanwhile;
 *   store_unavailable, also while another file of the same name is put in its place
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
  const turn = await waitForTurn(deps, upload, keptKey)
  if ('uploadId' in turn) return turn
  const placed = await place(deps, own, keptKey, turn)
  if (placed === undefined) return await waitForOther(deps, upload)
  const settled = await markComplete(deps, own, placed, sha256)
  // What is left of both goes with its time.
  await Promise.allSettled([
    store.delete(key),
    forgetUnsettled(deps.stateStore, upload.openUntil, upload.uploadId),
  ])
  return settled
}

/** Copies a verified file to the key of its name; undefined where it is gone. */
async function place(
  { stateStore, platform, config }: Deps,
  { upload, store }: OwnUpload,
  keptKey: string,
  turn: Turn,
): Promise<Placed | undefined> {
  const { key, size, uploadId } = upload
  const wait = (ms: number) => platform.wait(ms)
  try {
    if (!(await copyObject(store, { key, size }, keptKey, wait, () => turn.renew()))) {
      await turn.end(turn.holder)
      return undefined
    }
    const head = await headObject(store, keptKey)
    if (head?.size !== size) throw storeUnavailable(new Error('The copy is not as its source'))
    if (turn.holder !== undefined && turn.holder !== uploadId) {
      const { openSeconds, keepSeconds } = config.uploads
      const until = platform.now() + (openSeconds + keepSeconds) * 1000
      await noteUnsettled(stateStore, until, turn.holder)
    }
    await turn.end(uploadId)
    return { key: keptKey, etag: head.etag }
  } catch (error) {
    await turn.end(turn.holder).catch(() => {})
    throw error
  }
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

/** What another request has made of an upload; undefined while it is open. */
async function readSettled(deps: Deps, uploadId: string): Promise<Upload | undefined> {
  const upload = await deps.uploads.read(uploadId)
  if (upload === undefined || upload.state === 'deleted') throw uploadNotFound()
  if (upload.state === 'failed') throw failedUpload(upload)
  return upload.state === 'complete' ? upload : undefined
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

/** The turn to write a kept file, or the upload where another request has put it there. */
async function waitForTurn(deps: Deps, upload: Upload, keptKey: string): Promise<Turn | Upload> {
  const { stateStore, platform } = deps
  for (let look = 0; look < turnLooks; look++) {
    const settled = await readSettled(deps, upload.uploadId)
    if (settled !== undefined) return settled
    const turn = await takeTurn(stateStore, keptKey, () => platform.now())
    if (turn !== undefined) return turn
    await platform.wait(pauseMs(look))
  }
  const detail = 'The file is being put in its place: complete it again in a moment'
  throw new GatewayError('store_unavailable', detail, { retryAfterSeconds: 5 })
}

function pauseMs(look: number): number {
  return 100 * 2 ** Math.min(look, 3)
}
