import { maxParts } from '../store/part-limit.ts'

const mebibyte = 1024 * 1024

/** How a file is cut: all parts but the last are `partSize` bytes, as R2 wants them. */
export interface PartPlan {
  readonly size: number
  readonly partSize: number
  readonly partCount: number
}

/**
 * Cuts a file of `size` bytes into parts of `partBytes`, of whole MiB more where 10,000 of those
 * would not reach. An empty file is one empty part, which stores take.
 */
export function planParts(size: number, partBytes: number): PartPlan {
  const needed = Math.ceil(size / maxParts)
  const partSize = needed <= partBytes ? partBytes : Math.ceil(needed / mebibyte) * mebibyte
  return { size, partSize, partCount: Math.max(1, Math.ceil(size / partSize)) }
}

/** Bytes of one part, counted from 1; undefined where the file has no such part. */
export function partLength(plan: PartPlan, partNumber: number): number | undefined {
  const { size, partSize, partCount } = plan
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > partCount) return undefined
  return partNumber < partCount ? partSize : size - partSize * (partCount - 1)
}
