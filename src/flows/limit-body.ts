import type { Principal } from '../auth/authenticate.ts'
import { GatewayError } from '../errors.ts'
import type { Body } from '../platform.ts'
import type { Call } from './deps.ts'

/**
 * Refuses a body that announces more bytes than its sender may send.
 *
 * @throws {GatewayError} body_too_large
 */
export function requireLength(call: Call, { maxBytes }: Principal): void {
  const { contentLength } = call
  if (maxBytes === undefined || contentLength === undefined || contentLength <= maxBytes) return
  throw tooLarge(maxBytes, contentLength)
}

/**
 * The body of a call that `requireLength` has let through. One that did not announce its length is
 * counted, and throws body_too_large when it has more bytes than its sender may send.
 */
export function limitBody(call: Call, { maxBytes }: Principal): Body | undefined {
  const { body, contentLength } = call
  if (body === undefined || maxBytes === undefined || contentLength !== undefined) return body
  let length = 0
  async function read(source: Body, limit: number): Promise<Uint8Array | undefined> {
    const chunk = await source.read()
    length += chunk?.length ?? 0
    if (length > limit) throw tooLarge(limit)
    return chunk
  }
  return {
    read: () => read(body, maxBytes),
    cancel: (reason) => body.cancel(reason),
    stream() {
      throw new TypeError('A body that is counted is read chunk by chunk')
    },
  }
}

function tooLarge(limit: number, actual?: number): GatewayError {
  const sent = actual === undefined ? 'more' : actual
  return new GatewayError(
    'body_too_large',
    `Cannot take ${sent} bytes with this key or token: ${limit} allowed`,
    { limitName: 'maxBytes', limit, ...(actual !== undefined && { actual }) },
  )
}
