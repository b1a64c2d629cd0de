import { GatewayError } from '../errors.ts'
import { readRawRequest } from '../intake/raw-request.ts'
import { isForm } from '../multipart/boundary.ts'
import type { Call } from './deps.ts'

/** What a job's body is: the request as JSON, a form of fields and files, or one file. */
export type BodyKind = 'json' | 'form' | 'raw'

// curl's default and that of fetch for a string; the platform takes what is in it for JSON.
const jsonTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/json',
  'text/plain',
]

/**
 * Reads the kind of a body from its Content-Type.
 *
 * @throws {GatewayError} unsupported_media_type when that is no media type
 */
export function readBodyKind(headers: Headers): BodyKind {
  const value = headers.get('content-type') ?? ''
  if (isForm(value)) return 'form'
  const type = value.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === '' || jsonTypes.includes(type) || type.endsWith('+json')) return 'json'
  if (/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(type)) return 'raw'
  throw new GatewayError(
    'unsupported_media_type',
    `Cannot read a body of type ${type.slice(0, 80)}: send application/json`,
  )
}

/**
 * The call as upstream is to have it once its body has become JSON.
 *
 * @throws {GatewayError} as `readRawRequest`
 */
export function asJson(call: Call, kind: BodyKind): Call {
  if (kind === 'json') return call
  const headers = new Headers(call.headers)
  headers.set('content-type', 'application/json')
  const search = kind === 'raw' ? readRawRequest(call.headers, call.search).search : call.search
  return { ...call, headers, search }
}
