import { decodePercent } from '../../sigv4/query.ts'
import { resolveKey } from '../authorise.ts'
import type { Call } from '../call.ts'
import { findParameter } from '../detect.ts'
import { S3Error } from '../s3-error.ts'
import { checkKey } from '../target.ts'

const prefix = 'x-amz-copy-source'
const conditionNames = ['match', 'none-match', 'modified-since', 'unmodified-since'] as const

/** What must hold of a copy's source, by the part of the name behind `x-amz-copy-source-if-`. */
export type SourceConditions = Readonly<Partial<Record<(typeof conditionNames)[number], string>>>

/** Bytes of the source that a part is to be a copy of, both included. */
export interface SourceRange {
  readonly first: number
  readonly last: number
}

/**
 * The real key of `x-amz-copy-source`: `bucket/key` or `/bucket/key`, decoded once, a plus sign being
 * a plus sign; any bucket name means the one bucket.
 * @throws {S3Error} InvalidArgument, AccessDenied, KeyTooLongError or NotImplemented
 */
export function readSource(call: Call): string {
  const raw = findParameter(call.headers, call.target.query, prefix) ?? ''
  // Two sources at once could be one for the check and another for the copy.
  const named = call.target.query.filter(({ name }) => name.toLowerCase() === prefix)
  if (named.some(({ value }) => value !== raw)) throw badSource()
  const isVersion = raw.includes('?versionId=')
  if (isVersion || raw.startsWith('arn:')) throw new S3Error('NotImplemented')
  const text = /^[ ->@-~]+$/.test(raw) ? decodePercent(raw) : undefined
  const [, key] = /^\/?[^/]+\/(.+)$/s.exec(text ?? '') ?? []
  if (key === undefined) throw badSource()
  checkKey(key)
  return resolveKey(call.grant, key, 'read')
}

/**
 * The range of `x-amz-copy-source-range`; undefined for the whole source.
 * @throws {S3Error} InvalidArgument
 */
export function readSourceRange(call: Call): SourceRange | undefined {
  const text = findParameter(call.headers, call.target.query, `${prefix}-range`)
  if (text === undefined) return undefined
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text) ?? []
  const range = { first: Number(first), last: Number(last) }
  if (range.first <= range.last) return range
  const wanted = 'The x-amz-copy-source-range value must be of the form bytes=first-last'
  throw new S3Error('InvalidArgument', wanted)
}

/** The conditions of a copy on its source; undefined when there are none. */
export function readSourceConditions(call: Call): SourceConditions | undefined {
  const found = conditionNames.flatMap((name) => {
    const value = findParameter(call.headers, call.target.query, `${prefix}-if-${name}`)
    return value === undefined ? [] : [[name, value] as const]
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** The conditions as headers of the store's own copy. */
export function conditionHeaders(conditions: SourceConditions = {}): Record<string, string> {
  const named = Object.entries(conditions).map(([name, value]) => [`${prefix}-if-${name}`, value])
  return Object.fromEntries(named)
}

/**
 * Checks the conditions by the source's headers, as S3 does: an ETag that matches goes before a date.
 * @throws {S3Error} PreconditionFailed or InvalidArgument
 */
export function checkSource(conditions: SourceConditions, source: Headers): void {
  const etag = bare(source.get('etag') ?? '')
  const names = (list: string) =>
    list.split(',').some((one) => bare(one) === etag || bare(one) === '*')
  const changedAt = Date.parse(source.get('last-modified') ?? '')
  const isAfter = (date: string) => changedAt > readDate(date)
  const { match, 'none-match': noneMatch } = conditions
  const { 'modified-since': modified, 'unmodified-since': unmodified } = conditions
  const fails =
    (match !== undefined && !names(match)) ||
    (match === undefined && unmodified !== undefined && isAfter(unmodified)) ||
    (noneMatch !== undefined && names(noneMatch)) ||
    (noneMatch === undefined && modified !== undefined && !isAfter(modified))
  if (fails) throw new S3Error('PreconditionFailed')
}

function readDate(text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new S3Error('InvalidArgument', 'A date of a condition is not valid')
  return time
}

function bare(etag: string): string {
  return etag.trim().replace(/^"|"$/g, '')
}

function badSource(): S3Error {
  const text = 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey'
  return new S3Error('InvalidArgument', text)
}
