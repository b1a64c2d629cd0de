import type { Context } from 'hono'
import { GatewayError } from '../errors.ts'
import type { Call } from '../flows/deps.ts'
import type { Body, IncomingResponse, OutgoingRequest, Reply } from '../platform.ts'
import { isEndpointId } from '../upstream/endpoint-id.ts'
import type { StreamedReply } from './respond.ts'

/** What only the runtime knows of a request. */
export interface RequestAccess {
  /** The body to be read once; undefined when there is none. */
  bodyOf(context: Context): Body | undefined
  /** Path and query exactly as they came, undecoded and not normalised where the runtime can tell. */
  targetOf(context: Context): string
  /** The client's own Accept-Encoding, where the runtime's edge tells what it has rewritten. */
  acceptEncodingOf?(context: Context): string | undefined
  /** Whether the client has left. */
  isGone?(context: Context): boolean
  /** Sends a streamed reply by a way of the runtime's own; what it returns stands in its place. */
  stream?(context: Context, reply: StreamedReply): Response
  /**
   * Asks for a WebSocket in the name of a request that asks for one: status 101 where it is open, and
   * waits for `join`. Absent: there are none.
   */
  upgrade?(context: Context, request: OutgoingRequest): Promise<IncomingResponse>
  /** Joins a request to the WebSocket that `upgrade` has opened; what it returns stands in its place. */
  join?(context: Context, reply: Reply): Response
}

export type AppEnv = {
  Variables: {
    requestId: string
    body?: Body
    /** What CORS adds to the answer. */
    cors?: Readonly<Record<string, string>>
  }
}

/** The request's body, which is taken once; remembered, so that a refusal can let go of it. */
export function takeBody(context: Context<AppEnv>, access: RequestAccess): Body | undefined {
  const body = access.bodyOf(context)
  if (body !== undefined) context.set('body', body)
  return body
}

/**
 * Frees a request to an endpoint from the framework.
 *
 * @throws {GatewayError} not_found for an endpoint id that cannot be one
 */
export function readCall(context: Context<AppEnv>, access: RequestAccess): Call {
  const endpointId = context.req.param('endpointId') ?? ''
  if (!isEndpointId(endpointId)) throw new GatewayError('not_found', 'Cannot find this endpoint')
  return {
    requestId: context.get('requestId'),
    method: context.req.method,
    endpointId,
    search: splitUrl(context.req.url).search,
    headers: context.req.raw.headers,
    body: takeBody(context, access),
    isGone: () => access.isGone?.(context) === true,
    contentLength: readLength(context.req.header('content-length')),
  }
}

/** Path and query (with its `?`, or empty) of a URL that a parser has written, which it reads again. */
export function splitUrl(href: string): { pathname: string; search: string } {
  const start = href.indexOf('/', href.indexOf('://') + 3)
  const hash = href.indexOf('#', start)
  const end = hash < 0 ? href.length : hash
  const mark = href.indexOf('?', start)
  if (mark < 0 || mark >= end) return { pathname: href.slice(start, end), search: '' }
  // A lone question mark is no query.
  const search = mark + 1 === end ? '' : href.slice(mark, end)
  return { pathname: href.slice(start, mark), search }
}

function readLength(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}
