import type { Hono } from 'hono'
import type { Deps } from '../flows/deps.ts'
import { makeToken } from '../flows/make-token.ts'
import { type AppEnv, type RequestAccess, takeBody } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** The route that makes client tokens. */
export function addTokenRoute(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  app.post('/tokens', (context) =>
    route(context, () => makeToken(deps, context.req.raw.headers, takeBody(context, access))),
  )
}
