import { decodeBase64url, encodeBase64url } from '../../bytes/base64url.ts'
import type { StoredPart } from '../list-parts.ts'
import { escapeXml } from '../s3-xml.ts'

/** What several volumes say of one thing, as one store would say it. */

const separator = '|'

/** One upload id out of those of all volumes; empty where a volume has none. */
export function joinIds(ids: readonly string[]): string {
  return encodeBase64url(new TextEncoder().encode(JSON.stringify(ids)))
}

/** The upload ids of the volumes; undefined where the text was not made by `joinIds`. */
export function splitIds(joined: string, volumes: number): readonly string[] | undefined {
  const bytes = decodeBase64url(joined)
  if (bytes === undefined) return undefined
  try {
    const ids: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const areIds = Array.isArray(ids) && ids.length === volumes
    return areIds && ids.every((id) => typeof id === 'string') ? ids : undefined
  } catch {
    return undefined
  }
}

/** One ETag for the same bytes on all volumes: theirs where they agree, as they mostly do. */
export function joinEtags(etags: readonly string[]): string {
  const bare = etags.map((etag) => etag.replace(/^"|"$/g, ''))
  return bare.every((etag) => etag === bare[0]) ? `"${bare[0]}"` : `"${bare.join(separator)}"`
}

/** The volumes' own ETags. */
export function splitEtags(joined: string, volumes: number): readonly string[] {
  const bare = joined.replace(/^"|"$/g, '').split(separator)
  const all = bare.length === volumes ? bare : Array.from({ length: volumes }, () => bare[0] ?? '')
  return all.map((etag) => `"${etag}"`)
}

/** Whether ETags that are MD5 sums tell of different bytes. */
export function differ(etags: readonly string[]): boolean {
  const sums = etags.map((etag) => /^"?([0-9a-f]{32})"?$/.exec(etag)?.[1])
  return sums.every((sum) => sum !== undefined) && new Set(sums).size > 1
}

/** Answer to CreateMultipartUpload. */
export function createdXml(uploadId: string): string {
  const id = element('UploadId', uploadId)
  return `<InitiateMultipartUploadResult>${id}</InitiateMultipartUploadResult>`
}

/** Answer to ListParts. */
export function partsXml(parts: readonly StoredPart[], next: number | undefined): string {
  const entries = parts.map(
    ({ partNumber, etag, size }) =>
      `<Part>${element('PartNumber', partNumber)}${element('ETag', etag)}${element('Size', size)}</Part>`,
  )
  const rest = next === undefined ? '' : element('NextPartNumberMarker', next)
  const cut = element('IsTruncated', String(next !== undefined))
  return `<ListPartsResult>${entries.join('')}${cut}${rest}</ListPartsResult>`
}

/** Answer to ListMultipartUploads. */
export function uploadsXml(
  uploads: readonly { readonly key: string; readonly uploadId: string }[],
  next: string | undefined,
): string {
  const entries = uploads.map(
    ({ key, uploadId }) =>
      `<Upload>${element('Key', key)}${element('UploadId', uploadId)}</Upload>`,
  )
  const rest = next === undefined ? '' : element('NextKeyMarker', next)
  const cut = element('IsTruncated', String(next !== undefined))
  const all = `${entries.join('')}${cut}${rest}`
  return `<ListMultipartUploadsResult>${all}</ListMultipartUploadsResult>`
}

/** A refusal. */
export function errorXml(code: string, message: string): string {
  return `<Error>${element('Code', code)}${element('Message', message)}</Error>`
}

function element(name: string, value: string | number): string {
  return `<${name}>${escapeXml(String(value))}</${name}>`
}
