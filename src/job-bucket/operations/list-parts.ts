import type { Reply } from '../../platform.ts'
import { resolveKey } from '../authorise.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, readText, storeError } from '../store-answer.ts'
import { parseXml, type XmlNode, xmlNodes, xmlText } from '../xml.ts'
import { owner } from './bucket.ts'
import { maxXmlBytes } from './read-xml.ts'
import { readCount, uploadIdOf } from './upload-params.ts'

/** ListParts: the store's page, its names and owners replaced. */
export async function listParts(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const uploadId = uploadIdOf(call)
  const maxParts = Math.min(readCount(call, 'max-parts', 1000), 1000)
  const marker = readCount(call, 'part-number-marker', 0)
  const page = await askParts(call, { key, uploadId }, marker, maxParts)
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

/**
 * Bytes of the parts of these numbers, as far as the store has them; undefined for an upload that is
 * not open. `key` is real.
 */
export async function sumParts(
  call: Call,
  upload: { readonly key: string; readonly uploadId: string },
  numbers: ReadonlySet<string>,
): Promise<number | undefined> {
  let bytes = 0
  try {
    for (let marker = 0; ; ) {
      const page = await askParts(call, upload, marker, 1000)
      for (const part of xmlNodes(page, 'Part')) {
        if (numbers.has(xmlText(part, 'PartNumber') ?? '')) bytes += Number(xmlText(part, 'Size'))
      }
      const next = Number(xmlText(page, 'NextPartNumberMarker'))
      if (xmlText(page, 'IsTruncated') !== 'true' || !(next > marker)) break
      marker = next
    }
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchUpload') return undefined
    throw error
  }
  if (Number.isSafeInteger(bytes)) return bytes
  throw new S3Error('InternalError', undefined, 'the store gave no size of a part')
}

async function askParts(
  call: Call,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  marker: number,
  maxParts: number,
): Promise<XmlNode> {
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
  return page
}
