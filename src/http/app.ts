import { type Context, Hono } from 'hono'
import { virtualHostOf } from '../config/virtual-host.ts'
import openapi from '../contract/openapi.gen.json' with { type: 'json' }
import { GatewayError } from '../errors.ts'
import { decodedRequest } from '../flows/decoded-answer.ts'
import type { Deps } from '../flows/deps.ts'
import { describeIssuer, keySetPath, readKeySet } from '../flows/describe-issuer.ts'
import { readFile } from '../flows/outputs/read-file.ts'
import { readJsonFile } from '../flows/outputs/read-json-file.ts'
import { withLinks } from '../flows/outputs/resolve-reference.ts'
import { receiveWebhook } from '../flows/webhooks/receive-webhook.ts'
import { createJobBucket } from '../job-bucket/dispatch.ts'
import type { Reply } from '../platform.ts'
import { type AppEnv, type RequestAccess, splitUrl, takeBody } from './call.ts'
import { addCors, withCors } from './cors.ts'
import { addEndpointRoutes, type Route } from './endpoint-routes.ts'
import { addLoadBalancerRoutes } from './lb-routes.ts'
import { addPageRoute } from './page-route.ts'
import { problemReply } from './problem.ts'
import { respond } from './respond.ts'
import { addTokenRoute } from './token-route.ts'
import { addTusRoutes } from './tus-routes.ts'

/**
 * The application: routes in, Response out. The same on every runtime; `access` is what only the
 * runtime knows of a request.
 */
export function createApp(deps: Deps, access: RequestAccess): Hono<AppEnv> {
  const { config, log, platform } = deps
  const { stream } = access
  const bucketUrl = new URL(config.jobBucketUrl)
  const bucketPath = bucketUrl.pathname.replace(/\/$/, '')
  const ownHost = hostOf(bucketUrl.href) !== hostOf(config.publicUrl)
  const virtualHost = virtualHostOf(config)
  const app = new Hono<AppEnv>({
    getPath: (request) => routePath(request, ownHost ? undefined : bucketPath),
  })
  const jobBucket = createJobBucket({ ...deps, basePath: bucketPath, virtualHost })

  const route: Route = async (context, flow) => {
    const startedAt = platform.now()
    const requestId = crypto.randomUUID()
    context.set('requestId', requestId)
    const answer = (async () => await flow())().catch(async (error: unknown) => {
      const problem = problemReply(error, requestId, log)
      await context.get('body')?.cancel(error)
      return problem
    })
    // A client that goes away must not stop the clean-up of what it left.
    platform.waitUntil(answer)
    const { method, path } = context.req
    const reply = withCors(await answer, context)
    const response =
      reply.status === 101 && access.join !== undefined
        ? access.join(context, reply)
        : respond(reply, platform, method, stream && ((body) => stream(context, body)))
    log.write('info', {
      event: 'request',
      requestId,
      method,
      route: path.split('/', 2)[1],
      status: reply.status,
      ms: platform.now() - startedAt,
    })
    return response
  }

  const serveBucket = (context: Context<AppEnv>) =>
    route(context, () =>
      jobBucket.answer({
        method: context.req.method,
        rawTarget: access.targetOf(context),
        host: context.req.header('host') ?? new URL(context.req.url).host,
        acceptEncoding: access.acceptEncodingOf?.(context),
        headers: context.req.raw.headers,
        body: takeBody(context, access),
        id: context.get('requestId'),
      }),
    )
  // On a host of its own the job bucket has every path, and nothing else is there.
  if (ownHost) {
    const bucketHost = hostOf(bucketUrl.href)
    app.use('*', async (context, next) => {
      const host = hostOf(context.req.url)
      const isBelow = virtualHost !== undefined && host.endsWith(`.${bucketHost}`)
      return host === bucketHost || isBelow ? await serveBucket(context) : await next()
    })
  }

  addCors(app, config.cors, route)
  addTusRoutes(app, deps, access, route)
  addEndpointRoutes(app, deps, access, route)
  addLoadBalancerRoutes(app, deps, access, route)
  addTokenRoute(app, deps, access, route)
  addPageRoute(app, config, route)
  app.get('/files/:sealed/:name', (context) =>
    route(context, () => {
      const method = context.req.method === 'HEAD' ? 'HEAD' : 'GET'
      const sealed = context.req.param('sealed')
      const isLinked = new URL(context.req.url).search === `?${withLinks}`
      return isLinked
        ? readJsonFile(deps, method, sealed)
        : readFile(deps, method, sealed, context.req.raw.headers)
    }),
  )
  app.post('/webhooks/:sealed', (context) =>
    route(context, () => {
      const body = takeBody(context, access)
      if (body === undefined) throw new GatewayError('invalid_request', 'The body is missing')
      const readable = decodedRequest(platform, context.req.raw.headers, body)
      return receiveWebhook(deps, context.req.param('sealed'), readable)
    }),
  )
  app.get('/.well-known/openid-configuration', (context) =>
    route(context, () => describeIssuer(deps)),
  )
  app.get(keySetPath, (context) => route(context, () => readKeySet(deps)))
  if (!ownHost) for (const path of [bucketPath, `${bucketPath}/*`]) app.all(path, serveBucket)
  app.get('/openapi.json', (context) => route(context, async () => jsonReply(openapi)))
  app.get('/healthz', (context) => route(context, async () => jsonReply({ status: 'ok' })))
  app.get('/readyz', (context) =>
    route(context, async () => {
      await deps.stateStore.list('grants/', { maxKeys: 1 })
      return jsonReply({ status: 'ok' })
    }),
  )
  app.notFound((context) =>
    route(context, async () => {
      // The path can be a sealed link: it is not repeated.
      throw new GatewayError('not_found', 'Cannot find this route')
    }),
  )
  app.onError((error, context) => {
    const requestId = context.get('requestId') ?? crypto.randomUUID()
    return respond(withCors(problemReply(error, requestId, log), context), platform)
  })
  return app
}

/** The host without a default port: behind a proxy that ends TLS the scheme is not the client's. */
function hostOf(url: string): string {
  return new URL(url).host.replace(/:(80|443)$/, '')
}

function jsonReply(content: unknown): Reply {
  const headers = new Headers({ 'content-type': 'application/json' })
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(content)) }
}

/** Clients join base URLs carelessly: doubled and trailing slashes mean nothing, but in S3 keys they do. */
function routePath(request: Request, bucketPath: string | undefined): string {
  const { pathname } = splitUrl(request.url)
  if (bucketPath !== undefined && pathname.startsWith(`${bucketPath}/`)) return pathname
  const path = pathname.replace(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
