import type { Grant, Mount } from '../../grants/grant.ts'
import { reasonOf } from '../../log.ts'
import { listUploads } from '../../store/list-uploads.ts'
import { findMount, orderMounts } from '../authorise.ts'
import type { Call } from '../call.ts'
import type { Amount } from '../job-usage.ts'
import type { ObjectToCome, OutputsInStore, PartOf, Reservation } from '../quota.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, storeError } from '../store-answer.ts'
import { sumParts } from './list-parts.ts'
import { openSource } from './list-source.ts'

/** Of what is no output of the job's. */
const none: Reservation = { settle: async () => {}, doubt: () => {}, release: () => {} }
const everything = { prefix: '', delimiter: '', after: '', maxKeys: 1000 }

/**
 * Takes quota for an object, before it is written.
 * @throws {S3Error} QuotaExceeded
 */
export async function reserve(call: Call, object: ObjectToCome): Promise<Reservation> {
  const counted = countedOf(call)
  if (counted === undefined) return none
  return await call.quotas.reserve(counted.grant, object, filesUnder(call, counted.mount))
}

/**
 * Takes quota for a copy of `source`, a real key, before it is made.
 * @throws {S3Error} QuotaExceeded or NoSuchKey
 */
export async function reserveCopy(call: Call, key: string, source: string): Promise<Reservation> {
  if (countedOf(call) === undefined) return none
  return await reserve(call, { key, bytes: (await readHead(call, source)).bytes })
}

/**
 * Takes quota for an object that is made of the parts of these numbers, before it is.
 * @throws {S3Error} QuotaExceeded
 */
export async function reserveParts(
  call: Call,
  upload: Omit<PartOf, 'partNumber'>,
  numbers: readonly string[],
): Promise<{ readonly reservation: Reservation; readonly bytes: number }> {
  const counted = countedOf(call)
  if (counted === undefined) return { reservation: none, bytes: 0 }
  const { key, uploadId } = upload
  const known = call.quotas.bytesOfParts(counted.grant, uploadId, numbers)
  // Some came through another instance: what they will replace cannot be had back once it is replaced.
  const bytes = known ?? (await sumParts(call, upload, new Set(numbers)))
  // The upload is over: it becomes nothing that is not there and counted.
  if (bytes === undefined) return { reservation: none, bytes: 0 }
  return { reservation: await reserve(call, { key, bytes, completes: uploadId }), bytes }
}

/**
 * Takes quota for a part, before it is written.
 * @throws {S3Error} QuotaExceeded
 */
export async function reservePart(
  call: Call,
  key: string,
  { uploadId, partNumber }: Omit<PartOf, 'key'>,
  bytes: number,
): Promise<Reservation> {
  const counted = countedOf(call)
  if (counted === undefined) return none
  const part = { key, uploadId, partNumber }
  const files = filesUnder(call, counted.mount)
  return await call.quotas.reservePart(counted.grant, part, bytes, files)
}

/** The upload of that real key is over: its parts are taken no longer. */
export function forgetParts(call: Call, upload: Omit<PartOf, 'partNumber'>): void {
  call.quotas.forgetParts(countedOf(call)?.grant ?? call.grant, upload)
}

/**
 * Writes with what was reserved. Where the store did not say that it refused, the write counts as made,
 * unless `isUnsent` knows better.
 */
export async function writeReserved<T>(
  reservation: Reservation,
  write: () => Promise<T>,
  isUnsent: () => boolean = () => false,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const isRefused =
      error instanceof S3Error && (error.status < 500 || error.code === 'NotImplemented')
    if (!isRefused && !isUnsent()) reservation.doubt()
    throw error
  }
}

/**
 * Settles for an object that has been written, and removes it again where it is one too many.
 * @throws {S3Error} QuotaExceeded
 */
export async function settle(
  call: Call,
  key: string,
  reservation: Reservation,
  bytes: number,
): Promise<void> {
  try {
    await reservation.settle(bytes)
  } catch (error) {
    if (error instanceof S3Error && error.code === 'QuotaExceeded') await remove(call, key)
    throw error
  }
}

/**
 * Settles for a copy with this ETag: its source may have changed since its size was asked for.
 * @throws {S3Error} QuotaExceeded
 */
export async function settleCopy(
  call: Call,
  { key, source }: { readonly key: string; readonly source: string },
  reservation: Reservation,
  etag: string,
): Promise<void> {
  if (reservation === none) return
  // On itself it adds nothing, and must never go.
  if (source === key) return reservation.doubt()
  const head = await writeReserved(reservation, () => readHead(call, key)).catch((error) => {
    // What has been deleted or replaced meanwhile is not this copy any more.
    if (error instanceof S3Error && error.code === 'NoSuchKey') return undefined
    throw error
  })
  if (head?.etag !== etag) return reservation.doubt()
  await settle(call, key, reservation, head.bytes)
}

/** Takes an object away that is one too many; the store is asked twice. */
async function remove(call: Call, key: string): Promise<void> {
  for (let tried = 0; tried < 2; tried++) {
    const answer = await askStore(call, { method: 'DELETE', key })
    await answer.body.cancel()
    if (answer.status < 300 || answer.status === 404) return
  }
  call.log.write('error', { event: 'job_bucket_over_quota', requestId: call.id })
}

/** Size and quoted ETag of an object; `key` is real. */
export async function readHead(
  call: Call,
  key: string,
): Promise<{ readonly bytes: number; readonly etag: string | null }> {
  const answer = await askStore(call, { method: 'HEAD', key })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchKey')
  await answer.body.cancel()
  const bytes = Number(answer.headers.get('content-length') ?? Number.NaN)
  if (Number.isSafeInteger(bytes)) return { bytes, etag: answer.headers.get('etag') }
  throw new S3Error('InternalError', undefined, 'the store gave no length')
}

/**
 * What a write counts to: the job's own outputs, or its session, which has a quota of its own and is
 * counted apart. What a reference holds counts nowhere.
 */
function countedOf({ grant, target }: Call): { grant: Grant; mount: Mount } | undefined {
  const mount = findMount(orderMounts(grant.mounts), target.key)
  if (mount?.path === '') return grant.quota === undefined ? undefined : { grant, mount }
  const { session, grantId } = grant
  if (session === undefined || mount?.mode !== 'read-write') return undefined
  return { grant: { ...grant, grantId: `${grantId} session`, quota: session.quota }, mount }
}

function filesUnder(call: Call, outputs: Mount): OutputsInStore {
  const mounts = orderMounts(call.grant.mounts)
  return {
    async count(keys) {
      const within = { ...everything, prefix: outputs.path }
      const source = openSource(call, mounts, outputs, within)
      const sizes = new Map<string, number>()
      let all: Amount = { bytes: 0, objects: 0 }
      if (source === undefined) return { all, sizes }
      for await (const { key, object } of source) {
        if (object === undefined) continue
        const bytes = Number(object.size)
        all = { bytes: all.bytes + bytes, objects: all.objects + 1 }
        const real = outputs.key + key.slice(outputs.path.length)
        if (keys.has(real)) sizes.set(real, bytes)
      }
      return { all, sizes }
    },
    async sizeOf(key) {
      try {
        return (await readHead(call, key)).bytes
      } catch (error) {
        if (error instanceof S3Error && error.code === 'NoSuchKey') return undefined
        throw error
      }
    },
    async openUploads() {
      const open = new Set<string>()
      try {
        let page = await listUploads(call.store, outputs.key)
        while (page !== undefined) {
          for (const { uploadId } of page.uploads) open.add(uploadId)
          if (page.next === undefined) return open
          page = await listUploads(call.store, outputs.key, page.next)
        }
      } catch (error) {
        throw new S3Error('ServiceUnavailable', undefined, reasonOf(error))
      }
      return undefined
    },
  }
}
