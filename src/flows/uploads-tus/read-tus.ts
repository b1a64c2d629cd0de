import type { Reply } from '../../platform.ts'
import type { Call, Deps } from '../deps.ts'
import { failedUpload, findOwnUpload, requireInTime } from '../uploads/own-upload.ts'
import { completeTus } from './complete-tus.ts'
import { requireTus, requireVersion, uploadHeaders } from './protocol.ts'

/**
 * Tells how far an upload is. One whose bytes are all there is completed first: the request that
 * brought the last ones may have died before it could.
 *
 * @throws {GatewayError} tus_version; as `findOwnUpload`; upload_expired, upload_mismatch,
 *   store_unavailable
 */
export async function readTus(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  requireVersion(call)
  const { upload: found } = await findOwnUpload(deps, call, uploadId)
  const upload = requireTus(found)
  if (upload.state === 'failed') throw failedUpload(upload)
  if (upload.state === 'open') requireInTime(deps, upload)
  const isWhole = upload.state === 'open' && upload.tus.offset === upload.size
  const shown = isWhole && upload.size > 0 ? await completeTus(deps, upload) : upload
  const headers = uploadHeaders(shown)
  headers.set('upload-length', String(shown.size))
  if (shown.tus.metadata !== undefined) headers.set('upload-metadata', shown.tus.metadata)
  return { status: 200, headers }
}
