import { reasonOf } from '../../log.ts'
import { listUploads } from '../../store/list-uploads.ts'
import { findMount, orderMounts } from '../authorise.ts'
import type { Call } from '../call.ts'
import type { Amount } from '../job-usage.ts'
import type { OutputsInStore, PartOf, Reservation } from '../quota.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, storeError } from '../store-answer.ts'
import { openSource } from './list-source.ts'

const none: Reservation = { settle: async () => {}, doubt: () => {}, release: () => {} }
const everything = { prefix: '', delimiter: '', after: '', maxKeys: 1000 }

/**
 * Takes quota for an object, before it is written.
 * @throws {S3Error} QuotaExceeded
 */
export async function reserve(call: Call, key: string, bytes: number): Promise<Reservation> {
  if (!isOutput(call)) return none
  return await call.quotas.reserve(call.grant, key, { bytes, objects: 1 }, outputsOf(call))
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
  if (!isOutput(call)) return none
  const part = { key, uploadId, partNumber }
  return await call.quotas.reservePart(call.grant, part, bytes, outputsOf(call))
}

/**
 * Settles for an object that has been written, and removes it again where it is one too many.
 * `bytes` undefined: as many as the store says.
 * @throws {S3Error} QuotaExceeded
 */
export async function settle(
  call: Call,
  key: string,
  reservation: Reservation,
  bytes: number | undefined,
): Promise<void> {
  if (reservation === none) return
  try {
    await reservation.settle({ bytes: bytes ?? (await sizeOf(call, key)), objects: 1 })
  } catch (error) {
    // It is there, but how large was not learned.
    reservation.doubt()
    if (error instanceof S3Error && error.code === 'QuotaExceeded') await remove(call, key)
    throw error
  }
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

/** Size of an object in bytes; `key` is real. */
export async function sizeOf(call: Call, key: string): Promise<number> {
  const answer = await askStore(call, { method: 'HEAD', key })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchKey')
  await answer.body.cancel()
  const bytes = Number(answer.headers.get('content-length') ?? Number.NaN)
  if (Number.isSafeInteger(bytes)) return bytes
  throw new S3Error('InternalError', undefined, 'the store gave no length')
}

/** Only the job's own outputs count: what a session or a reference holds is not the job's. */
function isOutput({ grant, target }: Call): boolean {
  return grant.quota !== undefined && findMount(orderMounts(grant.mounts), target.key)?.path === ''
}

function outputsOf(call: Call): OutputsInStore {
  const mounts = orderMounts(call.grant.mounts)
  const outputs = mounts.find(({ path }) => path === '')
  return {
    async count(replaced) {
      const source = outputs && openSource(call, mounts, outputs, everything)
      let all: Amount = { bytes: 0, objects: 0 }
      let old: Amount = { bytes: 0, objects: 0 }
      if (outputs === undefined || source === undefined) return { all, replaced: old }
      for await (const { key, object } of source) {
        if (object === undefined) continue
        const bytes = Number(object.size)
        all = { bytes: all.bytes + bytes, objects: all.objects + 1 }
        if (outputs.key + key === replaced) old = { bytes, objects: 1 }
      }
      return { all, replaced: old }
    },
    async openUploads() {
      const open = new Set<string>()
      if (outputs === undefined) return open
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
