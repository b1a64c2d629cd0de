import { findMount, orderMounts } from '../authorise.ts'
import type { Call } from '../call.ts'
import type { Amount, Count, Reservation } from '../quota.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, storeError } from '../store-answer.ts'
import { openSource } from './list-source.ts'

const none: Reservation = { settle: async () => {}, release: () => {} }
const everything = { prefix: '', delimiter: '', after: '', maxKeys: 1000 }

/**
 * Takes quota for an object, before it is written.
 * @throws {S3Error} QuotaExceeded
 */
export async function reserve(call: Call, key: string, bytes: number): Promise<Reservation> {
  if (!isOutput(call)) return none
  return await call.quotas.reserve(call.grant, key, { bytes, objects: 1 }, counter(call))
}

/**
 * Takes quota for a part, before it is written.
 * @throws {S3Error} QuotaExceeded
 */
export async function reservePart(
  call: Call,
  key: string,
  { uploadId, partNumber }: { readonly uploadId: string; readonly partNumber: string },
  bytes: number,
): Promise<Reservation> {
  if (!isOutput(call)) return none
  const part = { key, uploadId, partNumber }
  return await call.quotas.reservePart(call.grant, part, bytes, counter(call))
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
    if (error instanceof S3Error && error.code === 'QuotaExceeded') {
      const answer = await askStore(call, { method: 'DELETE', key })
      await answer.body.cancel()
    }
    throw error
  }
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

function counter(call: Call): Count {
  return async ({ except }) => {
    const mounts = orderMounts(call.grant.mounts)
    const outputs = mounts.find(({ path }) => path === '')
    const source = outputs && openSource(call, mounts, outputs, everything)
    let total: Amount = { bytes: 0, objects: 0 }
    if (outputs === undefined || source === undefined) return total
    for await (const { key, object } of source) {
      if (object === undefined || outputs.key + key === except) continue
      total = { bytes: total.bytes + Number(object.size), objects: total.objects + 1 }
    }
    return total
  }
}
