import type { Context, Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import type { Call, Deps } from '../flows/deps.ts'
import { appendTus } from '../flows/uploads-tus/append-tus.ts'
import { createTus } from '../flows/uploads-tus/create-tus.ts'
import { describeTus } from '../flows/uploads-tus/describe-tus.ts'
import { endTus } from '../flows/uploads-tus/end-tus.ts'
import { tusVersion } from '../flows/uploads-tus/protocol.ts'
import { readTus } from '../flows/uploads-tus/read-tus.ts'
import type { Reply } from '../platform.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import type { Route } from './endpoint-routes.ts'
import { problemReply } from './problem.ts'

type OnUpload = (deps: Deps, call: Call, uploadId: string) => Promise<Reply>

/** What is done to an upload; a GET stands for HEAD too. */
const onUpload = { GET: readTus, HEAD: readTus, PATCH: appendTus, DELETE: endTus } as const

/** Routes of tus 1.0.0, a protocol of resumable uploads, under `/v2/{endpointId}/uploads/tus`. */
export function addTusRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const base = '/v2/:endpointId/uploads/tus'

  /** The version stands in every answer, those of faults included. */
  function serve(context: Context<AppEnv>, flow: () => Promise<Reply>): Promise<Response> {
    return route(context, async () => {
      const reply = await flow().catch(async (error: unknown) => {
        await context.get('body')?.cancel(error)
        return problemReply(error, context.get('requestId'), deps.log)
      })
      reply.headers.set('tus-resumable', tusVersion)
      if (reply.status === 412) reply.headers.set('tus-version', tusVersion)
      return reply
    })
  }

  app.post(base, (context) =>
    serve(context, async () => createTus(deps, readCall(context, access))),
  )
  app.options(base, (context) => serve(context, async () => describeTus(deps)))
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    app.on(method, `${base}/:uploadId`, (context) => onOne(context, onUpload[method]))
  }
  // For clients behind what lets POST through alone.
  app.post(`${base}/:uploadId`, (context) =>
    onOne(context, overridden(context.req.header('x-http-method-override'))),
  )

  function onOne(context: Context<AppEnv>, flow: OnUpload | undefined): Promise<Response> {
    return serve(context, async () => {
      if (flow === undefined) throw new GatewayError('not_found', 'Cannot find this route')
      return await flow(deps, readCall(context, access), context.req.param('uploadId') ?? '')
    })
  }
}

function overridden(method = ''): OnUpload | undefined {
  const known = Object.entries(onUpload).find(([name]) => name === method.toUpperCase())
  return known?.[1]
}
