import { GatewayError } from '../../errors.ts'
import type { Body, OutgoingBody } from '../../platform.ts'

/** The refusal of a body that is larger than the workers' side takes. */
export function tooLargeForWorkers(limit: number, actual?: number): GatewayError {
  const sent = actual === undefined ? 'more' : `${actual} bytes`
  return new GatewayError(
    'body_too_large',
    `Cannot take ${sent} for a load-balancing endpoint: ${limit} allowed. Have large strings of a ` +
      'JSON body staged ("as" of the endpoint, "rules" of its loadBalancer), or send links',
    { limitName: 'loadBalancer.maxBytes', limit, ...(actual !== undefined && { actual }) },
  )
}

/**
 * A body that goes on as it comes, counted where its length is not known.
 *
 * @throws {GatewayError} body_too_large, at once or by its `read`
 */
export function limitUpload(
  body: Body | undefined,
  length: number | undefined,
  maxBytes: number,
): OutgoingBody | undefined {
  if (body === undefined || length === 0) return undefined
  if (length !== undefined && length > maxBytes) throw tooLargeForWorkers(maxBytes, length)
  let bytes = 0
  return {
    length,
    async read() {
      const chunk = await body.read()
      bytes += chunk?.length ?? 0
      if (bytes > maxBytes) throw tooLargeForWorkers(maxBytes)
      return chunk
    },
    cancel: (reason) => body.cancel(reason),
  }
}
