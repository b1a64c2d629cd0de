import type { components } from '../../contract/types.gen.ts'
import { validatePartsRequest } from '../../contract/validators.gen.js'
import { GatewayError } from '../../errors.ts'
import type { Reply } from '../../platform.ts'
import { partLength } from '../../uploads/part-plan.ts'
import type { Upload } from '../../uploads/upload.ts'
import type { Call, Deps } from '../deps.ts'
import { failedUpload, findOwnUpload, requireInTime } from './own-upload.ts'
import { invalidRequest, jsonReply, readRequest } from './read-request.ts'
import { signUrls } from './sign-urls.ts'

type PartsRequest = components['schemas']['PartsRequest']
type SignedParts = components['schemas']['SignedParts']

/** Room for the ETags of 10,000 parts. */
const requestMaxBytes = 4 * 1024 * 1024

/**
 * Signs more parts of an open upload, on demand, and notes what the client says has landed.
 *
 * @throws {GatewayError} as `findOwnUpload`; invalid_json, invalid_request, upload_expired,
 *   upload_mismatch for one that has failed, upload_not_found for one that is complete,
 *   store_unavailable
 */
export async function signParts(deps: Deps, call: Call, uploadId: string): Promise<Reply> {
  const { upload, store } = await findOwnUpload(deps, call, uploadId)
  const request = await readRequest<PartsRequest>(call, requestMaxBytes, validatePartsRequest)
  const { partNumbers, sha256 = {}, landed = [] } = request
  requireNumbers(deps, upload, request)
  if (upload.state === 'failed') throw failedUpload(upload)
  if (upload.state === 'complete') {
    throw new GatewayError('upload_not_found', 'The upload is complete: it takes no more parts')
  }
  requireInTime(deps, upload)
  if (landed.length > 0) {
    await deps.uploads.update(uploadId, (current) => withReported(current, landed))
  }
  const signed = await signUrls(deps, store, upload, partNumbers, sha256)
  const answer: SignedParts = {
    parts: [...signed.parts],
    urlsExpireAt: signed.urlsExpireAt,
    expiresAt: new Date(upload.openUntil).toISOString(),
  }
  return jsonReply(200, answer)
}

function requireNumbers({ config }: Deps, upload: Upload, request: PartsRequest): void {
  const { partNumbers, sha256 = {}, landed = [] } = request
  const { signedParts } = config.uploads
  if (partNumbers.length > signedParts) {
    throw new GatewayError('invalid_request', `Ask for at most ${signedParts} parts at a time`, {
      ...{ pointer: '/partNumbers', limitName: 'uploads.signedParts' },
      ...{ limit: signedParts, actual: partNumbers.length },
    })
  }
  const isPart = (partNumber: number) => partLength(upload, partNumber) !== undefined
  const wrong =
    pointerOf('/partNumbers', partNumbers, (partNumber) => !isPart(partNumber)) ??
    pointerOf('/landed', landed, ({ partNumber }) => !isPart(partNumber))
  if (wrong !== undefined) {
    throw invalidRequest(wrong, `Change "${wrong}": the upload has ${upload.partCount} parts`)
  }
  const foreign = Object.keys(sha256).find((number) => !partNumbers.includes(Number(number)))
  if (foreign !== undefined) {
    const pointer = `/sha256/${foreign}`
    throw invalidRequest(pointer, `Leave "${pointer}" out: part ${foreign} is not asked for`)
  }
}

function pointerOf<T>(
  list: string,
  items: readonly T[],
  isWrong: (item: T) => boolean,
): string | undefined {
  const at = items.findIndex(isWrong)
  return at < 0 ? undefined : `${list}/${at}`
}

function withReported(current: Upload, landed: NonNullable<PartsRequest['landed']>): Upload {
  const { reported = {} } = current
  const isKnown = landed.every(({ partNumber, etag }) => reported[partNumber] === etag)
  if (current.state !== 'open' || isKnown) return current
  const added = Object.fromEntries(landed.map(({ partNumber, etag }) => [partNumber, etag]))
  return { ...current, reported: { ...reported, ...added } }
}
