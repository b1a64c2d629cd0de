import type { Context, Hono } from 'hono'
import type { Config } from '../config/config.ts'
import type { Reply } from '../platform.ts'
import type { AppEnv } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** Paths that pages may call; the job bucket and webhooks are called by no browser. */
const paths = ['/v2/*', '/lb/*', '/tokens', '/files/*']

const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/** What a page may send: what the routes read, and what passes upstream. */
const allowedHeaders = [
  'authorization',
  'bulkway-input',
  'bulkway-retention',
  'bulkway-session',
  'content-digest',
  'content-disposition',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'if-range',
  'openai-organization',
  'openai-project',
  'prefer',
  'range',
  'repr-digest',
  'traceparent',
  'tracestate',
  'tus-resumable',
  'upload-checksum',
  'upload-concat',
  'upload-defer-length',
  'upload-length',
  'upload-metadata',
  'upload-offset',
  'x-amz-checksum-sha256',
  'x-http-method-override',
  'x-request-id',
  'x-runpod-worker-id',
  // The official OpenAI package tells where it runs; they go no further.
  'x-stainless-arch',
  'x-stainless-helper-method',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
].join(', ')

/** What a page may read beside the few headers that every page may. */
const exposedHeaders = [
  'accept-ranges',
  'bulkway-ref',
  'content-disposition',
  'content-range',
  'etag',
  'location',
  'preference-applied',
  'retry-after',
  'tus-checksum-algorithm',
  'tus-extension',
  'tus-max-size',
  'tus-resumable',
  'tus-version',
  'upload-expires',
  'upload-length',
  'upload-metadata',
  'upload-offset',
  'x-request-id',
].join(', ')

/**
 * Lets pages of the configured origins call (Fetch, §3.3), without cookies: who calls is said by the
 * Authorization header alone. Its routes stand before all others; what they note is written into the
 * reply by `withCors`, because a streamed one leaves beside the framework, and its middleware with it.
 */
export function addCors(app: Hono<AppEnv>, cors: Config['cors'], route: Route): void {
  if (cors === undefined) return
  const { origins, maxAgeSeconds } = cors
  const isOpen = origins.includes('*')

  function grantTo(origin: string | undefined): Record<string, string> {
    // Answers differ by origin: no cache may give one page what was for another.
    const grant: Record<string, string> = isOpen ? {} : { vary: 'Origin' }
    if (origin === undefined || !(isOpen || origins.includes(origin))) return grant
    return { ...grant, 'access-control-allow-origin': isOpen ? '*' : origin }
  }

  for (const path of paths) {
    app.use(path, async (context, next) => {
      const grant = grantTo(context.req.header('origin'))
      context.set('cors', grant)
      if (!isPreflight(context)) return await next()
      return await route(context, async () => preflight(grant, maxAgeSeconds))
    })
  }
}

/** The reply with what `addCors` has noted for its request. */
export function withCors(reply: Reply, context: Context<AppEnv>): Reply {
  const grant = context.get('cors')
  if (grant === undefined) return reply
  const headers = new Headers(reply.headers)
  for (const [name, value] of Object.entries(grant)) headers.append(name, value)
  if (headers.has(allowOrigin) && !headers.has(allowMethods)) {
    headers.set('access-control-expose-headers', exposedHeaders)
  }
  return { ...reply, headers }
}

const allowOrigin = 'access-control-allow-origin'
const allowMethods = 'access-control-allow-methods'

/** Any other OPTIONS is the route's own to answer. */
function isPreflight({ req }: Context<AppEnv>): boolean {
  return (
    req.method === 'OPTIONS' &&
    req.header('origin') !== undefined &&
    req.header('access-control-request-method') !== undefined
  )
}

/** An answer that tells a page of an unknown origin nothing: the browser sends no request then. */
function preflight(grant: Record<string, string>, maxAgeSeconds: number): Reply {
  const headers = new Headers()
  if (allowOrigin in grant) {
    headers.set(allowMethods, allowedMethods)
    headers.set('access-control-allow-headers', allowedHeaders)
    headers.set('access-control-max-age', String(maxAgeSeconds))
  }
  return { status: 204, headers }
}
