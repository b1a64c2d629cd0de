import type { components } from '../../contract/types.gen.ts'
import { validateCompleteRequest } from '../../contract/validators.gen.js'
import { GatewayError } from '../../errors.ts'
import type { Reply } from '../../platform.ts'
import { listParts } from '../../store/list-parts.ts'
import type { UploadedPart } from '../../store/store.ts'
import { StoreAnswer } from '../../store/store-fault.ts'
import { checkParts } from '../../uploads/check-parts.ts'
import { refOf } from '../../uploads/ref.ts'
import { type Upload, usableUntil } from '../../uploads/upload.ts'
import type { Call, Deps } from '../deps.ts'
import { failedUpload, findOwnUpload, type OwnUpload, requireInTime } from './own-upload.ts'
import { invalidRequest, jsonReply, readRequest } from './read-request.ts'
import { settleUpload } from './settle-upload.ts'

type CompleteRequest = components['schemas']['CompleteRequest']
type CompletedUpload = components['schemas']['CompletedUpload']

/** Room for the ETags of 10,000 parts. */
const requestMaxBytes = 4 * 1024 * 1024

/**
 * Puts an upload's parts together and verifies the object: its part URLs are dead from then on, in
 * the store itself. What a client reports is held to the store's own list of parts where there is one,
 * and to what the store takes where there is none. Asking again, also at once, gives the same answer.
 *
 * @throws {GatewayError} as `findOwnUpload`; invalid_json, invalid_request; upload_incomplete and
 *   upload_mismatch, before anything is put together, naming the part; upload_mismatch for an object
 *   that is not as announced, which is deleted then; upload_expired; store_unavailable
 */
export async function completeUpload(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  const own = await findOwnUpload(deps, call, uploadId)
  const { upload, store } = own
  const request = await readRequest<CompleteRequest>(call, requestMaxBytes, validateCompleteRequest)
  if (upload.state === 'failed') {
    // Whoever found the fault may not have come to this.
    await store.delete(upload.key)
    throw failedUpload(upload)
  }
  const sha256 = expectedDigest(upload, request.sha256?.toLowerCase())
  if (upload.state === 'complete') return answerOf(deps, upload)
  requireInTime(deps, upload)
  await putTogether(deps, own, request.parts)
  const settled = await settleUpload(deps, own, sha256)
  deps.log.write('info', {
    event: 'upload_completed',
    parts: settled.partCount,
    bytes: settled.size,
  })
  return answerOf(deps, settled)
}

/** What the whole file must have, from the start or given only now. */
function expectedDigest(upload: Upload, given: string | undefined): string | undefined {
  if (given === undefined || given === upload.sha256) return upload.sha256
  if (upload.sha256 !== undefined) {
    throw new GatewayError('upload_mismatch', 'Give the SHA-256 that was announced, or none', {
      pointer: '/sha256',
    })
  }
  if (upload.state === 'open') return given
  throw invalidRequest('/sha256', 'Leave "/sha256" out: the upload was completed without')
}

/** Does nothing where the upload is not open any more: there is an object then, or there is none. */
async function putTogether(
  { platform }: Deps,
  { upload, store }: OwnUpload,
  reported: readonly UploadedPart[],
): Promise<void> {
  const { key, multipartId, partCount } = upload
  // Of a single part the store's own refusal tells as much.
  const stored =
    partCount === 1
      ? 'unlisted'
      : await listParts(store, key, multipartId, (ms) => platform.wait(ms))
  if (stored === 'gone') {
    checkParts(upload, reported, undefined)
    return
  }
  const parts = checkParts(upload, reported, stored === 'unlisted' ? undefined : stored)
  try {
    await store.completeUpload(key, multipartId, parts)
  } catch (error) {
    const answer = error instanceof GatewayError ? error.facts.cause : undefined
    if (!(answer instanceof StoreAnswer)) throw error
    if (answer.status === 404) return
    if (answer.status !== 400 && answer.status !== 409) throw error
    const which = partCount === 1 ? 'Part 1 is' : 'Some parts are'
    const detail = `${which} not in the store as reported: upload what is missing or has changed`
    throw new GatewayError('upload_mismatch', detail, {
      ...(partCount === 1 && { partNumber: 1 }),
      cause: answer,
    })
  }
}

function answerOf({ config }: Deps, upload: Upload): Reply {
  const { uploadId, size, contentType, filename } = upload
  const expiresAt = new Date(usableUntil(config.uploads, upload)).toISOString()
  const answer: CompletedUpload = {
    ...{ ref: refOf(uploadId), uploadId, size, contentType, filename, expiresAt },
  }
  return jsonReply(200, answer)
}
