import { findQuery, type QueryPair } from '../../sigv4/query.ts'
import { S3Error } from '../s3-error.ts'

const stored = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
]
const conditions = ['if-match', 'if-none-match']
const readConditions = [...conditions, 'if-modified-since', 'if-unmodified-since', 'range']
const returned = [
  ...stored,
  'accept-ranges',
  'content-encoding',
  'content-length',
  'content-range',
  'etag',
  'last-modified',
]
const overrides = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
} as const

/** Headers of a new object as the store is to keep them: no checksum, no ACL, no encryption. */
export function newObjectHeaders(
  headers: Headers,
  query: readonly QueryPair[],
): Record<string, string> {
  const kept = pick(headers, stored)
  const codings = (headers.get('content-encoding') ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
  if (codings.length > 0) kept['content-encoding'] = codings.join(', ')
  // Presigners move headers into the query, where the signature covers them too.
  for (const { name, value } of query) {
    if (/^x-amz-meta-[!-~]+$/i.test(name)) kept[name.toLowerCase()] = checkHeader(value)
  }
  for (const [name, value] of headers) if (name.startsWith('x-amz-meta-')) kept[name] = value
  return kept
}

/** Conditions of a write. */
export function writeConditions(headers: Headers): Record<string, string> {
  return pick(headers, conditions)
}

/** Conditions and range of a read. */
export function readHeaders(headers: Headers): Record<string, string> {
  return pick(headers, readConditions)
}

/** What a client gets to see of an object's headers, with the `response-*` overrides of a 2xx. */
export function answerHeaders(
  headers: Headers,
  status: number,
  query: readonly QueryPair[],
): Headers {
  const shown = new Headers(pick(headers, returned))
  for (const [name, value] of headers) if (name.startsWith('x-amz-meta-')) shown.set(name, value)
  if (status >= 300) return shown
  for (const [parameter, name] of Object.entries(overrides)) {
    const value = findQuery(query, parameter)
    if (value !== undefined) shown.set(name, checkHeader(value))
  }
  // Outputs are foreign content on the gateway's own origin; a presigned URL opens in a browser.
  shown.set('x-content-type-options', 'nosniff')
  shown.set('content-security-policy', 'sandbox')
  // An edge that compresses would take Content-Length away, which S3 clients count on.
  if (!shown.has('cache-control')) shown.set('cache-control', 'no-transform')
  return shown
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of names) {
    const value = headers.get(name)
    if (value !== null) kept[name] = value
  }
  return kept
}

function checkHeader(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]|[^\u0000-\u00ff]/.test(value)) {
    throw new S3Error('InvalidArgument', 'A parameter cannot be sent as a header')
  }
  return value
}
