import { GatewayError } from '../errors.ts'
import { readParameters } from './parameters.ts'

// RFC 2046 §5.1.1 allows fewer characters, but what some clients make up is as good a line.
const boundaryForm = /^[\x20-\x7e]{0,69}[\x21-\x7e]$/

/** Whether a Content-Type says that the body is a form with files. */
export function isForm(contentType: string): boolean {
  return /^\s*multipart\/form-data\s*(;|$)/i.test(contentType)
}

/**
 * The boundary that a Content-Type of `multipart/form-data` names, 1 to 70 characters, quoted or not.
 *
 * @throws {GatewayError} invalid_form
 */
export function readBoundary(contentType: string): string {
  const boundary = readParameters(contentType)?.get('boundary')
  if (boundary === undefined) {
    throw new GatewayError('invalid_form', 'Cannot read a form whose Content-Type has no boundary')
  }
  if (!boundaryForm.test(boundary)) {
    throw new GatewayError('invalid_form', 'Use a boundary of 1 to 70 printable ASCII characters')
  }
  return boundary
}
