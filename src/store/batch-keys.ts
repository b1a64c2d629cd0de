import { dayNumber, escapeSegment, type JobFolder } from './keys.ts'

/** Prefix of the notes of which grants the requests of a batch have, with the slash. */
export function batchPrefix(endpointId: string, batchId: string): string {
  return `${batchesRoot}${escapeSegment(endpointId)}/${escapeSegment(batchId)}/`
}

/** Key of such a note, one for each call that has added requests; `day` is the last of its grants. */
export function batchKey(endpointId: string, batchId: string, { day, grantId }: JobFolder): string {
  return `${batchPrefix(endpointId, batchId)}${day}~${grantId}`
}

/** Prefix of the notes of all batches of an endpoint, with the slash. */
export function batchesOfPrefix(endpointId: string): string {
  return `${batchesRoot}${escapeSegment(endpointId)}/`
}

/** Prefix of the note of which batch a request is of, with the slash. */
export function batchRequestPrefix(endpointId: string, requestId: string): string {
  return `${batchRequestsRoot}${escapeSegment(endpointId)}/${escapeSegment(requestId)}/`
}

/** Key of that note; `day` is the last of the batch's grants. */
export function batchRequestKey(
  endpointId: string,
  requestId: string,
  { day, batchId }: { readonly day: string; readonly batchId: string },
): string {
  return `${batchRequestPrefix(endpointId, requestId)}${day}~${escapeSegment(batchId)}`
}

/** What such a note says; undefined when the key is none. */
export function readBatchRequestKey(key: string): { day: string; batchId: string } | undefined {
  const match = /^batch-requests\/[^/]+\/[^/]+\/(\d{4}-\d{2}-\d{2})~([^/]+)$/.exec(key)
  const [, day, batchId] = match ?? []
  if (day === undefined || batchId === undefined || dayNumber(day) === undefined) return undefined
  return { day, batchId: decodeURIComponent(batchId) }
}

/** Prefixes of all those notes. */
export const batchesRoot = 'batches/'
export const batchRequestsRoot = 'batch-requests/'

/** Last day of such a note; undefined when the key is none. */
export function dayOfBatch(key: string): string | undefined {
  const day = /^batches\/[^/]+\/[^/]+\/(\d{4}-\d{2}-\d{2})~[a-z2-7]{26}$/.exec(key)?.[1]
  return day !== undefined && dayNumber(day) !== undefined ? day : undefined
}
