import { decodePercent, findQuery, parseQuery } from '../sigv4/query.ts'

/** Queries that make a URL something else than one file. */
const subresources = ['uploadId', 'uploads', 'partNumber', 'list-type', 'acl', 'tagging']

/**
 * The path in the job bucket that a worker's link names: presigned with the job's own key (SigV4,
 * SigV2), or plain `{endpointUrl}/{bucket}/{key}`, as `bucket_upload` of runpod-python returns it.
 * Any bucket name means the job bucket. Undefined for every other URL, for another job's key, and
 * for paths with dot segments. Signatures are not checked: who can read the answer may have the file.
 */
export function resolveWorkerLink(
  url: string,
  options: {
    /** URLs of the job bucket, without a trailing slash. */
    readonly bases: readonly string[]
    readonly accessId: string
  },
): string | undefined {
  const match = /^([a-z]+:\/\/[^/?#\\@]+)(\/[^?#]*)(?:\?([^#]*))?$/i.exec(url)
  const [, authority = '', rawPath = '', query] = match ?? []
  const origin = URL.parse(authority)?.origin
  if (match === null || origin === undefined || origin === 'null') return undefined
  if (query !== undefined && !isSignedBy(query, options.accessId)) return undefined

  for (const base of options.bases) {
    const { origin: baseOrigin, pathname } = new URL(base)
    const prefix = pathname.endsWith('/') ? pathname : `${pathname}/`
    if (origin !== baseOrigin || !rawPath.startsWith(prefix)) continue
    return keyOf(rawPath.slice(prefix.length), query === undefined)
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

function keyOf(rawRest: string, plain: boolean): string | undefined {
  const slash = rawRest.indexOf('/')
  if (slash < 1) return undefined
  const rawKey = rawRest.slice(slash + 1)
  // A plain link is put together from a file's name, which nobody encoded.
  const key = decodePercent(rawKey) ?? (plain ? rawKey : undefined)
  if (key === undefined || key === '' || key.includes('\0')) return undefined
  const bucket = decodePercent(rawRest.slice(0, slash)) ?? ''
  const segments = [bucket, ...key.split(/[/\\]/)]
  return segments.some((segment) => segment === '.' || segment === '..') ? undefined : key
}
