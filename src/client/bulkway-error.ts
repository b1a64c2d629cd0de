/** What went wrong before the gateway could answer, or in an answer that is not the gateway's own. */
export type ClientErrorCode =
  /** No answer: no connection, a broken one, or one on which nothing moved any more. */
  | 'network_error'
  /** The store refused a part of an upload. */
  | 'store_refused'
  /** The store's CORS rules hide the ETags of parts from the page. */
  | 'etag_hidden'
  /** The file cannot be read any more, or is not as long as it was. */
  | 'file_unreadable'
  /** The answer came from the platform, or from something between, and is no problem of the gateway. */
  | 'upstream_error'
  /** The answer is not what the contract says. */
  | 'invalid_answer'

/** What may be known beside code, status and detail. */
export interface BulkwayErrorFacts {
  /** JSON Pointer of the value at fault. */
  readonly pointer?: string
  /** Id of the request in the gateway's log. */
  readonly requestId?: string
  /** Part of an upload at fault, from 1. */
  readonly partNumber?: number
  /** Seconds after which the same may succeed. */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/**
 * The one error of the client; a signal that is aborted rejects with its own reason instead. `code`
 * is a `code` of the gateway's problems or a `ClientErrorCode`, `status` the HTTP status or 0 where
 * there was no answer.
 */
export class BulkwayError extends Error {
  override name = 'BulkwayError' as const
  readonly code: string
  readonly status: number
  /** What happened and what to do: for people. */
  readonly detail: string
  readonly pointer: string | undefined
  readonly requestId: string | undefined
  readonly partNumber: number | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, status: number, detail: string, facts: BulkwayErrorFacts = {}) {
    super(`${code}: ${detail}`, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.status = status
    this.detail = detail
    this.pointer = facts.pointer
    this.requestId = facts.requestId
    this.partNumber = facts.partNumber
    this.retryAfterSeconds = facts.retryAfterSeconds
  }
}
