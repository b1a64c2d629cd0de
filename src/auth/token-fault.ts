import { errors } from 'jose'
import { GatewayError } from '../errors.ts'

/**
 * The refusal of a token. The client is told only whether to get a new one; the log gets what was
 * found, without anything of the token's own.
 */
export function tokenFault(error: unknown): GatewayError {
  const isOld = error instanceof errors.JWTExpired
  const detail = isOld ? 'Get a new token: this one has expired' : 'Use a valid token'
  return new GatewayError('unauthorized', detail, { cause: new Error(reasonOf(error)) })
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    return `${error.code} ${error.claim} ${error.reason}`
  }
  if (error instanceof errors.JOSEError) return error.code
  return error instanceof Unfit ? error.message : 'The token cannot be read'
}

/** What is wrong with a token whose signature is right; the text holds nothing of it. */
export class Unfit extends Error {
  override name = 'Unfit' as const
}
