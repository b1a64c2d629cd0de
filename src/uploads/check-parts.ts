import { GatewayError } from '../errors.ts'
import type { StoredPart } from '../store/list-parts.ts'
import type { UploadedPart } from '../store/store.ts'
import { type PartPlan, partLength } from './part-plan.ts'

/**
 * Holds what a client says it has uploaded to the plan, and to what the store has where it can tell:
 * every part once, with its size and the reported ETag. Gives the parts in order, ETags as the store
 * spells them.
 *
 * @throws {GatewayError} upload_incomplete for a part that is missing, upload_mismatch for one that is
 *   not as announced or reported; both name the part
 */
export function checkParts(
  plan: PartPlan,
  reported: readonly UploadedPart[],
  stored: readonly StoredPart[] | undefined,
): readonly UploadedPart[] {
  const byNumber = new Map<number, string>()
  for (const { partNumber, etag } of reported) {
    if (partLength(plan, partNumber) === undefined) {
      throw mismatch(`Part ${partNumber} is too many: there are ${plan.partCount}`, partNumber)
    }
    if (byNumber.has(partNumber)) throw mismatch(`Part ${partNumber} is named twice`, partNumber)
    byNumber.set(partNumber, etag)
  }
  const inStore = stored && new Map(stored.map((part) => [part.partNumber, part]))
  return Array.from({ length: plan.partCount }, (_, index) => {
    const partNumber = index + 1
    const etag = byNumber.get(partNumber)
    if (etag === undefined) throw missing(`Name part ${partNumber} and its ETag`, partNumber)
    if (inStore === undefined) return { partNumber, etag: quoted(etag) }
    const part = inStore.get(partNumber)
    if (part === undefined)
      throw missing(`Upload part ${partNumber}: the store has none`, partNumber)
    return checkPart(plan, part, etag)
  })
}

function checkPart(plan: PartPlan, part: StoredPart, etag: string): UploadedPart {
  const { partNumber, size } = part
  const length = partLength(plan, partNumber)
  if (size !== length) {
    throw mismatch(`Upload part ${partNumber} again: ${length} bytes, not ${size}`, partNumber)
  }
  if (!isSameEtag(part.etag, etag)) {
    const text = `Part ${partNumber} is not the one that was reported: other bytes were uploaded since`
    throw mismatch(text, partNumber)
  }
  return { partNumber, etag: part.etag }
}

/** Whether two ETags name the same bytes, however they are quoted. */
export function isSameEtag(one: string, other: string): boolean {
  return bare(one) === bare(other)
}

function bare(etag: string): string {
  return etag.replace(/^"|"$/g, '')
}

function quoted(etag: string): string {
  return `"${bare(etag)}"`
}

function missing(detail: string, partNumber: number): GatewayError {
  return new GatewayError('upload_incomplete', detail, { partNumber })
}

function mismatch(detail: string, partNumber: number): GatewayError {
  return new GatewayError('upload_mismatch', detail, { partNumber })
}
