import type { Hono } from 'hono'
import type { Deps } from '../flows/deps.ts'
import { describeWebhookSecrets } from '../flows/webhooks/describe-secrets.ts'
import { redeliverWebhook } from '../flows/webhooks/redeliver-webhook.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import { type Route, readJobId } from './endpoint-routes.ts'

/** What a caller asks of its webhooks, under `/v2/{endpointId}`. */
export function addWebhookRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const base = '/v2/:endpointId'
  app.get(`${base}/webhook-secrets`, (context) =>
    route(context, () => describeWebhookSecrets(deps, readCall(context, access))),
  )
  app.post(`${base}/jobs/:jobId/webhook/redeliver`, (context) =>
    route(context, () => redeliverWebhook(deps, readCall(context, access), readJobId(context))),
  )
}
