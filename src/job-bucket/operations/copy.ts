import type { Reply } from '../../platform.ts'
import { resolveKey } from '../authorise.ts'
import type { Call } from '../call.ts'
import { findParameter } from '../detect.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { type Copied, type Copy, copyAsStream, copyInStore } from './copy-object.ts'
import { readSource, readSourceConditions, readSourceRange } from './copy-source.ts'
import { readHead, reserveCopy, reservePart, settleCopy, writeReserved } from './keep-quota.ts'
import { newObjectHeaders, writeConditions } from './object-headers.ts'
import { partNumberOf, uploadIdOf } from './upload-params.ts'

/**
 * CopyObject. Tags, ACLs, storage classes and encryption are not kept here, so what is said of them is
 * left aside, as it is of a new object.
 */
export async function copyObject(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const copy: Copy = {
    source: readSource(call),
    conditions: readSourceConditions(call),
    key,
    headers: replaces(call) ? newObjectHeaders(call.headers, call.target.query) : undefined,
    root: 'CopyObjectResult',
    absent: 'NoSuchKey',
  }
  if (copy.source === key && copy.headers === undefined) {
    const text =
      'This copy request is illegal because it is trying to copy an object to itself without ' +
      "changing the object's metadata"
    throw new S3Error('InvalidRequest', text)
  }
  const conditions = writeConditions(call.headers)
  // Stores that know conditions on what a PUT replaces do not know them of a copy.
  const isConditional = Object.keys(conditions).length > 0
  const reservation = await reserveCopy(call, key, copy.source)
  try {
    const copied = await writeReserved(reservation, async () => {
      const inStore = isConditional ? undefined : await copyInStore(call, copy)
      return inStore ?? (await copyAsStream(call, copy, conditions))
    })
    await settleCopy(call, copy, reservation, copied.etag)
    return replyCopied(copy, copied)
  } finally {
    reservation.release()
  }
}

/** UploadPartCopy. */
export async function uploadPartCopy(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const part = { partNumber: partNumberOf(call), uploadId: uploadIdOf(call) }
  const copy: Copy = {
    source: readSource(call),
    conditions: readSourceConditions(call),
    range: readSourceRange(call),
    key,
    query: part,
    headers: undefined,
    root: 'CopyPartResult',
    absent: 'NoSuchUpload',
  }
  // Ceph RGW 16 does not decode the source of a part: it would be another object than the one that was
  // checked.
  const isPlain = /^[A-Za-z0-9._~/-]+$/.test(copy.source)
  const bytes = await bytesOf(call, copy)
  const reservation = await reservePart(call, key, part, bytes)
  try {
    const copied = await writeReserved(reservation, async () => {
      const inStore = isPlain ? await copyInStore(call, copy) : undefined
      return inStore ?? (await copyAsStream(call, copy))
    })
    await reservation.settle(bytes)
    return replyCopied(copy, copied)
  } finally {
    reservation.release()
  }
}

async function bytesOf(call: Call, { source, range }: Copy): Promise<number> {
  return range === undefined ? (await readHead(call, source)).bytes : range.last - range.first + 1
}

function replaces(call: Call): boolean {
  const name = 'x-amz-metadata-directive'
  const directive = findParameter(call.headers, call.target.query, name) ?? 'COPY'
  if (directive === 'COPY' || directive === 'REPLACE') return directive === 'REPLACE'
  throw new S3Error('InvalidArgument', 'Unknown metadata directive')
}

function replyCopied({ root }: Copy, { etag, lastModified }: Copied): Reply {
  return replyXml(root, { LastModified: lastModified, ETag: etag })
}
