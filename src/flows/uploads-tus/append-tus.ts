import { GatewayError } from '../../errors.ts'
import type { Reply } from '../../platform.ts'
import { parseChecksum } from '../../uploads/tus/checksum.ts'
import type { Call, Deps } from '../deps.ts'
import { findOwnUpload } from '../uploads/own-upload.ts'
import { appendBytes } from './append-bytes.ts'
import { offsetStream, readCount, requireTus, requireVersion, uploadHeaders } from './protocol.ts'

/**
 * Takes the next bytes of an upload.
 *
 * @throws {GatewayError} tus_version, unsupported_media_type, invalid_request; as `findOwnUpload` and
 *   `appendBytes`
 */
export async function appendTus(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  requireVersion(call)
  const { headers } = call
  if (headers.get('content-type') !== offsetStream) {
    throw new GatewayError('unsupported_media_type', `Send the bytes as ${offsetStream}`)
  }
  const offset = readCount(call, 'upload-offset')
  if (offset === undefined) throw new GatewayError('invalid_request', 'Send Upload-Offset')
  const checksum = parseChecksum(headers.get('upload-checksum') ?? undefined, deps.platform)
  const { upload } = await findOwnUpload(deps, call, uploadId)
  const after = await appendBytes(deps, requireTus(upload), { call, offset, checksum })
  return { status: 204, headers: uploadHeaders(after) }
}
