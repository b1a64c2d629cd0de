import { GatewayError } from '../errors.ts'
import { headObject } from '../store/head-object.ts'
import type { ObjectStore } from '../store/store.ts'
import { abortLeft } from './abort-left.ts'
import { forgetContent } from './by-sha256.ts'
import { takeTurn } from './kept-name.ts'
import { isShared, turnName } from './turn-name.ts'
import type { Upload, Uploads } from './upload.ts'

/** Where an upload lies, and the clock. */
export interface EraseOptions {
  readonly store: ObjectStore
  readonly state: ObjectStore
  readonly uploads: Uploads
  /** Milliseconds since the epoch. */
  now(): number
}

/**
 * Marks an upload as one that goes, whatever it was: from then on nobody completes it, nor refers to
 * it. What it was when that was written tells what there is to erase.
 */
export async function markDeleted(uploads: Uploads, upload: Upload): Promise<Upload> {
  const marked = await uploads.update(upload.uploadId, (current) =>
    current.state === 'deleted' ? current : deleted(current),
  )
  return marked ?? deleted(upload)
}

/** Who is writing it by tus loses the lease, and removes what it has stored meanwhile. */
function deleted({ tus, ...upload }: Upload): Upload {
  if (tus === undefined) return { ...upload, state: 'deleted' }
  const { lease: _over, ...rest } = tus
  return { ...upload, state: 'deleted', tus: rest }
}

/**
 * Erases an upload that is marked so: parts, object, what is noted of its content, and the record at
 * the last, so that what fails can be tried again. The file of a kept name goes where it is this
 * upload's, never another's that took its place.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function eraseUpload(options: EraseOptions, upload: Upload): Promise<void> {
  const { store, state, uploads } = options
  const { key, keptKey, multipartId, etag, tus } = upload
  if (etag === undefined) await store.abortUpload(key, multipartId)
  await Promise.all((tus?.tail ?? []).map((piece) => store.delete(piece.key)))
  if (key !== keptKey) await store.delete(key)
  if (keptKey !== undefined) await eraseKept(options, { ...upload, keptKey })
  await forgetContent(state, upload)
  await uploads.remove(upload)
}

async function eraseKept(
  { store, state, now }: EraseOptions,
  upload: Upload & { readonly keptKey: string },
): Promise<void> {
  const { keptKey, uploadId } = upload
  const turn = await takeTurn(state, turnName(upload), now)
  if (turn === undefined) {
    throw new GatewayError('store_unavailable', 'The kept file is being replaced: ask again', {
      retryAfterSeconds: 5,
    })
  }
  const isNobodys = turn.holder === undefined
  const isOwn = turn.holder === uploadId || isNobodys
  try {
    if (isShared(keptKey) && turn.left.length > 0) await abortLeft(store, keptKey)
    if (isNobodys && isShared(keptKey)) await deleteLeft(store, keptKey, turn.left)
    else if (isOwn) await store.delete(keptKey)
  } catch (error) {
    await turn.end(turn.holder).catch(() => {})
    throw error
  }
  await turn.end(isOwn ? undefined : turn.holder)
}

/** Where a name is nobody's, a request that died may have left a file; others write there, too. */
async function deleteLeft(
  store: ObjectStore,
  keptKey: string,
  sizes: readonly number[],
): Promise<void> {
  if (sizes.length === 0) return
  const head = await headObject(store, keptKey)
  if (head !== undefined && sizes.includes(head.size)) await store.delete(keptKey)
}
