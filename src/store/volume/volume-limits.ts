import type { StoreLimits } from '../store.ts'

/** What the S3 API of network volumes takes; up to which size it copies a file is not documented. */
export const volumeLimits: StoreLimits = {
  putMaxBytes: 499_999_999,
  partMaxBytes: 500_000_000,
  objectMaxBytes: 4_000_000_000_000,
  copyMaxBytes: 4_000_000_000_000,
  copiesParts: false,
}
