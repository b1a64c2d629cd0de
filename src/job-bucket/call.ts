import type { Grant } from '../grants/grant.ts'
import type { Log } from '../log.ts'
import type { Platform } from '../platform.ts'
import type { ObjectStore } from '../store/store.ts'
import type { UploadBody } from './body/upload-body.ts'
import type { Quotas } from './quota.ts'
import type { Target } from './target.ts'

/** One authenticated request, as an operation sees it. */
export interface Call {
  readonly target: Target
  readonly headers: Headers
  readonly grant: Grant
  readonly store: ObjectStore
  readonly quotas: Quotas
  readonly platform: Platform
  readonly log: Log
  /** The `x-amz-content-sha256` that was proven. */
  readonly payloadHash: string
  /** Request id. */
  readonly id: string
  /** The request's body with its checks; only operations that read one may ask, once. */
  upload(): UploadBody
}
