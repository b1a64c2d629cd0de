import { GatewayError } from '../errors.ts'

/** Parts that one multipart upload can have, in every S3. */
export const maxParts = 10_000

/** The largest payload that parts of one size reach: 60,000 MiB with parts of 6 MiB. */
export function largestPayloadBytes(partBytes: number): number {
  return partBytes * maxParts
}

/** The error of a payload beyond that. */
export function payloadTooLarge(partBytes: number): GatewayError {
  const limit = largestPayloadBytes(partBytes)
  return new GatewayError('body_too_large', `Send a payload of at most ${limit} bytes`, {
    limitName: 'staging.partBytes × 10000',
    limit,
  })
}
