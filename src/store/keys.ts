/**
 * The one place that names objects, with `batch-keys.ts` for those of batches; `docs/storage.md`
 * describes every name.
 */

const dayMs = 86_400_000

/** The day of what is kept until somebody deletes it: the last one that an id can carry. */
export const endlessDay = '2149-06-06'

/** Where a job's files lie: its last day and its grant. */
export interface JobFolder {
  readonly day: string
  readonly grantId: string
}

/** UTC day (`YYYY-MM-DD`) of a time in milliseconds. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** Days since 1970-01-01; undefined when the text is no day between 1970 and 2149. */
export function dayNumber(day: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined
  const ms = Date.parse(`${day}T00:00:00Z`)
  const days = ms / dayMs
  return Number.isInteger(days) && days >= 0 && days <= 0xffff && dayOf(ms) === day
    ? days
    : undefined
}

/** The day that `dayNumber` numbers. */
export function dayOfNumber(days: number): string {
  return dayOf(days * dayMs)
}

/** Prefix of all of a job's files, with the slash. */
export function jobPrefix({ day, grantId }: JobFolder): string {
  return `${day}/${grantId}/`
}

/** Prefix of a job's inputs, with the slash. */
export function inputPrefix({ day, grantId }: JobFolder): string {
  return `${day}/${grantId}/in/`
}

/** Prefix of a job's outputs, with the slash. */
export function outputPrefix({ day, grantId }: JobFolder): string {
  return `${day}/${grantId}/out/`
}

/** Prefix of a webhook's body on its way, in a folder of its own, with the slash. */
export function webhookPrefix({ day, grantId }: JobFolder): string {
  return `${day}/${grantId}/webhook/`
}

/** Last day of what is kept of a job's webhook: three days more than the job's own, as long as it may be sent. */
export function deliveryDay(day: string): string {
  if (day === endlessDay) return day
  return dayOf(Date.parse(`${day}T00:00:00Z`) + 3 * dayMs)
}

/** Prefix of the deliveries of a job's webhooks, with the slash; `day` is the grant's. */
export function deliveryPrefix({ day, grantId }: JobFolder): string {
  return `${deliveriesRoot}${deliveryDay(day)}/${grantId}/`
}

/** Key of the delivery of one webhook; `day` is the grant's. */
export function deliveryKey(job: JobFolder, messageId: string): string {
  return `${deliveryPrefix(job)}${messageId}`
}

/** Prefix of all deliveries, and below it of the notes which are due. */
export const deliveriesRoot = 'webhooks/'
export const deliveriesDueRoot = 'webhooks/due/'

/** Day of a delivery; undefined when the key is none. */
export function dayOfDelivery(key: string): string | undefined {
  const day = /^webhooks\/(\d{4}-\d{2}-\d{2})\/[a-z2-7]{26}\/msg_[a-z2-7]{26}$/.exec(key)?.[1]
  return day !== undefined && dayNumber(day) !== undefined ? day : undefined
}

/** Key of the note that a webhook is to be sent from a time on, rounded up to the second (UTC). */
export function deliveryDueKey(atMs: number, grantId: string, messageId: string): string {
  return `${deliveriesDueRoot}${secondOf(atMs)}/${grantId}/${messageId}`
}

/** What such a note says; undefined when the key is none. */
export function readDeliveryDueKey(
  key: string,
): { atMs: number; grantId: string; messageId: string } | undefined {
  const match =
    /^webhooks\/due\/(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)\/([a-z2-7]{26})\/(msg_[a-z2-7]{26})$/.exec(
      key,
    )
  const [, time = '', grantId = '', messageId = ''] = match ?? []
  const atMs = Date.parse(time)
  return Number.isNaN(atMs) ? undefined : { atMs, grantId, messageId }
}

/** What a job's staged payload is called: its number, the last token of its pointer, its extension. */
export function payloadName(index: number, pointer: string, extension: string): string {
  return `${index}-${fileStem(pointer)}.${extension}`
}

/** A safe file stem from the last token of a JSON Pointer that is no array index. */
export function fileStem(pointer: string): string {
  const tokens = pointer.split('/').slice(1)
  const named = tokens.findLast((token) => !/^\d+$/.test(token)) ?? ''
  const text = named.replaceAll('~1', '/').replaceAll('~0', '~')
  const stem = text
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
  return stem === '' ? 'payload' : stem
}

/** Key of a sealed grant in the state store. */
export function grantKey({ day, grantId }: JobFolder): string {
  return `grants/${day}/${grantId}`
}

/** Key of an upload's file: in a folder like a job's, so that it goes with its day. */
export function uploadKey(day: string, uploadId: string, name: string): string {
  return `${inputPrefix({ day, grantId: uploadId })}${name}`
}

/** Key of an upload's bytes that are too few for a part yet, as one request has left them. */
export function tailKey(day: string, uploadId: string, name: string): string {
  return `${jobPrefix({ day, grantId: uploadId })}tail/${name}`
}

/** Key of a file that is kept for good under a name of its owner's own. */
export function persistentKey(ownerHash: string, endpointId: string, name: string): string {
  return `persist/${ownerHash}/${endpointId}/${name}`
}

/** Whether a key is one of those, whatever else of that name a bucket holds. */
export function isPersistentKey(key: string): boolean {
  return /^persist\/[0-9a-f]{32}\/[^/]+\/./s.test(key)
}

/** Prefix of files that lie under names of their own on a network volume, outside the gateway's folder. */
export const sharedRoot = 'shared/'

/** Key of the record that says whose the file of such a key is; of a shared one, its store stands in the key. */
export function keptNameKey(keptKey: string): string {
  return keptKey.replace(/^persist\/|^(?=shared\/)/, 'uploads/by-name/')
}

/** Key of the note that a kept upload is to be looked at from a time on, rounded up to the minute (UTC). */
export function unsettledKey(atMs: number, uploadId: string): string {
  return `${unsettledRoot}${minuteOf(Math.ceil(atMs / 60_000) * 60_000)}/${uploadId}`
}

/** Prefix of those notes. */
export const unsettledRoot = 'uploads/unsettled/'

/** From when on such a note counts, and for which upload; undefined when the key is none. */
export function readUnsettledKey(key: string): { atMs: number; uploadId: string } | undefined {
  const match = /^uploads\/unsettled\/(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z)\/([a-z2-7]{26})$/.exec(key)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  const atMs = Date.parse(match[1])
  return Number.isNaN(atMs) ? undefined : { atMs, uploadId: match[2] }
}

/** Key of a sealed upload in the state store. */
export function uploadRecordKey(day: string, uploadId: string): string {
  return `uploads/${day}/${uploadId}`
}

/** Day and id of a sealed upload's key; undefined when the key is none. */
export function readUploadRecordKey(key: string): { day: string; uploadId: string } | undefined {
  const match = /^uploads\/(\d{4}-\d{2}-\d{2})\/([a-z2-7]{26})$/.exec(key)
  const day = match?.[1]
  const uploadId = match?.[2]
  if (day === undefined || uploadId === undefined || dayNumber(day) === undefined) return undefined
  return { day, uploadId }
}

/** Prefix of the pointers to an owner's complete uploads of one content, with the slash. */
export function sameContentPrefix(ownerHash: string, endpointId: string, sha256: string): string {
  return `${sameContentRoot}${ownerHash}/${escapeSegment(endpointId)}/${sha256}/`
}

/** Prefix of all those pointers. */
export const sameContentRoot = 'uploads/by-sha256/'

/** Id of the upload that such a pointer names; undefined when the key is none. */
export function readSameContentKey(key: string): string | undefined {
  return /^uploads\/by-sha256\/[0-9a-f]{32}\/[^/]+\/[0-9a-f]{64}\/([a-z2-7]{26})$/.exec(key)?.[1]
}

/** The id of the upload in whose folder a file lies; undefined when the key is no such file. */
export function uploadIdOfFile(key: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}\/([a-z2-7]{26})\/in\/./s.exec(key)?.[1]
}

/** Key of the record that says which grant a job has; foreign characters of the job id are escaped. */
export function jobKey(endpointId: string, jobId: string): string {
  return `jobs/${escapeSegment(endpointId)}/${escapeSegment(jobId)}`
}

/** Key of the marker that makes a job's inputs due at a time, rounded up to the minute (UTC). */
export function dueKey(atMs: number, grantId: string): string {
  return `due/${minuteOf(Math.ceil(atMs / 60_000) * 60_000)}/${grantId}`
}

/** Prefix of the due markers. */
export const duePrefix = 'due/'

/** When a due marker is due and for which grant; undefined when the key is no such marker. */
export function readDueKey(key: string): { atMs: number; grantId: string } | undefined {
  const match = /^due\/(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z)\/([a-z2-7]{26})$/.exec(key)
  if (match?.[1] === undefined || match[2] === undefined) return undefined
  const atMs = Date.parse(match[1])
  return Number.isNaN(atMs) ? undefined : { atMs, grantId: match[2] }
}

/** Day of an object that belongs to a job (`{day}/{grantId}/…`); undefined otherwise. */
export function dayOfJobFile(key: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})\/[a-z2-7]{26}\/./s.exec(key)
  const day = match?.[1]
  return day !== undefined && dayNumber(day) !== undefined ? day : undefined
}

/**
 * Day of the folder of a day or of one job in it, which a store with real directories lists as a key
 * once it is empty; undefined for other keys.
 */
export function dayOfFolder(key: string): string | undefined {
  const day = /^(\d{4}-\d{2}-\d{2})\/(?:[a-z2-7]{26}\/)?$/.exec(key)?.[1]
  return day !== undefined && dayNumber(day) !== undefined ? day : undefined
}

/** Whether a prefix is the whole of one job's inputs or outputs, and nobody else's. */
export function isJobPrefix(prefix: string): boolean {
  return /^\d{4}-\d{2}-\d{2}\/[a-z2-7]{26}\/(?:in|out)\/$/.test(prefix)
}

/** Day and id of a sealed grant's key; undefined when the key is none. */
export function readGrantKey(key: string): JobFolder | undefined {
  const match = /^grants\/(\d{4}-\d{2}-\d{2})\/([a-z2-7]{26})$/.exec(key)
  const day = match?.[1]
  const grantId = match?.[2]
  if (day === undefined || grantId === undefined || dayNumber(day) === undefined) return undefined
  return { day, grantId }
}

/** Key of a job's kept result; each run after a retry has one of its own. */
export function resultKey(day: string, endpointId: string, jobId: string, run: number): string {
  const job = escapeSegment(jobId).replaceAll('~', '%7E')
  return `${resultsRoot}${day}/${escapeSegment(endpointId)}/${job}${run === 0 ? '' : `~${run}`}`
}

/** Prefix of the kept results. */
export const resultsRoot = 'results/'

/** Day of a kept result; undefined when the key is none. */
export function dayOfResult(key: string): string | undefined {
  const day = /^results\/(\d{4}-\d{2}-\d{2})\/[^/]+\/[^/]+$/.exec(key)?.[1]
  return day !== undefined && dayNumber(day) !== undefined ? day : undefined
}

/** Prefix of the notes of which jobs an owner has submitted under one request id, with the slash. */
export function requestPrefix(ownerHash: string, endpointId: string, sha256: string): string {
  return `requests/${ownerHash}/${escapeSegment(endpointId)}/${sha256}/`
}

/** The grant that such a note names; undefined when the key is none. */
export function grantOfRequest(key: string): string | undefined {
  return /^requests\/[0-9a-f]{32}\/[^/]+\/[0-9a-f]{64}\/([a-z2-7]{26})$/.exec(key)?.[1]
}

function secondOf(ms: number): string {
  return `${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`
}

/** A text as one segment: no slash may open a folder, and URL parsers fold dot segments away. */
export function escapeSegment(text: string): string {
  const escaped = encodeURIComponent(text)
  return /^\.{1,2}$/.test(escaped) ? escaped.replaceAll('.', '%2E') : escaped
}
