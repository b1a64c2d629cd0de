import { decodePercent, findQuery, parseQuery } from '../sigv4/query.ts'

/** Queries that make a URL something else than one file. */
const subresources = ['uploadId', 'uploads', 'partNumber', 'list-type', 'acl', 'tagging']

/** Whose links are known: those made with one job's key. */
export interface WorkerLinkOptions {
  /** URLs after which a bucket's name follows, whatever it is; without a trailing slash. */
  readonly bases?: readonly string[]
  /** URLs of one bucket, after which the key follows; without a trailing slash. */
  readonly buckets?: readonly string[]
  /** The id of the job's key. */
  readonly accessId: string
}

/**
 * The key that a worker's link names: presigned with the job's own key (SigV4, SigV2), or plain
 * `{endpointUrl}/{bucket}/{key}`, as `bucket_upload` of runpod-python returns it. Undefined for every
 * other URL, for another job's key, and for paths with dot segments. Signatures are not checked: who
 * can read the answer may have the file.
 */
export function resolveWorkerLink(url: string, options: WorkerLinkOptions): string | undefined {
  const { bases = [], buckets = [], accessId } = options
  const match = /^([a-z]+:\/\/[^/?#\\@]+)(\/[^?#]*)(?:\?([^#]*))?$/i.exec(url)
  const [, authority = '', rawPath = '', query] = match ?? []
  const origin = URL.parse(authority)?.origin
  if (match === null || origin === undefined || origin === 'null') return undefined
  if (query !== undefined && !isSignedBy(query, accessId)) return undefined

  const isPlain = query === undefined
  function below(base: string): string | undefined {
    const { origin: baseOrigin, pathname } = new URL(base)
    const prefix = pathname.endsWith('/') ? pathname : `${pathname}/`
    const isBelow = origin === baseOrigin && rawPath.startsWith(prefix)
    return isBelow ? rawPath.slice(prefix.length) : undefined
  }
  for (const bucket of buckets) {
    const rawKey = below(bucket)
    if (rawKey !== undefined) return keyOf(rawKey, isPlain)
  }
  for (const base of bases) {
    const rest = below(base)
    if (rest !== undefined) return keyBehindBucket(rest, isPlain)
  }
  return undefined
}

function isSignedBy(query: string, accessId: string): boolean {
  const pairs = parseQuery(query)
  if (pairs === undefined) return false
  const names = pairs.map(({ name }) => name)
  if (new Set(names).size !== names.length) return false
  if (subresources.some((name) => names.includes(name))) return false
  if (names.includes('X-Amz-Signature')) {
    return findQuery(pairs, 'X-Amz-Credential')?.split('/')[0] === accessId
  }
  return names.includes('Signature') && findQuery(pairs, 'AWSAccessKeyId') === accessId
}

function keyBehindBucket(rawRest: string, isPlain: boolean): string | undefined {
  const slash = rawRest.indexOf('/')
  if (slash < 1) return undefined
  const bucket = decodePercent(rawRest.slice(0, slash)) ?? ''
  return bucket === '.' || bucket === '..' ? undefined : keyOf(rawRest.slice(slash + 1), isPlain)
}

function keyOf(rawKey: string, isPlain: boolean): string | undefined {
  // A plain link is put together from a file's name, which nobody encoded.
  const key = decodePercent(rawKey) ?? (isPlain ? rawKey : undefined)
  if (key === undefined || key === '' || key.includes('\0')) return undefined
  const segments = key.split(/[/\\]/)
  return segments.some((segment) => segment === '.' || segment === '..') ? undefined : key
}
