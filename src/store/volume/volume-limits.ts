import type { StoreLimits } from '../store.ts'

/**
 * What the S3 API of network volumes takes. It has no UploadPartCopy, so that a copy is made at once
 * or not at all.
 */
export const volumeLimits: StoreLimits = {
  putMaxBytes: 499_999_999,
  partMaxBytes: 500_000_000,
  objectMaxBytes: 4_000_000_000_000,
  copyMaxBytes: 4_000_000_000_000,
}
