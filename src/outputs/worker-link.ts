import { decodePercent, findQuery, parseQuery } from '../sigv4/query.ts'

/** Queries that make a URL something else than one file. */
const subresources = ['uploadId', 'uploads', 'partNumber', 'list-type', 'acl', 'tagging']

/** Where the files of one job are, and what its key is called. */
export interface WorkerLinkOptions {
  /** URLs after which a bucket's name follows, whatever it is; without a trailing slash. */
  readonly bases?: readonly string[]
  /** URLs before whose host a bucket's name stands, whatever it is; without a trailing slash. */
  readonly below?: readonly string[]
  /** URLs of one bucket, after which the key follows; without a trailing slash. */
  readonly buckets?: readonly string[]
  /** Names of the buckets of `s3://{name}/{key}`. */
  readonly uris?: readonly string[]
  /** The id of the job's key. */
  readonly accessId: string
  /** The URL is all of a text: in a plain link `?` and `#` may be characters of a file's name. */
  readonly isString?: boolean
}

/** The key that a link names, or why it gives no access though it leads to where files of jobs are. */
export type WorkerLink =
  | { readonly key: string }
  | { readonly refused: 'another job' | 'unclear path' }

/**
 * Reads a link that a worker made: presigned with the job's own key (SigV4, SigV2), plain
 * `{endpointUrl}/{bucket}/{key}`, as `bucket_upload` of runpod-python returns it, either with the
 * bucket in the host too, or `s3://{bucketName}/{key}`. Undefined for every other URL. Signatures are
 * not checked: who can read the answer may have the file.
 */
export function readWorkerLink(url: string, options: WorkerLinkOptions): WorkerLink | undefined {
  for (const name of options.uris ?? []) {
    const start = `s3://${name}/`
    // Nobody encodes the key in such a URI.
    if (url.startsWith(start)) return linkTo(url.slice(start.length))
  }
  const match = /^([a-z]+:\/\/[^/?#\\@]+)(\/[^?#]*)(?:\?([^#]*))?$/i.exec(url)
  const [, authority = '', path = '', query] = match ?? []
  if (query !== undefined) {
    const rawKey = rawKeyOf(authority, path, options)
    const signer = rawKey === undefined ? undefined : signerOf(query)
    const key = decodePercent(rawKey ?? '')
    if (signer !== undefined && key !== undefined) {
      return signer === options.accessId ? linkTo(key) : { refused: 'another job' }
    }
  } else if (match !== null) return plainLinkTo(rawKeyOf(authority, path, options))
  if (options.isString !== true) return undefined
  const [, origin = '', rest = ''] = /^([a-z]+:\/\/[^/?#\\@]+)(\/.*)$/is.exec(url) ?? []
  return plainLinkTo(rawKeyOf(origin, rest, options))
}

/** What follows the bucket in a URL, encoded as it is there; undefined where it is none of ours. */
function rawKeyOf(
  authority: string,
  rawPath: string,
  { bases = [], below = [], buckets = [] }: WorkerLinkOptions,
): string | undefined {
  const found = URL.parse(authority)
  if (found === null || found.origin === 'null') return undefined

  function under(base: string, isHost = (host: string) => found?.host === host) {
    const { protocol, host, pathname } = new URL(base)
    const prefix = pathname.endsWith('/') ? pathname : `${pathname}/`
    const isUnder = found?.protocol === protocol && isHost(host) && rawPath.startsWith(prefix)
    return isUnder ? rawPath.slice(prefix.length) : undefined
  }
  for (const bucket of buckets) {
    const rawKey = under(bucket)
    if (rawKey !== undefined) return rawKey
  }
  for (const base of below) {
    const rawKey = under(base, (host) => found.host.endsWith(`.${host}`))
    if (rawKey !== undefined) return rawKey
  }
  for (const base of bases) {
    const rest = under(base)
    if (rest !== undefined) return behindBucket(rest)
  }
  return undefined
}

function behindBucket(rawRest: string): string | undefined {
  const slash = rawRest.indexOf('/')
  if (slash < 1) return undefined
  // A bucket that is a dot segment remains, to be refused as one.
  const isUnclear = hasDotSegment(decodePercent(rawRest.slice(0, slash)) ?? '')
  return isUnclear ? rawRest : rawRest.slice(slash + 1)
}

/** The id of the key that the presigned URL of a file was made with; undefined for other queries. */
function signerOf(query: string): string | undefined {
  const pairs = parseQuery(query)
  if (pairs === undefined) return undefined
  const names = pairs.map(({ name }) => name)
  if (new Set(names).size !== names.length) return undefined
  if (subresources.some((name) => names.includes(name))) return undefined
  if (names.includes('X-Amz-Signature')) {
    return findQuery(pairs, 'X-Amz-Credential')?.split('/')[0]
  }
  return names.includes('Signature') ? findQuery(pairs, 'AWSAccessKeyId') : undefined
}

/** A plain link is put together from a file's name, which nobody may have encoded. */
function plainLinkTo(rawKey: string | undefined): WorkerLink | undefined {
  return rawKey === undefined ? undefined : linkTo(decodePercent(rawKey) ?? rawKey)
}

function linkTo(key: string): WorkerLink | undefined {
  if (key === '') return undefined
  return key.includes('\0') || hasDotSegment(key) ? { refused: 'unclear path' } : { key }
}

function hasDotSegment(path: string): boolean {
  return path.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')
}
