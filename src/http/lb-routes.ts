import type { Context, Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import type { Deps } from '../flows/deps.ts'
import { callWorkers } from '../flows/load-balancer/call-workers.ts'
import { openWebSocket } from '../flows/load-balancer/open-websocket.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** Routes of load-balancing endpoints: whatever lies under `/lb/{endpointId}` is their workers'. */
export function addLoadBalancerRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  for (const path of ['/lb/:endpointId', '/lb/:endpointId/*']) {
    app.all(path, (context) =>
      route(context, () => {
        const { path, search } = readTarget(access.targetOf(context))
        const call = { ...readCall(context, access), search }
        const { upgrade } = access
        if (upgrade === undefined || !asksForWebSocket(context)) {
          return callWorkers(deps, call, path)
        }
        return openWebSocket(deps, call, path, (request) => upgrade(context, request))
      }),
    )
  }
}

function asksForWebSocket({ req }: Context<AppEnv>): boolean {
  return req.header('upgrade')?.trim().toLowerCase() === 'websocket'
}

/** The workers' part of a target, as it came: what an empty segment means is theirs to know. */
function readTarget(target: string): { path: string; search: string } {
  const found = /^\/+lb\/+[^/?#]+(?:\/([^?#]*))?(\?[^#]*)?$/.exec(target)
  if (found === null) throw new GatewayError('not_found', 'Cannot find this route')
  const [, path = '', search = ''] = found
  return { path, search: search === '?' ? '' : search }
}
