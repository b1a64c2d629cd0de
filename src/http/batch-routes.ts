import type { Context, Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import { addItems } from '../flows/batch/add-items.ts'
import { askBatch, removeItem } from '../flows/batch/ask-batch.ts'
import type { Deps } from '../flows/deps.ts'
import { isJobId } from '../upstream/endpoint-id.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** Routes of the platform's batches. */
export function addBatchRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const base = '/v2/:endpointId/batch'
  const one = `${base}/:batchId`

  app.post(base, (context) =>
    route(context, () => addItems(deps, readCall(context, access), 'batch')),
  )
  app.get(base, (context) =>
    route(context, () => askBatch(deps, readCall(context, access), 'batch')),
  )
  app.post(`${one}/requests`, (context) =>
    route(context, () => {
      const batchId = readId(context, 'batchId')
      return addItems(deps, readCall(context, access), `batch/${batchId}/requests`, batchId)
    }),
  )
  for (const [method, rest] of [
    ['GET', ''],
    ['PUT', ''],
    ['GET', '/requests'],
    ['POST', '/finalize'],
    ['POST', '/cancel'],
  ] as const) {
    app.on(method, `${one}${rest}`, (context) =>
      route(context, () => {
        const batchId = readId(context, 'batchId')
        return askBatch(deps, readCall(context, access), `batch/${batchId}${rest}`, batchId)
      }),
    )
  }
  app.delete(`${one}/requests/:requestId`, (context) =>
    route(context, () => {
      const ids = { batchId: readId(context, 'batchId'), requestId: readId(context, 'requestId') }
      const path = `batch/${ids.batchId}/requests/${ids.requestId}`
      return removeItem(deps, readCall(context, access), path, ids)
    }),
  )
}

function readId(context: Context<AppEnv>, name: 'batchId' | 'requestId'): string {
  const id = context.req.param(name) ?? ''
  if (!isJobId(id)) throw new GatewayError('not_found', 'Cannot find this batch')
  return id
}
