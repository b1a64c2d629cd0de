import type { Context, Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import { deleteJob } from '../flows/delete-job.ts'
import type { Deps } from '../flows/deps.ts'
import { listRequests } from '../flows/list-requests.ts'
import { submitOpenai } from '../flows/openai/submit-openai.ts'
import { passThrough } from '../flows/pass-through.ts'
import { type JobOperation, readJob } from '../flows/read-job.ts'
import { findJobs } from '../flows/results/find-jobs.ts'
import { retryJob } from '../flows/retry-job.ts'
import { submitJob } from '../flows/submit-job.ts'
import type { Reply } from '../platform.ts'
import { isJobId } from '../upstream/endpoint-id.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
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
  for (const [path, flow] of [
    ['openai/*', submitOpenai],
    ['*', passThrough],
  ] as const) {
    app.all(`${base}/${path}`, (context) =>
      route(context, () => flow(deps, readCall(context, access), readRest(context))),
    )
  }
}

export function readJobId(context: Context<AppEnv>): string {
  const jobId = context.req.param('jobId') ?? ''
  if (!isJobId(jobId)) throw new GatewayError('not_found', 'Cannot find this job')
  return jobId
}

/** Routes that are the gateway's to answer: by a wrong method or in another case they are none. */
const ownOperations =
  /^(run|runsync|status|status-sync|stream|cancel|retry|purge-queue|health|requests|uploads|jobs|webhook-secrets)(\/|$)/i
const workerOperations = /^(job-|ping)/i

/** The path below the endpoint, as upstream gets it, where every hop reads it as we do. */
function readRest(context: Context<AppEnv>): string {
  const [, , , ...segments] = context.req.path.split('/')
  const path = segments.join('/')
  const plain = /^[A-Za-z0-9._~-]+$/.test(segments[0] ?? '')
  if (!plain || workerOperations.test(path) || ownOperations.test(path) || isSlippery(path)) {
    throw new GatewayError('not_found', 'Cannot find this route')
  }
  return path
}

/** Whether a hop that decodes more often than we do could see dot segments or another path. */
function isSlippery(path: string): boolean {
  let decoded = path
  for (let times = 0; times < 3; times++) {
    if (hasDots(decoded)) return true
    try {
      decoded = decodeURIComponent(decoded)
    } catch {
      return true
    }
  }
  return hasDots(decoded) || decoded.includes('%')
}

function hasDots(path: string): boolean {
  return path.includes('\\') || /(^|\/)\.{1,2}([/;]|$)/.test(path)
}
