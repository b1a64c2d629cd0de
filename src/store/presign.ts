import { S3RequestPresigner } from '@aws-sdk/s3-request-presigner'
import { HttpRequest } from '@smithy/protocol-http'
import type { StoreConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { Sha256 } from './sha256.ts'

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

/** Makes the signer of one store: SigV4 in the query, the body unsigned (decision 002). */
export function createPresign(config: StoreConfig): Presign {
  const endpoint = new URL(config.endpoint)
  const basePath = endpoint.pathname.replace(/\/$/, '')
  const hostname = config.pathStyle ? endpoint.hostname : `${config.bucket}.${endpoint.hostname}`
  const bucketPath = config.pathStyle ? `${basePath}/${escapeUri(config.bucket)}` : basePath
  const authority = endpoint.port === '' ? hostname : `${hostname}:${endpoint.port}`
  const presigner = new S3RequestPresigner({
    // Functions, so that no promise is kept from one request to the next.
    credentials: async () => ({
      accessKeyId: config.accessKeyId.reveal(),
      secretAccessKey: config.secretAccessKey.reveal(),
    }),
    region: async () => config.region,
    sha256: Sha256,
  })

  return async (request, nowMs, expiresInSeconds) => {
    const path = `${bucketPath}/${escapeKey(request.key)}`
    const names = Object.keys(request.headers ?? {})
    const unsigned = new HttpRequest({
      method: request.method,
      protocol: endpoint.protocol,
      hostname,
      ...(endpoint.port === '' ? {} : { port: Number(endpoint.port) }),
      path,
      query: { ...request.query },
      headers: { ...request.headers },
    })
    const signed = await presigner.presign(unsigned, {
      signingDate: new Date(nowMs),
      expiresIn: expiresInSeconds,
      signableHeaders: new Set(['host', ...names]),
      unhoistableHeaders: new Set(names),
    })
    const query = Object.entries(signed.query ?? {}).map(
      ([name, value]) => `${escapeUri(name)}=${escapeUri(String(value))}`,
    )
    return `${endpoint.protocol}//${authority}${path}?${query.join('&')}`
  }
}

// A dot segment would be folded away by every URL parser, and with it the bucket in front of it.
function escapeKey(key: string): string {
  const segments = key.split('/')
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    throw new GatewayError('invalid_request', 'Cannot name an object with a dot segment')
  }
  return segments.map(escapeUri).join('/')
}

function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
