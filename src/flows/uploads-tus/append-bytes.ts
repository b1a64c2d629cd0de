import { GatewayError } from '../../errors.ts'
import { createGrantId } from '../../grants/grant-id.ts'
import { readChunk } from '../../intake/stage-json.ts'
import { tailKey } from '../../store/keys.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { ExpectedChecksum } from '../../uploads/tus/checksum.ts'
import { PartSink } from '../../uploads/tus/part-sink.ts'
import {
  isLeased,
  leaseMs,
  type TailPiece,
  type TusProgress,
  withoutLease,
} from '../../uploads/tus/tus-state.ts'
import type { Call, Deps } from '../deps.ts'
import { failedUpload, requireInTime, uploadNotFound } from '../uploads/own-upload.ts'
import { completeTus } from './complete-tus.ts'
import { requireTus, type TusUpload } from './protocol.ts'

/** Bytes that go on an upload from where its client believes it to be. */
export interface Addition {
  readonly call: Pick<Call, 'body' | 'contentLength'>
  readonly offset: number
  readonly checksum?: ExpectedChecksum | undefined
}

/**
 * Adds a request's bytes to an upload, and completes it with the last one. What has arrived stays
 * when the body breaks off, but for a body with a checksum, which counts whole or not at all. One
 * request writes at a time, on whichever instance: it holds a lease in the record.
 *
 * @throws {GatewayError} upload_offset, upload_locked, upload_expired, checksum_mismatch,
 *   body_too_large, client_gone, busy, store_unavailable; upload_mismatch where the store has other
 *   bytes in the end
 */
export async function appendBytes(
  deps: Deps,
  upload: TusUpload,
  addition: Addition,
): Promise<TusUpload> {
  const { call, checksum } = addition
  const { size, storeId, uploadId } = upload
  const store = deps.store(storeId)
  if (store === undefined) throw uploadNotFound()
  const holder = createGrantId(upload.day)
  const leased = await takeLease(deps, upload, holder, addition)
  if (leased.state === 'complete' || leased.tus.lease === undefined) return leased

  const start = leased.tus
  const sink = new PartSink({
    ...{ store, pool: deps.pool, platform: deps.platform, upload, start },
    partsInFlight: deps.config.staging.partsInFlight,
    // The day of the file, which for one that is to be kept is not the upload's own.
    tailKey: tailKey(upload.key.slice(0, 10), uploadId, holder),
  })
  let isLost = false
  const { fault, keep } = await receive()
  if (!keep) await sink.discard(isLost ? lockedByOther() : undefined)
  const progress = keep ? await sink.settle() : start
  const stored = await commit(progress, undefined).catch(async (error: unknown) => {
    // Whether it was written is not known, so neither tail can go: the sweep of their day takes both.
    throw fault ?? error
  })
  if (stored === undefined) {
    await removeTail(store, progress.tail, start.tail)
    throw fault ?? lockedByOther()
  }
  await removeTail(store, start.tail, progress.tail)
  const failure = fault ?? sink.failure?.error
  if (failure !== undefined) throw failure
  return progress.offset === size ? await completeTus(deps, stored) : stored

  /** Reads the body to its end; `keep` says whether what has come counts although it is not whole. */
  async function receive(): Promise<{ fault?: unknown; keep: boolean }> {
    const { body, contentLength } = call
    let renewAt = deps.platform.now() + leaseMs / 2
    let received = 0
    try {
      for (;;) {
        const chunk = body && (await readChunk(body))
        if (deps.platform.now() >= renewAt) {
          renewAt = deps.platform.now() + leaseMs / 2
          const landed = checksum === undefined ? sink.landed() : start
          isLost = (await commit(landed, holder)) === undefined
          if (isLost) return { fault: lockedByOther(), keep: false }
        }
        if (chunk === undefined) break
        received += chunk.length
        if (start.offset + received > size) return { fault: tooMuch(size), keep: false }
        await checksum?.hash.update(chunk)
        await sink.write(chunk)
      }
    } catch (error) {
      return { fault: error, keep: checksum === undefined }
    }
    if (contentLength !== undefined && received < contentLength) {
      const detail = `The body ended after ${received} of ${contentLength} bytes`
      return { fault: new GatewayError('client_gone', detail), keep: checksum === undefined }
    }
    if (checksum === undefined || (await checksum.holds())) return { keep: true }
    const detail = 'Send these bytes again: they do not have the checksum that came with them'
    return { fault: new GatewayError('checksum_mismatch', detail), keep: false }
  }

  /** Notes how far it is, as long as the lease is ours; without `next` it ends. */
  async function commit(
    progress: TusProgress,
    next: string | undefined,
  ): Promise<TusUpload | undefined> {
    const until = deps.platform.now() + leaseMs
    const lease = next === undefined ? {} : { lease: { holder: next, until } }
    let isMine = false
    const written = await deps.uploads.update(uploadId, (current) => {
      isMine = current.tus?.lease?.holder === holder
      if (current.tus === undefined || !isMine) return current
      return { ...current, tus: { ...withoutLease(current.tus), ...pick(progress), ...lease } }
    })
    return written === undefined || !isMine ? undefined : requireTus(written)
  }
}

function pick({ offset, etags, tail }: TusProgress): TusProgress {
  return { offset, etags, tail }
}

async function takeLease(
  deps: Deps,
  { uploadId, size }: TusUpload,
  holder: string,
  { offset, call }: Addition,
): Promise<TusUpload> {
  const now = deps.platform.now()
  const end = offset + (call.contentLength ?? 0)
  const lease = { holder, until: now + leaseMs }
  const written = await deps.uploads.update(uploadId, (current) => {
    const { tus, state, openUntil } = current
    const isFree = tus !== undefined && !isLeased(tus, now) && tus.offset === offset
    if (!isFree || state !== 'open' || now >= openUntil || end > size) return current
    return { ...current, tus: { ...tus, lease } }
  })
  if (written === undefined) throw uploadNotFound()
  const upload = requireTus(written)
  const { tus, state } = upload
  if (tus.lease?.holder === holder) return upload
  if (state === 'failed') throw failedUpload(upload)
  if (state === 'open') requireInTime(deps, upload)
  if (state === 'open' && isLeased(tus, now)) throw lockedByOther()
  if (tus.offset !== offset) {
    const detail = `Go on from byte ${tus.offset}: ${offset} is not where the upload is`
    throw new GatewayError('upload_offset', detail, { offset: tus.offset })
  }
  if (end > size) throw tooMuch(size)
  return upload
}

function lockedByOther(): GatewayError {
  const detail = 'Another request is writing this upload: ask for its offset, then go on'
  return new GatewayError('upload_locked', detail, { retryAfterSeconds: 1 })
}

function tooMuch(size: number): GatewayError {
  const detail = `Send no more than the ${size} bytes that were announced`
  return new GatewayError('body_too_large', detail, { limitName: 'Upload-Length', limit: size })
}

/** Removes what a tail had and has no more; what cannot be removed now is the sweep's. */
async function removeTail(
  store: ObjectStore,
  before: readonly TailPiece[],
  after: readonly TailPiece[],
): Promise<void> {
  const kept = new Set(after.map(({ key }) => key))
  const gone = before.filter(({ key }) => !kept.has(key))
  await Promise.allSettled(gone.map(({ key }) => store.delete(key)))
}
