import type { Mount } from '../../grants/grant.ts'
import type { Reply } from '../../platform.ts'
import { findQuery } from '../../sigv4/query.ts'
import { compareKeys } from '../../store/compare-keys.ts'
import { findMount, isPrefix, orderMounts } from '../authorise.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, readText, storeError } from '../store-answer.ts'
import { checkPrefix, cutKey, keyBytes, maxKeyBytes } from '../target.ts'
import { parseXml, type XmlNode, xmlNodes, xmlText } from '../xml.ts'
import { owner } from './bucket.ts'
import { keyEncodingOf } from './key-encoding.ts'
import { maxListBytes, rollUp } from './list-source.ts'
import { mergeByKey } from './merge.ts'
import { isUploadId, readCount } from './upload-params.ts'

interface Upload {
  /** Virtual. */
  readonly key: string
  readonly uploadId: string
  readonly initiated: string
}

/** Where a page begins: after all uploads of the key, or after one of them. */
interface Marker {
  readonly key: string
  /** Empty for all. */
  readonly uploadId: string
}

interface Range {
  readonly prefix: string
  readonly marker: Marker
  readonly maxUploads: number
}

/** ListMultipartUploads: those under the grant's writable mounts, for only there can be any. */
export async function listMultipartUploads(call: Call): Promise<Reply> {
  const { query, bucket } = call.target
  const { name, encode } = keyEncodingOf(call)
  const prefix = checkPrefix(findQuery(query, 'prefix') ?? '')
  const delimiter = findQuery(query, 'delimiter') ?? ''
  const marker = readMarker(call)
  const maxUploads = Math.min(readCount(call, 'max-uploads', 1000), 1000)
  const mounts = orderMounts(call.grant.mounts)
  const sources = mounts.flatMap(
    (mount) => openSource(call, mounts, mount, { prefix, marker, maxUploads }) ?? [],
  )
  const uploads: Upload[] = []
  const prefixes: string[] = []
  let last: Marker = { key: '', uploadId: '' }
  let isTruncated = false
  for await (const upload of maxUploads === 0 ? [] : mergeByKey(sources)) {
    const rolled = rollUp(upload.key, { prefix, delimiter })
    if (rolled !== undefined && (rolled === marker.key || rolled === prefixes.at(-1))) continue
    isTruncated = uploads.length + prefixes.length === maxUploads
    if (isTruncated) break
    if (rolled === undefined) uploads.push(upload)
    else prefixes.push(rolled)
    last = rolled === undefined ? upload : { key: rolled, uploadId: '' }
  }
  return replyXml('ListMultipartUploadsResult', {
    Bucket: bucket,
    KeyMarker: encode(marker.key),
    UploadIdMarker: marker.uploadId,
    NextKeyMarker: isTruncated ? encode(last.key) : undefined,
    NextUploadIdMarker: isTruncated ? last.uploadId : undefined,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: name,
    MaxUploads: maxUploads,
    IsTruncated: isTruncated,
    Upload: uploads.map(({ key, uploadId, initiated }) => ({
      Key: encode(key),
      UploadId: uploadId,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      Initiated: initiated,
    })),
    CommonPrefixes: prefixes.map((common) => ({ Prefix: encode(common) })),
  })
}

function readMarker({ target: { query } }: Call): Marker {
  const key = checkPrefix(findQuery(query, 'key-marker') ?? '')
  const uploadId = findQuery(query, 'upload-id-marker') ?? ''
  // Without a key it means nothing, in S3 too.
  if (key === '' || uploadId === '') return { key, uploadId: '' }
  if (!isUploadId(uploadId)) throw new S3Error('InvalidArgument', 'Invalid upload-id-marker')
  return { key, uploadId }
}

/** The uploads of one mount after the marker, page by page; undefined when it has no part in it. */
function openSource(
  call: Call,
  mounts: readonly Mount[],
  mount: Mount,
  range: Range,
): AsyncGenerator<Upload> | undefined {
  const { path, key } = mount
  const { prefix, marker } = range
  const isRelated = path.startsWith(prefix) || (isPrefix(mount) && prefix.startsWith(path))
  if (mount.mode === 'read' || !isRelated) return undefined
  const isInside = marker.key.startsWith(path) && (isPrefix(mount) || marker.key === path)
  if (!isInside && compareKeys(marker.key, path) > 0) return undefined
  const below = prefix.length > path.length ? prefix.slice(path.length) : ''
  const after = isInside && marker.key !== '' ? key + marker.key.slice(path.length) : ''
  // No key can be as long as that in the store, and it may refuse to look.
  if (keyBytes(key + below) > maxKeyBytes) return undefined
  const first = { key: cutKey(after), uploadId: marker.uploadId }
  return entries(call, mounts, mount, { ...range, prefix: key + below }, first)
}

/** The uploads of a mount; `range` has its real prefix and the virtual marker, `first` the real one. */
async function* entries(
  call: Call,
  mounts: readonly Mount[],
  mount: Mount,
  range: Range,
  first: Marker,
): AsyncGenerator<Upload> {
  for (let after = first; ; ) {
    const page = await readPage(call, range, after)
    for (const node of xmlNodes(page, 'Upload')) {
      const real = xmlText(node, 'Key') ?? ''
      const uploadId = xmlText(node, 'UploadId') ?? ''
      if (!real.startsWith(range.prefix) || (!isPrefix(mount) && real !== mount.key)) continue
      const key = mount.path + real.slice(mount.key.length)
      if (findMount(mounts, key) !== mount || isPast(range.marker, { key, uploadId })) continue
      yield { key, uploadId, initiated: xmlText(node, 'Initiated') ?? '' }
    }
    const key = xmlText(page, 'NextKeyMarker') ?? ''
    const uploadId = xmlText(page, 'NextUploadIdMarker') ?? ''
    const goesOn = key !== '' && (key !== after.key || uploadId !== after.uploadId)
    if (xmlText(page, 'IsTruncated') !== 'true' || !goesOn) return
    after = { key, uploadId }
  }
}

/** Whether a marker is past an upload. Ceph RGW 16 begins at the marked key, not after it. */
function isPast(marker: Marker, { key, uploadId }: Marker): boolean {
  if (key !== marker.key) return compareKeys(key, marker.key) < 0
  return marker.uploadId === '' || marker.uploadId === uploadId
}

async function readPage(
  call: Call,
  { prefix, maxUploads }: Range,
  { key, uploadId }: Marker,
): Promise<XmlNode> {
  // Neither delimiter nor encoding-type: Ceph RGW 16 rolls up to nothing, and encodes without saying so.
  const answer = await askStore(call, {
    method: 'GET',
    key: '',
    query: {
      uploads: '',
      prefix,
      // One more tells whether the page is the last; another is the marked one itself in Ceph.
      'max-uploads': String(Math.min(maxUploads + 2, 1000)),
      ...(key !== '' && { 'key-marker': key }),
      ...(key !== '' && uploadId !== '' && { 'upload-id-marker': uploadId }),
    },
  })
  if (answer.status !== 200) throw await storeError(answer, 'NoSuchKey')
  const page = parseXml(await readText(answer, maxListBytes), 'ListMultipartUploadsResult')
  if (page === undefined) throw new S3Error('InternalError', undefined, 'not a list of uploads')
  return page
}
