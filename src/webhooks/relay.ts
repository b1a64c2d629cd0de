import { GatewayError } from '../errors.ts'
import type { Body, OutgoingBody, Platform } from '../platform.ts'
import type { Target } from './target.ts'

/** Read of an answer, so that the connection can be used again; the rest is cut off. */
const answerMaxBytes = 64 * 1024

/**
 * POSTs a body to a checked target, at its checked addresses where the runtime can pin them, and
 * resolves to the status for the platform: the target's own, or 502 for a redirect, which is never
 * followed.
 *
 * @throws {GatewayError} upstream_unreachable when the target cannot be reached
 */
export async function relay(options: {
  readonly platform: Pick<Platform, 'send' | 'now'>
  readonly target: Target
  readonly body: Uint8Array | OutgoingBody
  readonly contentType: string
  /** Milliseconds without a byte; also how long reading the answer may take in all. */
  readonly idleTimeoutMs: number
}): Promise<number> {
  const { platform, target, body, contentType, idleTimeoutMs } = options
  const headers = new Headers({
    accept: '*/*',
    'accept-encoding': 'identity',
    'content-type': contentType,
    'user-agent': 'bulkway',
  })
  const response = await platform
    .send({
      method: 'POST',
      url: target.url.href,
      headers,
      body,
      idleTimeoutMs,
      addresses: target.addresses,
      idempotent: false,
    })
    .catch((cause) => {
      throw cause instanceof GatewayError
        ? cause
        : new GatewayError('upstream_unreachable', 'Cannot reach the webhook', { cause })
    })
  await drain(response.body, () => platform.now(), platform.now() + idleTimeoutMs)
  const { status } = response
  return status >= 200 && (status < 300 || status >= 400) && status < 600 ? status : 502
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
