import type { ShortDigests } from '../platform.ts'
import { encodeHex, encodeRfc3986, encodeSigned } from './encode.ts'
import type { QueryPair } from './query.ts'

/** A request as the verifier sees it. */
export interface SignedRequest {
  readonly method: string
  /** Path exactly as received, neither decoded nor normalised. */
  readonly rawPath: string
  readonly query: readonly QueryPair[]
  readonly headers: Headers
  /** The Host header; Fetch hides it from `headers`. */
  readonly host: string
  /** The client's own Accept-Encoding, where an edge tells what it has rewritten. */
  readonly acceptEncoding?: string | undefined
}

/** Spelling of a header's value for the canonical request. */
export type HeaderSpelling = (name: string, value: string) => string

/** Canonical query: RFC 3986 encoding, sorted by encoded name, then value; `omit` is left out. */
export function canonicalQuery(query: readonly QueryPair[], omit?: string): string {
  const encoded = query
    .filter(({ name }) => name !== omit)
    .map(({ name, value }) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
  encoded.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  return encoded.map(([name, value]) => `${name}=${value}`).join('&')
}

/** Canonical value of a header: trimmed, runs of white space made one space. */
export function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ')
}

/**
 * The canonical request of SigV4 as S3 wants it (the path is used as it is: no second encoding, no
 * normalisation). A header that is signed but absent counts as empty.
 */
export function canonicalRequest(
  request: SignedRequest,
  signedHeaders: readonly string[],
  payloadHash: string,
  options: { readonly omitQuery?: string; readonly spell?: HeaderSpelling } = {},
): string {
  const spell = options.spell ?? ((_, value) => value)
  const lines = signedHeaders.map((name) => {
    const value = name === 'host' ? request.host : (request.headers.get(name) ?? '')
    return `${name}:${spell(name, canonicalValue(value))}\n`
  })
  return [
    request.method,
    request.rawPath,
    canonicalQuery(request.query, options.omitQuery),
    lines.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n')
}

/** The string to sign, of a canonical request. */
export async function stringToSign(
  timestamp: string,
  scope: string,
  canonical: string,
  digests?: ShortDigests,
): Promise<string> {
  const bytes = new Uint8Array(encodeSigned(canonical))
  const digest =
    digests?.sha256(bytes) ?? new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return ['AWS4-HMAC-SHA256', timestamp, scope, encodeHex(digest)].join('\n')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
