import { GatewayError } from '../../errors.ts'
import { copyObject } from '../../store/copy-object.ts'
import { headObject } from '../../store/head-object.ts'
import type { ObjectStore } from '../../store/store.ts'
import { storeUnavailable } from '../../store/store-fault.ts'
import { abortLeft } from '../../uploads/abort-left.ts'
import { type Turn, takeTurn, turnMs } from '../../uploads/kept-name.ts'
import { isShared, turnName } from '../../uploads/turn-name.ts'
import { noteUnsettled } from '../../uploads/unsettled.ts'
import type { Upload } from '../../uploads/upload.ts'
import type { Deps } from '../deps.ts'
import { failedUpload, uploadNotFound } from './own-upload.ts'
import { nameTaken, requireOwnName } from './shared-name.ts'

/** Looks until a kept name is free. */
const turnLooks = 20

/** Where a verified file lies for good. */
export type Placed = Pick<Upload, 'key'> & { readonly etag: string }

/** A verified file that is to be kept, and who keeps it. */
export interface Keeping {
  readonly upload: Upload & { readonly keptKey: string }
  readonly store: ObjectStore
  /** Whether what is owned by this id is the caller's. */
  readonly isMine: (owner: string) => Promise<boolean>
}

/**
 * Copies a verified file to the key of its name: it appears there when it is whole. Gives the upload
 * where another request has done it; undefined where the file is gone.
 *
 * @throws {GatewayError} forbidden for a name that is somebody else's; store_unavailable, also while
 *   another file of the same name is put in its place; upload_not_found and upload_mismatch where
 *   another request has deleted it
 */
export async function placeKept(
  deps: Deps,
  keeping: Keeping,
): Promise<Placed | Upload | undefined> {
  const turn = await waitForTurn(deps, keeping.upload)
  return 'uploadId' in turn ? turn : await place(deps, keeping, turn)
}

/** What another request has made of an upload; undefined while it is open. */
export async function readSettled(deps: Deps, uploadId: string): Promise<Upload | undefined> {
  const upload = await deps.uploads.read(uploadId)
  if (upload === undefined || upload.state === 'deleted') throw uploadNotFound()
  if (upload.state === 'failed') throw failedUpload(upload)
  return upload.state === 'complete' ? upload : undefined
}

/** Milliseconds before the next look. */
export function pauseMs(look: number): number {
  return 100 * 2 ** Math.min(look, 3)
}

async function place(
  deps: Deps,
  { upload, store, isMine }: Keeping,
  turn: Turn,
): Promise<Placed | undefined> {
  const { stateStore, platform, config } = deps
  const { key, size, uploadId, keptKey } = upload
  const wait = (ms: number) => platform.wait(ms)
  let isBegun = false
  try {
    if (isShared(keptKey)) {
      await requireOwnName(deps, upload, turn.holder, isMine)
      if (turn.holder === undefined) await requireLeft(store, keptKey, turn.left)
      if (turn.left.length > 0) await abortLeft(store, keptKey)
      await turn.begin(size)
    }
    isBegun = true
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
    await giveUp(store, { keptKey, size }, turn, isBegun).catch(() => {})
    throw error
  }
}

/**
 * Ends a turn in which nothing was put into place. What it has left under a shared name, or a copy
 * that goes on behind a lost answer, must not pass for the file of somebody else later; what another
 * has put there since, whose turn it is by now, must stay.
 */
async function giveUp(
  store: ObjectStore,
  { keptKey, size }: Pick<Keeping['upload'], 'keptKey' | 'size'>,
  turn: Turn,
  isBegun: boolean,
): Promise<void> {
  const isSettled = !isBegun && turn.left.length === 0
  if (isSettled || !isShared(keptKey) || turn.holder !== undefined)
    return await turn.end(turn.holder)
  if (isBegun) {
    await turn.renew()
    await requireLeft(store, keptKey, [...turn.left, size])
      .then(() => store.delete(keptKey))
      .catch(() => {})
  }
  await turn.leave()
}

/** Refuses a name whose file none of these turns can have left: somebody else has put it there since. */
async function requireLeft(
  store: ObjectStore,
  keptKey: string,
  sizes: readonly number[],
): Promise<void> {
  const head = await headObject(store, keptKey)
  if (head !== undefined && !sizes.includes(head.size)) throw nameTaken(keptKey)
}

/** The turn to write a kept file, or the upload where another request has put it there. */
async function waitForTurn(deps: Deps, upload: Keeping['upload']): Promise<Turn | Upload> {
  const { stateStore, platform, config } = deps
  // A volume may copy for longer than anybody renews the turn.
  const { completeMaxSeconds = 0 } = config.stores.get(upload.storeId)?.volume ?? {}
  const forMs = turnMs + completeMaxSeconds * 1000
  for (let look = 0; look < turnLooks; look++) {
    const settled = await readSettled(deps, upload.uploadId)
    if (settled !== undefined) return settled
    const turn = await takeTurn(stateStore, turnName(upload), () => platform.now(), forMs)
    if (turn !== undefined) return turn
    await platform.wait(pauseMs(look))
  }
  const detail = 'The file is being put in its place: complete it again in a moment'
  throw new GatewayError('store_unavailable', detail, { retryAfterSeconds: 5 })
}
