import { XMLParser } from 'fast-xml-parser'
import type { ListPage, UploadedPart } from './store.ts'

/** XML of the S3 API, both ways, as far as the gateway's own store requests need it. */

const repeated = new Set(['Contents', 'CommonPrefixes', 'Upload', 'Part'])
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  // Those in Go write quotes as numbers.
  htmlEntities: true,
  isArray: (name) => repeated.has(name),
})

type Node = Readonly<Record<string, unknown>>

/** Code and message of an error answer; undefined when the text is no S3 error. */
export function readError(xml: string): { code: string; message: string } | undefined {
  const error = child(parse(xml), 'Error')
  if (error === undefined) return undefined
  return { code: text(error, 'Code') ?? 'Unknown', message: text(error, 'Message') ?? '' }
}

/** A page of ListObjectsV2; undefined when the text is none. */
export function readListPage(xml: string): ListPage | undefined {
  const result = child(parse(xml), 'ListBucketResult')
  if (result === undefined) return undefined
  const decode = text(result, 'EncodingType') === 'url' ? decodeKey : (key: string) => key
  const objects = children(result, 'Contents').map((entry) => ({
    key: decode(text(entry, 'Key') ?? ''),
    size: Number(text(entry, 'Size') ?? 0),
  }))
  const prefixes = children(result, 'CommonPrefixes').map((e) => decode(text(e, 'Prefix') ?? ''))
  const next = text(result, 'NextContinuationToken')
  const more = text(result, 'IsTruncated') === 'true' && next !== undefined
  return { objects, prefixes, ...(more ? { next } : {}) }
}

/** Upload id of CreateMultipartUpload's answer. */
export function readUploadId(xml: string): string | undefined {
  const result = child(parse(xml), 'InitiateMultipartUploadResult')
  return result === undefined ? undefined : text(result, 'UploadId')
}

/** ETag of the answer to CopyObject or UploadPartCopy. */
export function readCopyEtag(xml: string): string | undefined {
  const parsed = parse(xml)
  const result = child(parsed, 'CopyObjectResult') ?? child(parsed, 'CopyPartResult')
  return result === undefined ? undefined : text(result, 'ETag')
}

/** The object's ETag from CompleteMultipartUpload's answer, perhaps empty; undefined for another answer. */
export function readCompleted(xml: string): string | undefined {
  const result = child(parse(xml), 'CompleteMultipartUploadResult')
  return result === undefined ? undefined : (text(result, 'ETag') ?? '')
}

/** A page of ListParts. */
export interface PartsPage {
  readonly parts: readonly {
    readonly partNumber: number
    readonly etag: string
    readonly size: number
  }[]
  readonly next?: string
}

/** A page of ListParts; undefined when the text is none. */
export function readPartsPage(xml: string): PartsPage | undefined {
  const result = child(parse(xml), 'ListPartsResult')
  if (result === undefined) return undefined
  const parts = children(result, 'Part').map((entry) => ({
    partNumber: Number(text(entry, 'PartNumber') ?? 0),
    etag: text(entry, 'ETag') ?? '',
    size: Number(text(entry, 'Size') ?? -1),
  }))
  const next = text(result, 'NextPartNumberMarker')
  const more = text(result, 'IsTruncated') === 'true' && next !== undefined
  return { parts, ...(more ? { next } : {}) }
}

/** A page of ListMultipartUploads. */
export interface UploadsPage {
  readonly uploads: readonly { readonly key: string; readonly uploadId: string }[]
  readonly next?: { readonly key: string; readonly uploadId: string }
}

/** A page of ListMultipartUploads; undefined when the text is none. */
export function readUploadsPage(xml: string): UploadsPage | undefined {
  const result = child(parse(xml), 'ListMultipartUploadsResult')
  if (result === undefined) return undefined
  const decode = text(result, 'EncodingType') === 'url' ? decodeKey : (key: string) => key
  const uploads = children(result, 'Upload').map((entry) => ({
    key: decode(text(entry, 'Key') ?? ''),
    uploadId: text(entry, 'UploadId') ?? '',
  }))
  const key = text(result, 'NextKeyMarker')
  const more = text(result, 'IsTruncated') === 'true' && key !== undefined
  const uploadId = text(result, 'NextUploadIdMarker') ?? ''
  return { uploads, ...(more ? { next: { key: decode(key), uploadId } } : {}) }
}

/** The parts that a CompleteMultipartUpload names. */
export function readParts(xml: string): readonly UploadedPart[] {
  const upload = child(parse(xml), 'CompleteMultipartUpload') ?? {}
  return children(upload, 'Part').map((entry) => ({
    partNumber: Number(text(entry, 'PartNumber') ?? 0),
    etag: text(entry, 'ETag') ?? '',
  }))
}

/** Body of CompleteMultipartUpload. */
export function writeParts(parts: readonly UploadedPart[]): string {
  const entries = [...parts]
    .sort((a, b) => a.partNumber - b.partNumber)
    .map(
      ({ partNumber, etag }) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
    )
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
  return `<CompleteMultipartUpload xmlns="${namespace}">${entries.join('')}</CompleteMultipartUpload>`
}

function parse(xml: string): Node {
  try {
    const parsed: unknown = parser.parse(xml)
    return isNode(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null
}

function child(node: Node, name: string): Node | undefined {
  const value = node[name]
  if (isNode(value)) return value
  // An element without children is read as its text.
  return value === undefined ? undefined : {}
}

function children(node: Node, name: string): Node[] {
  const value = node[name]
  return Array.isArray(value) ? value.filter(isNode) : []
}

function text(node: Node, name: string): string | undefined {
  const value = node[name]
  return typeof value === 'string' ? value : undefined
}

// `+` is a space in some stores' url encoding; a real plus comes as %2B.
function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}

/** A text as the content of an element. */
export function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
