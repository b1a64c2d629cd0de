import { GatewayError } from '../errors.ts'
import type { Body, OutgoingBody, Platform } from '../platform.ts'
import type { Target } from './target.ts'

/** Read of an answer, so that the connection can be used again; the rest is cut off. */
const answerMaxBytes = 64 * 1024

/** What a receiver answered. */
export interface Receipt {
  /** Its own status, or 502 for a redirect, which is never followed. */
  readonly status: number
  /** `Retry-After` in milliseconds from now. */
  readonly retryAfterMs?: number
}

/**
 * POSTs a body to a checked target, at its checked addresses where the runtime can pin them, and
 * resolves to what the target answered.
 *
 * @throws {GatewayError} upstream_unreachable when the target cannot be reached
 */
export async function relay(options: {
  readonly platform: Pick<Platform, 'send' | 'now'>
  readonly target: Target
  readonly body: Uint8Array | OutgoingBody
  readonly contentType: string
  /** The message's own, beside those of every request. */
  readonly headers?: Headers
  /** Milliseconds without a byte; also how long reading the answer may take in all. */
  readonly idleTimeoutMs: number
  readonly signal?: AbortSignal
}): Promise<Receipt> {
  const { platform, target, body, contentType, idleTimeoutMs, signal } = options
  const headers = new Headers({
    accept: '*/*',
    'accept-encoding': 'identity',
    'content-type': contentType,
    'user-agent': 'bulkway',
  })
  for (const [name, value] of options.headers ?? []) headers.set(name, value)
  const response = await platform
    .send({
      method: 'POST',
      url: target.url.href,
      headers,
      body,
      idleTimeoutMs,
      addresses: target.addresses,
      idempotent: false,
      ...(signal === undefined ? {} : { signal }),
    })
    .catch((cause) => {
      throw cause instanceof GatewayError
        ? cause
        : new GatewayError('upstream_unreachable', 'Cannot reach the webhook', { cause })
    })
  await drain(response.body, () => platform.now(), platform.now() + idleTimeoutMs)
  const { status } = response
  const isOwn = status >= 200 && (status < 300 || status >= 400) && status < 600
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'), platform.now())
  return { status: isOwn ? status : 502, ...(retryAfterMs !== undefined && { retryAfterMs }) }
}

/** Seconds or a date (RFC 9110 §10.2.3); undefined where it is neither, or over. */
function readRetryAfter(text: string | null, now: number): number | undefined {
  const value = text?.trim() ?? ''
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return ms > 0 ? ms : undefined
}

/** The status is known, so a fault or an endless answer changes nothing any more. */
async function drain(body: Body, now: () => number, deadline: number): Promise<void> {
  try {
    let bytes = 0
    while (bytes < answerMaxBytes && now() < deadline) {
      const chunk = await body.read()
      if (chunk === undefined) return
      bytes += chunk.length
    }
    await body.cancel('The answer is longer than anyone reads')
  } catch {
    await body.cancel().catch(() => undefined)
  }
}
