import type { Context, Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import { deleteJob } from '../flows/delete-job.ts'
import type { Deps } from '../flows/deps.ts'
import { listRequests } from '../flows/list-requests.ts'
import { passThrough } from '../flows/pass-through.ts'
import { type JobOperation, readJob } from '../flows/read-job.ts'
import { findJobs } from '../flows/results/find-jobs.ts'
import { retryJob } from '../flows/retry-job.ts'
import { submitJob } from '../flows/submit-job.ts'
import type { Reply } from '../platform.ts'
import { isJobId } from '../upstream/endpoint-id.ts'
import { addBatchRoutes } from './batch-routes.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import { addOpenaiRoutes } from './openai-routes.ts'
import { readRest } from './rest-of-path.ts'
import { addSessionRoutes } from './session-routes.ts'
import { addUploadRoutes } from './upload-routes.ts'
import { addWebhookRoutes } from './webhook-routes.ts'

export type Route = (context: Context<AppEnv>, flow: () => Promise<Reply>) => Promise<Response>

/** Routes of the platform's own API, under `/v2/{endpointId}`. */
export function addEndpointRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const base = '/v2/:endpointId'

  for (const operation of ['run', 'runsync'] as const) {
    app.post(`${base}/${operation}`, (context) =>
      route(context, () => submitJob(deps, readCall(context, access), operation)),
    )
  }
  function addJobRoute(operation: JobOperation, methods: string[]): void {
    app.on(methods, `${base}/${operation}/:jobId`, (context) =>
      route(context, () => readJob(deps, readCall(context, access), operation, readJobId(context))),
    )
  }
  for (const operation of ['status', 'status-sync', 'stream'] as const) {
    addJobRoute(operation, ['GET', 'POST'])
  }
  addJobRoute('cancel', ['POST'])
  app.post(`${base}/retry/:jobId`, (context) =>
    route(context, () => retryJob(deps, readCall(context, access), readJobId(context))),
  )
  app.get(`${base}/jobs`, (context) =>
    route(context, () => findJobs(deps, readCall(context, access))),
  )
  app.delete(`${base}/jobs/:jobId`, (context) =>
    route(context, () => deleteJob(deps, readCall(context, access), readJobId(context))),
  )
  addUploadRoutes(app, deps, access, route)
  addWebhookRoutes(app, deps, access, route)
  addBatchRoutes(app, deps, access, route)
  addSessionRoutes(app, deps, access, route)
  app.get(`${base}/requests`, (context) =>
    route(context, () => listRequests(deps, readCall(context, access))),
  )
  for (const [method, path] of [
    ['POST', 'purge-queue'],
    ['GET', 'health'],
  ] as const) {
    app.on(method, `${base}/${path}`, (context) =>
      route(context, () => passThrough(deps, readCall(context, access), path)),
    )
  }
  addOpenaiRoutes(app, deps, access, route)
  app.all(`${base}/*`, (context) =>
    route(context, () => passThrough(deps, readCall(context, access), readRest(context))),
  )
}

export function readJobId(context: Context<AppEnv>): string {
  const jobId = context.req.param('jobId') ?? ''
  if (!isJobId(jobId)) throw new GatewayError('not_found', 'Cannot find this job')
  return jobId
}
