/**
 * What passes upstream. Not listed on purpose: `authorization` (set from the key in force), `host`,
 * `cookie`, `forwarded` and its kin (they name the client's network), `content-length` (the
 * transport counts), `expect`, `range` and conditions (answers are rewritten).
 */
const requestNames: readonly string[] = [
  'accept',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-request-id',
  // Affinity of load-balancing endpoints; the only request header of its own that RunPod documents.
  'x-runpod-worker-id',
]

/**
 * What passes to the client. Not listed on purpose: `set-cookie`, `location` and `alt-svc` (they
 * name or bind to upstream's host), `server`, `via`, `cf-*` (its inside), CORS headers (the
 * gateway's own), `etag` and `date` (of a body that may be rewritten).
 */
const responseNames: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-type',
  'expires',
  'retry-after',
  'www-authenticate',
  'x-request-id',
])
const responsePrefixes: readonly string[] = ['ratelimit', 'x-ratelimit-', 'x-runpod-']

/**
 * The client's headers that go upstream, `more` among them; the coding is always identity, so that
 * answers can be scrubbed.
 */
export function requestHeaders(headers: Headers, more: readonly string[] = []): Headers {
  const hopByHop = namedByConnection(headers)
  const passed = new Headers({ 'accept-encoding': 'identity' })
  for (const name of [...requestNames, ...more]) {
    const value = headers.get(name)
    if (value !== null && !hopByHop.has(name)) passed.set(name, value)
  }
  return passed
}

/**
 * Upstream's headers that go to the client, those named in `more` among them. Values are not scrubbed
 * here. Without `untouched` the caller passes on a body of another length, so Content-Length stays
 * behind.
 */
export function responseHeaders(
  headers: Headers,
  options: { untouched?: boolean; more?: readonly string[] | undefined } = {},
): Headers {
  const hopByHop = namedByConnection(headers)
  const passed = new Headers()
  for (const [name, value] of headers) {
    if (hopByHop.has(name)) continue
    if (!isForClient(name) && options.more?.includes(name) !== true) continue
    if (name === 'content-length' && options.untouched === false) continue
    passed.append(name, value)
  }
  return passed
}

function isForClient(name: string): boolean {
  return responseNames.has(name) || responsePrefixes.some((prefix) => name.startsWith(prefix))
}

/** Names that a message declares to be of this hop alone (RFC 9110 §7.6.1). */
function namedByConnection(headers: Headers): ReadonlySet<string> {
  const value = headers.get('connection')?.toLowerCase() ?? ''
  if (value === '' || value === 'keep-alive' || value === 'close') return nothing
  return new Set(value.split(',').map((name) => name.trim()))
}

const nothing: ReadonlySet<string> = new Set()
