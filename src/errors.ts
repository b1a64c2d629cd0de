/** The code is public API: clients and SDKs switch on it, so codes are never renamed. */
export type ProblemCode =
  | 'invalid_json'
  | 'invalid_request'
  | 'invalid_payload'
  | 'nesting_too_deep'
  | 'key_too_long'
  | 'body_length_mismatch'
  | 'client_gone'
  | 'webhook_refused'
  | 'invalid_form'
  | 'digest_mismatch'
  | 'upload_mismatch'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'upload_not_found'
  | 'retention_refused'
  | 'retry_impossible'
  | 'session_running'
  | 'upload_incomplete'
  | 'upload_offset'
  | 'upload_expired'
  | 'tus_version'
  | 'body_too_large'
  | 'too_many_items'
  | 'content_encoding'
  | 'unsupported_media_type'
  | 'upload_locked'
  | 'checksum_mismatch'
  | 'internal_error'
  | 'upstream_unreachable'
  | 'access_refused'
  | 'busy'
  | 'store_unavailable'
  | 'access_unavailable'
  | 'auth_unavailable'
  | 'job_not_bound'
  | 'session_busy'
  | 'volume_busy'
  | 'misconfigured'
  | 'volume_gone'
  | 'volume_refused'
  | 'volume_full'

/** Every problem the gateway itself can answer with. */
export const PROBLEMS: Readonly<
  Record<ProblemCode, { readonly status: number; readonly title: string }>
> = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  invalid_payload: { status: 400, title: 'A payload is not valid base64' },
  nesting_too_deep: { status: 400, title: 'The JSON is nested too deeply' },
  key_too_long: { status: 400, title: 'A JSON key is too long' },
  body_length_mismatch: { status: 400, title: 'The body is not as long as it claims' },
  client_gone: { status: 400, title: 'The request ended before its body was complete' },
  retention_refused: { status: 400, title: 'The endpoint does not keep files so long' },
  webhook_refused: { status: 400, title: 'The webhook URL is not allowed' },
  invalid_form: { status: 400, title: 'The form is not valid' },
  digest_mismatch: { status: 400, title: 'The body does not have the digest it announces' },
  upload_mismatch: { status: 400, title: 'What was uploaded is not what was announced' },
  unauthorized: { status: 401, title: 'The API key is missing or not valid' },
  forbidden: { status: 403, title: 'The API key may not do this' },
  not_found: { status: 404, title: 'There is nothing here' },
  upload_not_found: { status: 404, title: 'There is no such upload' },
  retry_impossible: { status: 409, title: 'The job cannot be retried' },
  session_running: { status: 409, title: 'A job has the session' },
  upload_incomplete: { status: 409, title: 'The upload is not complete' },
  upload_offset: { status: 409, title: 'The upload is at another byte' },
  upload_expired: { status: 410, title: 'The upload has expired' },
  tus_version: { status: 412, title: 'This version of tus is not supported' },
  body_too_large: { status: 413, title: 'The request is too large for the endpoint' },
  too_many_items: { status: 413, title: 'One call adds too many requests to a batch' },
  content_encoding: { status: 415, title: 'Compressed request bodies are not supported' },
  unsupported_media_type: { status: 415, title: 'This content type is not supported' },
  upload_locked: { status: 423, title: 'Another request is writing the upload' },
  checksum_mismatch: { status: 460, title: 'The bytes do not have the checksum they announce' },
  internal_error: { status: 500, title: 'The gateway failed' },
  access_refused: { status: 502, title: 'The store refused to issue keys for the job' },
  upstream_unreachable: { status: 502, title: 'The upstream endpoint cannot be reached' },
  busy: { status: 503, title: 'The gateway is busy' },
  access_unavailable: { status: 503, title: 'The store cannot issue keys for the job now' },
  auth_unavailable: { status: 503, title: 'Tokens cannot be checked now' },
  store_unavailable: { status: 503, title: 'The object store is not available' },
  job_not_bound: { status: 503, title: 'The job could not be recorded' },
  session_busy: { status: 503, title: 'Another job has the session' },
  volume_busy: { status: 503, title: 'Another job may write to the volume' },
  misconfigured: { status: 503, title: 'The gateway is not configured correctly' },
  volume_gone: { status: 503, title: 'The network volume is not there' },
  volume_refused: { status: 503, title: 'The network volume refuses the gateway' },
  volume_full: { status: 507, title: 'The network volume is full' },
}

/** What a client may be told beside the text; every member is optional and holds no secret. */
export interface ProblemFacts {
  /** RFC 6901 pointer of the value at fault. */
  readonly pointer?: string
  /** Byte offset in the request body, counted from 0. */
  readonly offset?: number
  /** Name of the limit that was passed, as in the configuration. */
  readonly limitName?: string
  readonly limit?: number
  readonly actual?: number
  /** Part of an upload at fault, counted from 1. */
  readonly partNumber?: number
  /** Seconds after which the same request may succeed; sent as Retry-After. */
  readonly retryAfterSeconds?: number
  /** For the log only. */
  readonly cause?: unknown
}

/**
 * The one error of the gateway. `detail` goes to the client: sentence case, no full stop, action
 * first, then limit and actual value, never a secret, a URL query or a header value.
 */
export class GatewayError extends Error {
  readonly code: ProblemCode
  readonly detail: string
  readonly facts: ProblemFacts
  override name = 'GatewayError' as const

  constructor(code: ProblemCode, detail: string, facts: ProblemFacts = {}) {
    super(`${code}: ${detail}`, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.detail = detail
    this.facts = facts
  }
}
