import type { Reply } from '../../platform.ts'
import type { Call, Deps } from '../deps.ts'
import { removeUpload } from '../uploads/delete-upload.ts'
import { findOwnOrDeleted } from '../uploads/own-upload.ts'
import { requireTus, requireVersion } from './protocol.ts'

/**
 * Deletes an upload, complete or not (tus 1.0.0, Termination).
 *
 * @throws {GatewayError} tus_version; as `findOwnUpload`; store_unavailable
 */
export async function endTus(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  requireVersion(call)
  const { upload, store } = await findOwnOrDeleted(deps, call, uploadId)
  await removeUpload(deps, store, requireTus(upload))
  return { status: 204, headers: new Headers() }
}
