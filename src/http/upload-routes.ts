import type { Context, Hono } from 'hono'
import { GatewayError } from '../errors.ts'
import type { Call, Deps } from '../flows/deps.ts'
import { completeUpload } from '../flows/uploads/complete-upload.ts'
import { deleteUpload } from '../flows/uploads/delete-upload.ts'
import { putPart } from '../flows/uploads/put-part.ts'
import { readUpload } from '../flows/uploads/read-upload.ts'
import { signParts } from '../flows/uploads/sign-parts.ts'
import { startUpload } from '../flows/uploads/start-upload.ts'
import type { Reply } from '../platform.ts'
import { type AppEnv, type RequestAccess, readCall } from './call.ts'
import type { Route } from './endpoint-routes.ts'

/** Routes of uploads, under `/v2/{endpointId}/uploads`. */
export function addUploadRoutes(
  app: Hono<AppEnv>,
  deps: Deps,
  access: RequestAccess,
  route: Route,
): void {
  const base = '/v2/:endpointId/uploads'
  const one = `${base}/:uploadId`

  app.post(base, (context) => route(context, () => startUpload(deps, readCall(context, access))))
  function addRoute(
    method: string,
    path: string,
    flow: (deps: Deps, call: Call, uploadId: string) => Promise<Reply>,
  ): void {
    app.on(method, path, (context) =>
      route(context, () => flow(deps, readCall(context, access), readUploadId(context))),
    )
  }
  addRoute('GET', one, readUpload)
  addRoute('DELETE', one, deleteUpload)
  addRoute('POST', `${one}/parts`, signParts)
  addRoute('POST', `${one}/complete`, completeUpload)
  app.put(`${one}/parts/:partNumber`, (context) =>
    route(context, () => {
      const partNumber = Number(context.req.param('partNumber'))
      return putPart(deps, readCall(context, access), readUploadId(context), partNumber)
    }),
  )
}

function readUploadId(context: Context<AppEnv>): string {
  const uploadId = context.req.param('uploadId') ?? ''
  if (/^[a-z2-7]{26}$/.test(uploadId)) return uploadId
  throw new GatewayError('upload_not_found', 'Cannot find this upload')
}
