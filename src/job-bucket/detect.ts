import type { QueryPair } from '../sigv4/query.ts'
import type { Target } from './target.ts'

/** The operations that the bucket knows, by their S3 names. */
export type Operation =
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'CopyObject'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'ListBuckets'
  | 'HeadBucket'
  | 'GetBucketLocation'

interface Rule {
  readonly operation: Operation
  readonly method: string
  readonly on: 'object' | 'bucket' | 'account'
  /** Parameters that must be there; with a value, just this one. */
  readonly needs: Readonly<Record<string, string | undefined>>
  readonly allows?: readonly string[]
  /** Whether `x-amz-copy-source` is there: it makes another operation of a PUT. */
  readonly copies?: true
}

const overrides = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
]

const upload = { uploadId: undefined }
const part = { partNumber: undefined, ...upload }
const listing = ['prefix', 'delimiter', 'encoding-type']

const rules: readonly Rule[] = [
  { operation: 'GetObject', method: 'GET', on: 'object', needs: {}, allows: overrides },
  { operation: 'HeadObject', method: 'HEAD', on: 'object', needs: {}, allows: overrides },
  { operation: 'PutObject', method: 'PUT', on: 'object', needs: {} },
  { operation: 'CopyObject', method: 'PUT', on: 'object', needs: {}, copies: true },
  { operation: 'DeleteObject', method: 'DELETE', on: 'object', needs: {} },
  { operation: 'DeleteObjects', method: 'POST', on: 'bucket', needs: { delete: '' } },
  { operation: 'CreateMultipartUpload', method: 'POST', on: 'object', needs: { uploads: '' } },
  { operation: 'UploadPart', method: 'PUT', on: 'object', needs: part },
  { operation: 'UploadPartCopy', method: 'PUT', on: 'object', needs: part, copies: true },
  { operation: 'CompleteMultipartUpload', method: 'POST', on: 'object', needs: upload },
  { operation: 'AbortMultipartUpload', method: 'DELETE', on: 'object', needs: upload },
  {
    operation: 'ListParts',
    method: 'GET',
    on: 'object',
    needs: upload,
    allows: ['max-parts', 'part-number-marker'],
  },
  {
    operation: 'ListMultipartUploads',
    method: 'GET',
    on: 'bucket',
    needs: { uploads: '' },
    allows: [...listing, 'key-marker', 'upload-id-marker', 'max-uploads'],
  },
  {
    operation: 'ListObjects',
    method: 'GET',
    on: 'bucket',
    needs: {},
    allows: [...listing, 'marker', 'max-keys'],
  },
  {
    operation: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    needs: { 'list-type': '2' },
    allows: [...listing, 'start-after', 'max-keys', 'continuation-token', 'fetch-owner'],
  },
  { operation: 'HeadBucket', method: 'HEAD', on: 'bucket', needs: {} },
  { operation: 'GetBucketLocation', method: 'GET', on: 'bucket', needs: { location: '' } },
  {
    operation: 'ListBuckets',
    method: 'GET',
    on: 'account',
    needs: {},
    allows: ['max-buckets', 'prefix'],
  },
]

// Each asks for something that is not done here; to ignore it would be to do something else.
const foreignHeaders = [
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-write-offset-bytes',
]

/** The operation a request asks for; undefined for everything that is not implemented. */
export function detectOperation(
  method: string,
  target: Target,
  headers: Headers,
): Operation | undefined {
  const has = (name: string) => findParameter(headers, target.query, name) !== undefined
  if (foreignHeaders.some(has)) return undefined
  const copies = has('x-amz-copy-source')
  const on = target.key !== '' ? 'object' : target.bucket !== '' ? 'bucket' : 'account'
  if (on === 'object' && target.bucket === '') return undefined
  const query = target.query.filter(({ name }) => !isAside(name))
  const isMeant = (rule: Rule) =>
    rule.method === method && rule.on === on && (rule.copies === true) === copies
  return rules.find((rule) => isMeant(rule) && fits(rule, query))?.operation
}

/** A header, or the parameter that a presigner made of it: the signature covers it there too. */
export function findParameter(
  headers: Headers,
  query: readonly QueryPair[],
  name: string,
): string | undefined {
  return headers.get(name) ?? query.find((pair) => pair.name.toLowerCase() === name)?.value
}

function fits(rule: Rule, query: readonly QueryPair[]): boolean {
  const needed = Object.entries(rule.needs)
  const names = query.map(({ name }) => name)
  if (new Set(names).size !== names.length) return false
  const hasAll = needed.every(([name, value]) =>
    query.some((pair) => pair.name === name && (value === undefined || pair.value === value)),
  )
  return (
    hasAll &&
    names.every((name) => Object.hasOwn(rule.needs, name) || rule.allows?.includes(name) === true)
  )
}

/** Parameters that say how, not what: signatures, headers moved into the query, the SDKs' `x-id`. */
function isAside(name: string): boolean {
  return /^(x-amz-.*|x-id|AWSAccessKeyId|Signature|Expires|content-(type|md5))$/i.test(name)
}
