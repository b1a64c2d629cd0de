import type { IncomingMessage } from 'node:http'
import type { VolumeOperation } from './quirks.ts'
import { Refusal } from './refusal.ts'

/** One request, named. */
export interface NamedRequest {
  readonly operation: VolumeOperation
  /** Empty for ListBuckets. */
  readonly bucket: string
  /** Empty for requests on a bucket. */
  readonly key: string
  readonly query: URLSearchParams
}

/** Subresources and headers of operations that are not there, whatever else the request says. */
const unsupportedParameters = [
  'acl',
  'cors',
  'delete',
  'encryption',
  'legal-hold',
  'lifecycle',
  'location',
  'notification',
  'object-lock',
  'policy',
  'restore',
  'retention',
  'select',
  'tagging',
  'versionId',
  'versioning',
  'versions',
  'website',
]

/** Which operation a request asks for; throws 501 `NotImplemented` for all that are not listed. */
export function nameRequest(request: IncomingMessage): NamedRequest {
  const { method = 'GET', url = '/' } = request
  const { pathname, searchParams: query } = new URL(url, 'http://volume')
  const path = decodeURIComponent(pathname.slice(1))
  const slash = path.indexOf('/')
  const bucket = slash < 0 ? path : path.slice(0, slash)
  const key = slash < 0 ? '' : path.slice(slash + 1)
  const missing = new Refusal(501, 'NotImplemented', 'This operation is not supported')
  if (unsupportedParameters.some((name) => query.has(name))) throw missing
  const operation = operationOf(request, method, { bucket, key, query })
  if (operation === undefined) throw missing
  return { operation, bucket, key, query }
}

function operationOf(
  { headers }: IncomingMessage,
  method: string,
  { bucket, key, query }: Omit<NamedRequest, 'operation'>,
): VolumeOperation | undefined {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : undefined
  if (key === '') {
    if (method === 'HEAD') return 'HeadBucket'
    if (method !== 'GET') return undefined
    if (query.has('uploads')) return 'ListMultipartUploads'
    return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects'
  }
  const uploading = query.has('uploadId')
  switch (method) {
    case 'GET':
      return uploading ? 'ListParts' : 'GetObject'
    case 'HEAD':
      return 'HeadObject'
    case 'DELETE':
      return uploading ? 'AbortMultipartUpload' : 'DeleteObject'
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload'
      return uploading ? 'CompleteMultipartUpload' : undefined
    case 'PUT': {
      const copies = headers['x-amz-copy-source'] !== undefined
      if (uploading) return copies ? undefined : 'UploadPart'
      return copies ? 'CopyObject' : 'PutObject'
    }
    default:
      return undefined
  }
}
