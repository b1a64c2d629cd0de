import { GatewayError } from '../../errors.ts'
import { refOf } from '../../uploads/ref.ts'
import type { TusState } from '../../uploads/tus/tus-state.ts'
import type { Upload } from '../../uploads/upload.ts'
import type { Call } from '../deps.ts'
import { uploadNotFound } from '../uploads/own-upload.ts'

/** The version of the protocol, and the only one. */
export const tusVersion = '1.0.0'

/** Media type of bytes for an upload. */
export const offsetStream = 'application/offset+octet-stream'

/** An upload that is made by tus. */
export type TusUpload = Upload & { readonly tus: TusState }

/** @throws {GatewayError} tus_version */
export function requireVersion({ headers }: Pick<Call, 'headers'>): void {
  if (headers.get('tus-resumable') === tusVersion) return
  throw new GatewayError('tus_version', `Send "Tus-Resumable: ${tusVersion}"`)
}

/**
 * The whole number that a header holds; undefined where it is missing.
 *
 * @throws {GatewayError} invalid_request
 */
export function readCount({ headers }: Pick<Call, 'headers'>, name: string): number | undefined {
  const text = headers.get(name)
  if (text === null) return undefined
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(count)) return count
  throw new GatewayError('invalid_request', `Send ${name} as a whole number of bytes`)
}

/**
 * An upload that is not made by tus has no offset to go on from.
 *
 * @throws {GatewayError} upload_not_found
 */
export function requireTus(upload: Upload): TusUpload {
  const { tus } = upload
  if (tus === undefined) throw uploadNotFound()
  return { ...upload, tus }
}

/** Headers of an answer about an upload: how far it is, until when, and its ref when it is complete. */
export function uploadHeaders(upload: TusUpload): Headers {
  const { uploadId, state, openUntil, size, tus } = upload
  const offset = state === 'complete' ? size : tus.offset
  const headers = new Headers({ 'upload-offset': String(offset), 'cache-control': 'no-store' })
  if (state === 'complete') headers.set('bulkway-ref', refOf(uploadId))
  else headers.set('upload-expires', new Date(openUntil).toUTCString())
  return headers
}
