import type { components } from '../../contract/types.gen.ts'
import type { Reply } from '../../platform.ts'
import { listParts } from '../../store/list-parts.ts'
import { partLength } from '../../uploads/part-plan.ts'
import { refOf } from '../../uploads/ref.ts'
import { usableUntil } from '../../uploads/upload.ts'
import type { Call, Deps } from '../deps.ts'
import { findOwnUpload, type OwnUpload } from './own-upload.ts'
import { jsonReply } from './read-request.ts'

type UploadAnswer = components['schemas']['Upload']

/**
 * Tells how far an upload is: what has landed, from the store, or where it cannot list parts from
 * what the client reported.
 *
 * @throws {GatewayError} as `findOwnUpload`; store_unavailable
 */
export async function readUpload(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  const own = await findOwnUpload(deps, call, uploadId)
  const { upload } = own
  const { state, size, partSize, partCount, filename, contentType, openUntil } = upload
  const until = state === 'complete' ? usableUntil(deps.config.uploads, upload) : openUntil
  const answer: UploadAnswer = {
    ...{ uploadId, ref: refOf(uploadId), state, size, partSize, partCount },
    landed: state === 'open' ? await landedOf(deps, own) : [],
    expiresAt: new Date(until).toISOString(),
    ...{ filename, contentType },
  }
  return jsonReply(200, answer)
}

async function landedOf(deps: Deps, { upload, store }: OwnUpload): Promise<UploadAnswer['landed']> {
  const { key, multipartId, reported = {} } = upload
  const parts = await listParts(store, key, multipartId, (ms) => deps.platform.wait(ms))
  if (parts === 'gone') return []
  if (parts !== 'unlisted') return parts.map((part) => ({ ...part }))
  return Object.entries(reported)
    .map(([number, etag]) => ({ partNumber: Number(number), etag }))
    .sort((one, other) => one.partNumber - other.partNumber)
    .map((part) => ({ ...part, size: partLength(upload, part.partNumber) ?? 0 }))
}
