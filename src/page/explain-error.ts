import { BulkwayError } from '../client/client.ts'

/** An error for people. */
export interface Explained {
  readonly title: string
  /** What happened, as whoever noticed it said. */
  readonly detail: string
  /** What to do about it. */
  readonly wayOut: string
}

const known: Readonly<Record<string, readonly [title: string, wayOut: string]>> = {
  unauthorized: ['The key is not accepted', 'Check the key; a client token may have ended.'],
  forbidden: ['The key may not do this', 'Use a key that may, or ask whoever gave it to you.'],
  not_found: [
    'There is no such endpoint or job',
    'Check the endpoint id, and that the key is for it.',
  ],
  body_too_large: [
    'The request is too large',
    'Put the large value into a file and drop it here, or ask for a higher limit.',
  ],
  network_error: ['No answer', 'Check the connection and try again.'],
  store_refused: ['The store refused a part', 'Try again: what has landed is not sent again.'],
  etag_hidden: [
    'The store hides what it has taken',
    'The operator has to let the bucket’s CORS rule expose ETag.',
  ],
  file_unreadable: [
    'The file cannot be read',
    'Choose it again: it was moved, changed or removed.',
  ],
  upload_not_found: ['The upload is gone', 'Remove the file and drop it again.'],
  upload_expired: ['The upload is too old', 'Remove the file and drop it again.'],
  upload_mismatch: ['What arrived is not the file', 'Remove the file and drop it again.'],
  upload_incomplete: ['An upload is not complete', 'Wait until every file has landed.'],
  busy: ['The gateway is busy', 'Try again in a moment.'],
  store_unavailable: ['The store does not answer', 'Try again in a moment.'],
  volume_full: ['The volume is full', 'The operator has to delete files or grow it.'],
  volume_gone: ['The volume is not there', 'Ask the operator, then try again.'],
  volume_refused: ['The volume refuses the gateway', 'Ask the operator, then try again.'],
  access_unavailable: ['The store issues no keys now', 'Try again in a moment.'],
  upstream_unreachable: ['The endpoint cannot be reached', 'Try again in a moment.'],
  upstream_error: ['The platform refused', 'Check the request and the endpoint.'],
  invalid_answer: ['The answer makes no sense', 'Check that this is the gateway, and try again.'],
}

/** What to tell about anything that was thrown. */
export function explainError(error: unknown): Explained {
  if (!(error instanceof BulkwayError)) {
    const detail = error instanceof Error ? error.message : String(error)
    return { title: 'This did not work', detail, wayOut: 'Check the input and try again.' }
  }
  const { code, status, detail, pointer, requestId } = error
  const [title, wayOut] = known[code] ?? otherwise(status)
  const facts = [
    ...(pointer === undefined ? [] : [`at ${pointer}`]),
    ...(status === 0 ? [] : [`${code}, ${status}`]),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
  ]
  return { title, detail: facts.length === 0 ? detail : `${detail} (${facts.join('; ')})`, wayOut }
}

/** What a worker's error says; runpod's own workers put JSON into a string. */
export function explainJobError(status: string, error: unknown): Explained {
  const title =
    status === 'TIMED_OUT'
      ? 'The job took too long'
      : status === 'CANCELLED'
        ? 'The job was cancelled'
        : 'The job failed'
  const wayOut =
    status === 'CANCELLED'
      ? 'Run it again when you like.'
      : 'Change the input and run it again; the worker’s log says more.'
  return { title, detail: textOf(error), wayOut }
}

function otherwise(status: number): readonly [title: string, wayOut: string] {
  return status >= 500
    ? ['The gateway could not do it', 'Try again; the request’s id helps the operator.']
    : ['The request is not right', 'Correct what the text names, and run it again.']
}

function textOf(error: unknown): string {
  if (error === undefined || error === null) return ''
  if (typeof error !== 'string') return JSON.stringify(error)
  try {
    const { error_type: type, error_message: message } = JSON.parse(error)
    if (typeof message === 'string')
      return typeof type === 'string' ? `${type}: ${message}` : message
  } catch {}
  return error
}
