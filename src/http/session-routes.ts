import type { Hono } from 'hono'
import type { Deps } from '../flows/deps.ts'
import { deleteSession } from '../flows/sessions/delete-session.ts'
import { readSession } from '../flows/sessions/read-session.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** Routes of an owner's sessions. */
export function addSessionRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const path = '/v2/:endpointId/sessions/:session'
  app.get(path, (context) =>
    route(context, () =>
      readSession(deps, readCall(context, access), context.req.param('session')),
    ),
  )
  app.delete(path, (context) =>
    route(context, () =>
      deleteSession(deps, readCall(context, access), context.req.param('session')),
    ),
  )
}
