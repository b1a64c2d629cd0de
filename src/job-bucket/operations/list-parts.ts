import type { Reply } from '../../platform.ts'
import { resolveKey } from '../authorise.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, readText, storeError } from '../store-answer.ts'
import { parseXml, xmlNodes, xmlText } from '../xml.ts'
import { owner } from './bucket.ts'
import { maxXmlBytes } from './read-xml.ts'
import { readCount, uploadIdOf } from './upload-params.ts'

/** ListParts: the store's page, its names and owners replaced. */
export async function listParts(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const uploadId = uploadIdOf(call)
  const maxParts = Math.min(readCount(call, 'max-parts', 1000), 1000)
  const marker = readCount(call, 'part-number-marker', 0)
  const answer = await askStore(call, {
    method: 'GET',
    key,
    query: { uploadId, 'max-parts': String(maxParts), 'part-number-marker': String(marker) },
  })
  if (answer.status !== 200) {
    const fault = await storeError(answer, 'NoSuchUpload')
    // Ceph RGW 16 calls an unknown upload an unknown key.
    throw fault.code === 'NoSuchKey' ? new S3Error('NoSuchUpload', undefined, fault.reason) : fault
  }
  const page = parseXml(await readText(answer, maxXmlBytes), 'ListPartsResult')
  if (page === undefined) throw new S3Error('InternalError', undefined, 'not a list of parts')
  const { bucket, key: virtual } = call.target
  const isTruncated = xmlText(page, 'IsTruncated') === 'true'
  return replyXml('ListPartsResult', {
    Bucket: bucket,
    Key: virtual,
    UploadId: uploadId,
    Initiator: owner,
    Owner: owner,
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: xmlText(page, 'NextPartNumberMarker'),
    MaxParts: maxParts,
    IsTruncated: isTruncated,
    Part: xmlNodes(page, 'Part').map((part) => ({
      PartNumber: xmlText(part, 'PartNumber'),
      LastModified: xmlText(part, 'LastModified'),
      ETag: xmlText(part, 'ETag'),
      Size: xmlText(part, 'Size'),
    })),
  })
}
