import type { UploadBody } from '../body/upload-body.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, storeError } from '../store-answer.ts'
import { reserve, reservePart, settle, writeReserved } from './keep-quota.ts'

/** Where a body goes in the store. */
export interface UploadTarget {
  /** Real key. */
  readonly key: string
  /** Of which upload it is a part. */
  readonly part?: { readonly partNumber: string; readonly uploadId: string }
  readonly headers: Readonly<Record<string, string>>
  readonly absent: 'NoSuchKey' | 'NoSuchUpload'
}

/**
 * PUTs the call's body to the store as a stream, within the job's quota. What the client got wrong
 * goes before what the store said about it, for that is only the echo.
 */
export async function sendUpload(call: Call, target: UploadTarget): Promise<{ etag: string }> {
  const body = call.upload()
  const { key, part } = target
  const reservation = await (part === undefined
    ? reserve(call, { key, bytes: body.length })
    : reservePart(call, key, part, body.length))
  try {
    const sent = await writeReserved(
      reservation,
      () => sendBody(call, body, target),
      // Its last byte never left.
      () => body.failure !== undefined,
    )
    await settle(call, key, reservation, body.length)
    return sent
  } finally {
    reservation.release()
  }
}

async function sendBody(
  call: Call,
  body: UploadBody,
  { key, part, headers: given, absent }: UploadTarget,
): Promise<{ etag: string }> {
  const md5 = call.headers.get('content-md5')
  // The store checks the MD5: it is of the same bytes, once aws-chunked is taken off.
  const headers = md5 === null ? given : { ...given, 'content-md5': md5 }
  // There is no last byte to hold back of an empty body: it is verified before anything is sent.
  if (body.length === 0) await body.read()
  const outgoing = body.length === 0 ? new Uint8Array(0) : body
  let answer: Awaited<ReturnType<typeof askStore>>
  try {
    answer = await askStore(call, {
      method: 'PUT',
      key,
      ...(part && { query: { ...part } }),
      headers,
      body: outgoing,
    })
  } catch (error) {
    throw body.failure ?? error
  }
  if (body.failure !== undefined || answer.status !== 200) {
    const refused = await storeError(answer, absent)
    throw body.failure ?? refused
  }
  const etag = answer.headers.get('etag')
  await answer.body.cancel()
  if (!body.isVerified) {
    throw new S3Error('InternalError', undefined, 'the store answered before the body was whole')
  }
  if (etag === null) throw new S3Error('InternalError', undefined, 'the store gave no ETag')
  return { etag }
}
