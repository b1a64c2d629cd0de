import type { Context, Hono } from 'hono'
import type { Deps } from '../flows/deps.ts'
import { submitOpenai } from '../flows/openai/submit-openai.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import type { Route } from './endpoint-routes.ts'
import { problemReply } from './problem.ts'
import { readRest } from './rest-of-path.ts'

/** The OpenAI API under `/v2/{endpointId}/openai`; faults are told as its clients read them. */
export function addOpenaiRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const serve = (context: Context<AppEnv>) =>
    route(context, async () => {
      try {
        return await submitOpenai(deps, readCall(context, access), readRest(context))
      } catch (error) {
        await context.get('body')?.cancel(error)
        return problemReply(error, context.get('requestId'), deps.log, 'openai')
      }
    })
  app.all('/v2/:endpointId/openai/*', serve)
}
