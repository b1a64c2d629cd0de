import type { Reply } from '../../platform.ts'
import { resolveKey } from '../authorise.ts'
import { checksumHeaders } from '../body/checksum.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, mapStoreError, readText, storeError } from '../store-answer.ts'
import { parseXml, writeXml, type XmlNode, xmlNodes, xmlText } from '../xml.ts'
import { forgetParts, reserveParts, settle, writeReserved } from './keep-quota.ts'
import { newObjectHeaders, writeConditions } from './object-headers.ts'
import { maxXmlBytes, readXml } from './read-xml.ts'
import { sendUpload } from './send-upload.ts'
import { isPartNumber, maxParts, partNumberOf, uploadIdOf } from './upload-params.ts'

/** CreateMultipartUpload. The store binds the upload id to the real key, so it is handed out as is. */
export async function createMultipartUpload(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const answer = await askStore(call, {
    method: 'POST',
    key,
    query: { uploads: '' },
    headers: newObjectHeaders(call.headers, call.target.query),
    body: new Uint8Array(0),
  })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchKey')
  const result = parseXml(await readText(answer, maxXmlBytes), 'InitiateMultipartUploadResult')
  const uploadId = result && xmlText(result, 'UploadId')
  if (uploadId === undefined) throw new S3Error('InternalError', undefined, 'no upload id')
  const { bucket, key: virtual } = call.target
  return replyXml('InitiateMultipartUploadResult', {
    Bucket: bucket,
    Key: virtual,
    UploadId: uploadId,
  })
}

/** UploadPart. */
export async function uploadPart(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const { etag } = await sendUpload(call, {
    key,
    part: { partNumber: partNumberOf(call), uploadId: uploadIdOf(call) },
    headers: {},
    absent: 'NoSuchUpload',
  })
  return { status: 200, headers: new Headers({ etag, 'content-length': '0' }) }
}

/** CompleteMultipartUpload. The list of parts is read and written anew: checksums stay behind. */
export async function completeMultipartUpload(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  // It is of the whole object, which nobody sees here, and not of this document.
  if (checksumHeaders.some((name) => call.headers.has(name))) {
    const text = 'A checksum of the whole object cannot be verified when its upload is completed'
    throw new S3Error('NotImplemented', text)
  }
  const parts = readParts(await readXml(call, 'CompleteMultipartUpload'))
  const uploadId = uploadIdOf(call)
  const numbers = parts.map(({ PartNumber }) => PartNumber)
  const { reservation, bytes } = await reserveParts(call, { key, uploadId }, numbers)
  try {
    const reply = await writeReserved(reservation, () => complete(call, key, parts))
    forgetParts(call, { key, uploadId })
    await settle(call, key, reservation, bytes)
    return reply
  } finally {
    reservation.release()
  }
}

async function complete(
  call: Call,
  key: string,
  parts: readonly { PartNumber: string; ETag: string }[],
): Promise<Reply> {
  const answer = await askStore(call, {
    method: 'POST',
    key,
    query: { uploadId: uploadIdOf(call) },
    headers: { 'content-type': 'application/xml', ...writeConditions(call.headers) },
    body: writeXml('CompleteMultipartUpload', { Part: parts }),
  })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchUpload')
  const text = await readText(answer, maxXmlBytes)
  const result = parseXml(text, 'CompleteMultipartUploadResult')
  // S3 may begin to answer 200 before it knows the outcome.
  if (result === undefined) throw mapStoreError(500, parseXml(text, 'Error'), 'NoSuchUpload')
  const { rawPath, bucket, key: virtual } = call.target
  return replyXml('CompleteMultipartUploadResult', {
    Location: rawPath,
    Bucket: bucket,
    Key: virtual,
    ETag: xmlText(result, 'ETag'),
  })
}

/** AbortMultipartUpload. */
export async function abortMultipartUpload(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const query = { uploadId: uploadIdOf(call) }
  const answer = await askStore(call, { method: 'DELETE', key, query })
  if (answer.status >= 300) throw await storeError(answer, 'NoSuchUpload')
  await answer.body.cancel()
  forgetParts(call, { key, ...query })
  return { status: 204, headers: new Headers() }
}

function readParts(root: XmlNode): { PartNumber: string; ETag: string }[] {
  const parts = xmlNodes(root, 'Part')
  if (parts.length === 0 || parts.length > maxParts) throw new S3Error('MalformedXML')
  let last = 0
  return parts.map((part) => {
    const number = xmlText(part, 'PartNumber')?.trim() ?? ''
    const etag = xmlText(part, 'ETag')?.trim()
    if (etag === undefined || !isPartNumber(number)) throw new S3Error('MalformedXML')
    if (Number(number) <= last) throw new S3Error('InvalidPartOrder')
    last = Number(number)
    // minio-go and s3cmd leave out the quotes, without which not every store knows an ETag.
    return { PartNumber: number, ETag: etag.startsWith('"') ? etag : `"${etag}"` }
  })
}
