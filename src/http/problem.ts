import { GatewayError, PROBLEMS } from '../errors.ts'
import { type Log, reasonOf } from '../log.ts'
import type { Reply } from '../platform.ts'

const encoder = new TextEncoder()

/**
 * Turns any error into an RFC 9457 problem that also carries `error`, which clients read: RunPod's as
 * text, OpenAI's as an object with a `message`. What is not a `GatewayError` becomes `internal_error`;
 * its message stays in the log.
 */
export function problemReply(
  error: unknown,
  requestId: string,
  log: Log,
  clients: 'runpod' | 'openai' = 'runpod',
): Reply {
  const known = error instanceof GatewayError ? error : undefined
  const code = known?.code ?? 'internal_error'
  const { status, title } = PROBLEMS[code]
  const cause = known === undefined ? error : known.facts.cause
  // A 503 says "come again": what is behind it, if anything is, stands in its cause.
  const level = status < 500 || (status === 503 && cause === undefined) ? 'info' : 'error'
  log.write(level, {
    event: 'problem',
    requestId,
    code,
    detail: known?.detail,
    cause: cause === undefined ? undefined : reasonOf(cause),
  })
  const detail = known?.detail ?? 'Something went wrong inside the gateway'
  const { cause: _hidden, retryAfterSeconds, ...facts } = known?.facts ?? {}
  const body = {
    type: 'about:blank',
    title,
    status,
    detail,
    code,
    error: clients === 'runpod' ? detail : openaiError(detail, code, status, facts.pointer),
    requestId,
    ...facts,
  }
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds))
  return { status, headers, body: encoder.encode(JSON.stringify(body)) }
}

function openaiError(message: string, code: string, status: number, param?: string): object {
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  return { message, type, param: param ?? null, code }
}
