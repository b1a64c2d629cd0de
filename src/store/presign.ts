import type { StoreConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { ShortDigests } from '../platform.ts'
import { canonicalQuery, canonicalValue, stringToSign } from '../sigv4/canonical.ts'
import { encodeRfc3986 } from '../sigv4/encode.ts'
import { deriveSigner, type Signer, scopeText } from '../sigv4/sign.ts'

/** One request to be signed; `headers` are lower case and all of them are bound by the signature. */
export interface SignableRequest {
  readonly method: string
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Signs one request of a store; returns its URL, good for `expiresInSeconds` from `nowMs`. */
export type Presign = (
  request: SignableRequest,
  nowMs: number,
  expiresInSeconds: number,
) => Promise<string>

/**
 * Makes the signer of one store: SigV4 in the query, the body unsigned (decision 002) unless its
 * digest is given as the header `x-amz-content-sha256`.
 */
export function createPresign(config: StoreConfig, digests?: ShortDigests): Presign {
  const endpoint = new URL(config.endpoint)
  const basePath = endpoint.pathname.replace(/\/$/, '')
  const hostname = config.pathStyle ? endpoint.hostname : `${config.bucket}.${endpoint.hostname}`
  const bucketPath = config.pathStyle ? `${basePath}/${encodeRfc3986(config.bucket)}` : basePath
  const authority = endpoint.port === '' ? hostname : `${hostname}:${endpoint.port}`
  const { region, secretAccessKey } = config
  // A value, never a pending promise: on Workers one request must not await another's.
  let known: { readonly date: string; readonly sign: Signer } | undefined

  async function signerOf(date: string): Promise<Signer> {
    if (known?.date === date) return known.sign
    const sign = await deriveSigner(secretAccessKey, { date, region, service: 's3' }, digests)
    known = { date, sign }
    return sign
  }

  return async (request, nowMs, expiresInSeconds) => {
    const path = `${bucketPath}/${escapeKey(request.key)}`
    const timestamp = new Date(nowMs).toISOString().replace(/[:-]|\.\d+/g, '')
    const date = timestamp.slice(0, 8)
    const scope = scopeText({ date, region, service: 's3' })
    const headers = Object.entries({ ...request.headers, host: authority }).sort(byName)
    const digest = request.headers?.['x-amz-content-sha256']
    const payload = digest ?? 'UNSIGNED-PAYLOAD'
    const names = headers.map(([name]) => name).join(';')
    const query = canonicalQuery([
      ...Object.entries(request.query ?? {}).map(([name, value]) => ({ name, value })),
      { name: 'X-Amz-Algorithm', value: 'AWS4-HMAC-SHA256' },
      ...(digest === undefined ? [{ name: 'X-Amz-Content-Sha256', value: payload }] : []),
      { name: 'X-Amz-Credential', value: `${config.accessKeyId.reveal()}/${scope}` },
      { name: 'X-Amz-Date', value: timestamp },
      { name: 'X-Amz-Expires', value: String(expiresInSeconds) },
      { name: 'X-Amz-SignedHeaders', value: names },
    ])
    const lines = headers.map(([name, value]) => `${name}:${canonicalValue(value)}\n`).join('')
    const canonical = `${request.method}\n${path}\n${query}\n${lines}\n${names}\n${payload}`
    const sign = await signerOf(date)
    const signature = await sign(await stringToSign(timestamp, scope, canonical, digests))
    return `${endpoint.protocol}//${authority}${path}?${query}&X-Amz-Signature=${signature}`
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

/**
 * A key as the path of a URL. A dot segment would be folded away by every URL parser, and with it the
 * bucket in front of it.
 * @throws {GatewayError} invalid_request
 */
export function escapeKey(key: string): string {
  const segments = key.split('/')
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    throw new GatewayError('invalid_request', 'Cannot name an object with a dot segment')
  }
  return segments.map(encodeRfc3986).join('/')
}
