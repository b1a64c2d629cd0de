import { readCapped } from '../../bytes/read-capped.ts'
import { GatewayError } from '../../errors.ts'
import type { Reply } from '../../platform.ts'
import { readError } from '../../store/s3-xml.ts'
import { StoreAnswer, storeUnavailable } from '../../store/store-fault.ts'
import { PartBody } from '../../uploads/part-body.ts'
import { readPartClaim } from '../../uploads/part-link.ts'
import type { Call, Deps } from '../deps.ts'
import { requireInTime, uploadNotFound } from './own-upload.ts'

/**
 * Takes one part and passes it on to the store as it arrives, for stores that give out no presigned
 * URLs. The claim in the URL is the right to do so; it holds exactly the length that was signed for.
 *
 * @throws {GatewayError} upload_not_found when the claim is forged, expired or for another part, and
 *   when the upload is over; upload_mismatch for another length or digest; client_gone, upload_expired,
 *   store_unavailable
 */
export async function putPart(
  deps: Deps,
  call: Call,
  uploadId: string,
  partNumber: number,
): Promise<Reply> {
  const sealed = new URLSearchParams(call.search).get('claim') ?? ''
  const claim = await readPartClaim(deps.keyring, sealed, deps.platform.now())
  if (claim?.uploadId !== uploadId || claim.partNumber !== partNumber) throw uploadNotFound()
  const upload = await deps.uploads.read(uploadId)
  const store = upload && deps.store(upload.storeId)
  if (store === undefined || upload?.endpointId !== call.endpointId) throw uploadNotFound()
  if (upload.state !== 'open') throw uploadNotFound()
  requireInTime(deps, upload)

  const body = new PartBody(call.body, claim, deps.platform)
  if (call.contentLength !== undefined && call.contentLength !== claim.length) {
    throw body.mismatch(`${call.contentLength}`)
  }
  // There is no last byte to hold back of an empty part: it is verified before anything is sent.
  if (claim.length === 0) await body.read()
  const query = { partNumber: String(partNumber), uploadId: upload.multipartId }
  const outgoing = claim.length === 0 ? new Uint8Array(0) : body
  const answer = await store
    .send({ method: 'PUT', key: upload.key, query, body: outgoing })
    .catch((error: unknown) => {
      throw body.failure ?? error
    })
  const etag = answer.headers.get('etag')
  if (answer.status === 200 && etag !== null && body.failure === undefined && body.isWhole) {
    await answer.body.cancel()
    return { status: 200, headers: new Headers({ etag }) }
  }
  await body.cancel()
  const bytes = await readCapped(answer.body, 65_536, () => storeUnavailable(undefined))
  if (body.failure !== undefined) throw body.failure
  if (answer.status === 404) throw uploadNotFound()
  const { code, message } = readError(new TextDecoder().decode(bytes)) ?? unknownError
  const cause = new StoreAnswer('PUT part', answer.status, code, message)
  throw new GatewayError('store_unavailable', 'The store did not take the part: send it again', {
    cause,
    retryAfterSeconds: 1,
  })
}

const unknownError = { code: 'Unknown', message: 'not an S3 answer' }
