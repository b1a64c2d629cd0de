import type { QueryPair } from '../sigv4/query.ts'
import type { Target } from './target.ts'

/** The operations that the bucket knows, by their S3 names. */
export type Operation =
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListObjectsV2'
  | 'HeadBucket'
  | 'GetBucketLocation'

interface Rule {
  readonly operation: Operation
  readonly method: string
  readonly on: 'object' | 'bucket'
  /** Parameters that must be there; with a value, just this one. */
  readonly needs: Readonly<Record<string, string | undefined>>
  readonly allows?: readonly string[]
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

const rules: readonly Rule[] = [
  { operation: 'GetObject', method: 'GET', on: 'object', needs: {}, allows: overrides },
  { operation: 'HeadObject', method: 'HEAD', on: 'object', needs: {}, allows: overrides },
  { operation: 'PutObject', method: 'PUT', on: 'object', needs: {} },
  { operation: 'CreateMultipartUpload', method: 'POST', on: 'object', needs: { uploads: '' } },
  {
    operation: 'UploadPart',
    method: 'PUT',
    on: 'object',
    needs: { partNumber: undefined, ...upload },
  },
  { operation: 'CompleteMultipartUpload', method: 'POST', on: 'object', needs: upload },
  { operation: 'AbortMultipartUpload', method: 'DELETE', on: 'object', needs: upload },
  {
    operation: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    needs: { 'list-type': '2' },
    allows: [
      'prefix',
      'delimiter',
      'start-after',
      'max-keys',
      'continuation-token',
      'encoding-type',
      'fetch-owner',
    ],
  },
  { operation: 'HeadBucket', method: 'HEAD', on: 'bucket', needs: {} },
  { operation: 'GetBucketLocation', method: 'GET', on: 'bucket', needs: { location: '' } },
]

// Each asks for something that is not done here; to ignore it would be to do something else.
const foreignHeaders = [
  'x-amz-copy-source',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-write-offset-bytes',
]

/** The operation a request asks for; undefined for everything that is not implemented. */
export function detectOperation(
  method: string,
  target: Target,
  headers: Headers,
): Operation | undefined {
  if (target.bucket === '' || foreignHeaders.some((name) => headers.has(name))) return undefined
  // Presigners move such headers into the query.
  if (target.query.some(({ name }) => foreignHeaders.includes(name.toLowerCase()))) return undefined
  const on = target.key === '' ? 'bucket' : 'object'
  const query = target.query.filter(({ name }) => !isAside(name))
  return rules.find((rule) => rule.method === method && rule.on === on && fits(rule, query))
    ?.operation
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
