import { isOwner } from '../../auth/principal.ts'
import { GatewayError } from '../../errors.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { Upload } from '../../uploads/upload.ts'
import { type Admission, admit, proveCaller } from '../admit.ts'
import type { Call, Deps } from '../deps.ts'

/** An upload that nobody has deleted. */
export type LiveUpload = Upload & { readonly state: Exclude<Upload['state'], 'deleted'> }

/** An upload of the caller's own, and where it lies. */
export interface OwnUpload {
  readonly admission: Admission
  readonly upload: LiveUpload
  readonly store: ObjectStore
}

/**
 * Finds an upload of the caller's to this endpoint.
 *
 * @throws {GatewayError} as `admit` and `proveCaller`; upload_not_found, in the same words for what
 *   is not there, somebody else's or another endpoint's
 */
export async function findOwnUpload(deps: Deps, call: Call, uploadId: string): Promise<OwnUpload> {
  const { upload, ...own } = await findOwnOrDeleted(deps, call, uploadId)
  if (!isLive(upload)) throw uploadNotFound()
  return { ...own, upload }
}

/**
 * Finds an upload of the caller's, or what is left of one that could not be deleted to the end.
 *
 * @throws {GatewayError} as `findOwnUpload`
 */
export async function findOwnOrDeleted(
  deps: Deps,
  call: Call,
  uploadId: string,
): Promise<Omit<OwnUpload, 'upload'> & { readonly upload: Upload }> {
  const admission = await admit(deps, call)
  await proveCaller(deps, call, admission)
  const upload = await deps.uploads.read(uploadId)
  const store = upload && deps.store(upload.storeId)
  if (upload === undefined || store === undefined || upload.endpointId !== call.endpointId) {
    throw uploadNotFound()
  }
  if (!(await isOwner(admission.principal, upload.owner))) throw uploadNotFound()
  return { admission, upload, store }
}

function isLive(upload: Upload): upload is LiveUpload {
  return upload.state !== 'deleted'
}

/** The one error of an upload that is not there for the caller. */
export function uploadNotFound(): GatewayError {
  return new GatewayError('upload_not_found', 'Cannot find this upload')
}

/**
 * Lets nothing be done to an open upload whose time is over.
 *
 * @throws {GatewayError} upload_expired
 */
export function requireInTime({ platform }: Deps, { openUntil }: Upload): void {
  if (platform.now() < openUntil) return
  const until = new Date(openUntil).toISOString()
  throw new GatewayError('upload_expired', `Start the upload again: its time was over at ${until}`)
}

/** The error of an upload that was not what it said. */
export function failedUpload({ fault }: Pick<Upload, 'fault'>): GatewayError {
  const { detail = 'The upload failed', partNumber } = fault ?? {}
  return new GatewayError('upload_mismatch', `${detail}; it is deleted, start the upload again`, {
    ...(partNumber !== undefined && { partNumber }),
  })
}
