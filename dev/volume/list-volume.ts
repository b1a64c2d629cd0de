import type { Scene } from './serve-operation.ts'
import type { VolumeFile, VolumeFiles } from './volume-files.ts'
import type { NamedRequest } from './volume-operations.ts'
import type { VolumeUploads } from './volume-uploads.ts'
import { type Element, renderXml } from './volume-xml.ts'

const mostKeys = 1_000

/** ListObjects and ListObjectsV2; empty directories are listed, as keys that end with a slash. */
export async function listObjects({ named, quirks }: Scene, files: VolumeFiles): Promise<string> {
  const { query, bucket, operation } = named
  const isNew = operation === 'ListObjectsV2'
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const token = query.get(isNew ? 'continuation-token' : 'marker')
  const asked = query.get('max-keys')
  const maxKeys = Math.min(asked === null ? mostKeys : Number(asked), quirks.pageKeys)
  const begun = isNew && token !== null ? Buffer.from(token, 'base64url').toString() : token
  const after = begun ?? query.get('start-after') ?? ''
  const spell = (text: string) =>
    query.get('encoding-type') === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text

  const page = pageOf(await files.list(prefix), { prefix, delimiter, after, maxKeys })
  const contents: Element[] = []
  for (const { key, size, modified } of page.files) {
    contents.push([
      'Contents',
      [
        ['Key', spell(key)],
        ['LastModified', modified.toISOString()],
        ['ETag', `"${await files.etag(key)}"`],
        ['Size', size],
        ['StorageClass', 'STANDARD'],
      ],
    ])
  }
  const repeats = isNew && token !== null && page.more && quirks.repeatedTokens > 0
  if (repeats) quirks.repeatedTokens -= 1
  const next = isNew ? Buffer.from(page.last).toString('base64url') : spell(page.last)
  return renderXml('ListBucketResult', [
    ['Name', bucket],
    ['Prefix', spell(prefix)],
    ['MaxKeys', maxKeys],
    ...(isNew ? ([['KeyCount', contents.length + page.prefixes.length]] as const) : []),
    ['IsTruncated', `${page.more}`],
    ...(page.more
      ? ([[isNew ? 'NextContinuationToken' : 'NextMarker', repeats ? token : next]] as const)
      : []),
    ...contents,
    ...page.prefixes.map((one): Element => ['CommonPrefixes', [['Prefix', spell(one)]]]),
  ])
}

function pageOf(
  files: readonly VolumeFile[],
  options: {
    readonly prefix: string
    readonly delimiter: string
    readonly after: string
    readonly maxKeys: number
  },
) {
  const { prefix, delimiter, after, maxKeys } = options
  const page = { files: [] as VolumeFile[], prefixes: [] as string[], last: '', more: false }
  for (const file of files) {
    const cut = delimiter === '' ? -1 : file.key.indexOf(delimiter, prefix.length)
    const common = cut < 0 ? undefined : file.key.slice(0, cut + delimiter.length)
    const place = common ?? file.key
    if (Buffer.compare(Buffer.from(place), Buffer.from(after)) <= 0) continue
    if (common !== undefined && page.prefixes.at(-1) === common) continue
    if (page.files.length + page.prefixes.length === maxKeys) {
      page.more = true
      break
    }
    if (common === undefined) page.files.push(file)
    else page.prefixes.push(common)
    page.last = place
  }
  return page
}

/** ListMultipartUploads, in pages. */
export async function listUploads(
  { query, bucket }: NamedRequest,
  uploads: VolumeUploads,
): Promise<string> {
  const prefix = query.get('prefix') ?? ''
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const maxUploads = Math.min(Number(query.get('max-uploads') ?? mostKeys), mostKeys)
  const all = (await uploads.list())
    .filter(({ key }) => key.startsWith(prefix))
    .filter(
      ({ key, uploadId }) =>
        key > keyMarker || (key === keyMarker && idMarker !== '' && uploadId > idMarker),
    )
  const page = all.slice(0, maxUploads)
  const last = page.at(-1)
  const more = all.length > page.length
  const spell = (text: string) =>
    query.get('encoding-type') === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text
  return renderXml('ListMultipartUploadsResult', [
    ['Bucket', bucket],
    ['IsTruncated', `${more}`],
    ...(more && last !== undefined
      ? ([
          ['NextKeyMarker', spell(last.key)],
          ['NextUploadIdMarker', last.uploadId],
        ] as const)
      : []),
    ...page.map(
      ({ key, uploadId, started }): Element => [
        'Upload',
        [
          ['Key', spell(key)],
          ['UploadId', uploadId],
          ['Initiated', started.toISOString()],
        ],
      ],
    ),
  ])
}

/** ListParts, in pages. */
export async function listParts(
  { query, bucket, key }: NamedRequest,
  uploads: VolumeUploads,
): Promise<string> {
  const uploadId = query.get('uploadId') ?? ''
  const after = Number(query.get('part-number-marker') ?? 0)
  const maxParts = Math.min(Number(query.get('max-parts') ?? mostKeys), mostKeys)
  const all = (await uploads.parts(key, uploadId)).filter(({ partNumber }) => partNumber > after)
  const page = all.slice(0, maxParts)
  const more = all.length > page.length
  return renderXml('ListPartsResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', uploadId],
    ['IsTruncated', `${more}`],
    ...(more ? ([['NextPartNumberMarker', page.at(-1)?.partNumber ?? 0]] as const) : []),
    ...page.map(
      ({ partNumber, etag, size, modified }): Element => [
        'Part',
        [
          ['PartNumber', partNumber],
          ['ETag', `"${etag}"`],
          ['Size', size],
          ['LastModified', modified.toISOString()],
        ],
      ],
    ),
  ])
}
