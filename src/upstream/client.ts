import type { EndpointConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import type { Secret } from '../log.ts'
import type {
  Body,
  IncomingResponse,
  OutgoingBody,
  OutgoingRequest,
  Platform,
} from '../platform.ts'
import { isSameText } from '../sigv4/encode.ts'
import { isEndpointId } from './endpoint-id.ts'
import { requestHeaders } from './headers.ts'

/** One request to an endpoint of the platform. */
export interface UpstreamRequest {
  readonly endpoint: EndpointConfig
  readonly endpointId: string
  /** Below the endpoint, without a leading slash, already percent-encoded: `run`, `status/abc`. */
  readonly path: string
  readonly method: string
  /** Raw query with its `?`, or the empty string. */
  readonly search: string
  /** The client's; only those of the allow-list pass. */
  readonly headers: Headers
  readonly body?: Uint8Array | OutgoingBody
  /** Sent raw when the client's own Authorization is this very key, raw; as Bearer otherwise. */
  readonly key: Secret
  /** Whether a reset on a reused connection may be retried; never for `run`, `runsync`, `stream`. */
  readonly idempotent: boolean
  readonly signal?: AbortSignal
  /** URL below which the path lies, without a trailing slash; `{upstream}/{endpointId}` by default. */
  readonly base?: string
  /** Lower-case names of headers that pass beside those of the allow-list. */
  readonly moreHeaders?: readonly string[]
  /** Milliseconds without a byte, where they are not those of the platform. */
  readonly idleTimeoutMs?: number
  /** How the request is sent, where it is not the platform's own way. */
  readonly via?: (request: OutgoingRequest) => Promise<IncomingResponse>
}

export interface Upstream {
  /**
   * Sends one request and gives back whatever upstream answers, its body not yet read.
   *
   * @throws {GatewayError} upstream_unreachable on connection faults; not_found for a path that
   *   is none of the endpoint; what the body's own `read` throws
   */
  send(request: UpstreamRequest): Promise<IncomingResponse>
}

/** Makes the client of the platform; its host comes from the endpoint's configuration alone. */
export function createUpstream(options: {
  readonly platform: Platform
  /** Milliseconds without a byte; longer than the longest `wait` of `runsync`. */
  readonly idleTimeoutMs: number
}): Upstream {
  const { platform, idleTimeoutMs } = options

  async function send(request: UpstreamRequest): Promise<IncomingResponse> {
    const { method, body, signal, idempotent, via = platform.send } = request
    const url = urlOf(request)
    const headers = requestHeaders(request.headers, request.moreHeaders)
    headers.set('authorization', authorizationOf(request))
    try {
      const response = await via({
        method,
        url,
        headers,
        idleTimeoutMs: request.idleTimeoutMs ?? idleTimeoutMs,
        idempotent,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      })
      return { ...response, body: namingFaults(response.body) }
    } catch (cause) {
      const own = gatewayErrorIn(cause)
      if (own !== undefined) throw own
      throw new GatewayError('upstream_unreachable', 'Cannot reach the upstream endpoint', {
        cause,
      })
    }
  }

  return { send }
}

/** The same body, its faults told as upstream's. */
function namingFaults(body: Body): Body {
  return {
    ...body,
    async read() {
      try {
        return await body.read()
      } catch (cause) {
        throw new GatewayError('upstream_unreachable', 'Upstream broke off its answer', { cause })
      }
    },
  }
}

/** A fault of the leaving body (client gone, store failure) is no fault of upstream. */
function gatewayErrorIn(error: unknown): GatewayError | undefined {
  if (error instanceof GatewayError) return error
  return error instanceof Error && error.cause instanceof GatewayError ? error.cause : undefined
}

/** Paths and queries that no URL parser touches: none of their segments begins with a dot. */
const plainPath = /^(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/(?!$)|$))+$/
const plainSearch = /^(?:\?[A-Za-z0-9._~=&%+-]+)?$/

function urlOf({ endpoint, endpointId, path, search, base }: UpstreamRequest): string {
  if (!isEndpointId(endpointId)) throw noRoute()
  const above = base ?? `${endpoint.upstream}/${endpointId}`
  const written = `${above}/${path}`
  if (plainPath.test(path) && plainSearch.test(search)) return written + search
  const top = new URL(above)
  const url = URL.parse(written)
  const pathname = `${top.pathname.replace(/\/$/, '')}/${path}`
  // What the parser normalises away (dot segments, back slashes, `?`, `#`) would be another path.
  if (url?.origin !== top.origin || url.pathname !== pathname) throw noRoute()
  url.search = search
  return url.href
}

function noRoute(): GatewayError {
  return new GatewayError('not_found', 'Cannot find this route')
}

function authorizationOf({ headers, key }: UpstreamRequest): string {
  const given = headers.get('authorization')?.trim() ?? ''
  return isSameText(given, key.reveal()) ? key.reveal() : `Bearer ${key.reveal()}`
}
