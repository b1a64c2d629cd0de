import { findQuery } from '../../sigv4/query.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../s3-error.ts'

/** Parts that an upload can have, and the highest part number. */
export const maxParts = 10_000

/**
 * The upload id of a request, as the store gave it out.
 * @throws {S3Error} NoSuchUpload
 */
export function uploadIdOf(call: Call): string {
  const uploadId = findQuery(call.target.query, 'uploadId') ?? ''
  if (!isUploadId(uploadId)) throw new S3Error('NoSuchUpload')
  return uploadId
}

/**
 * The part number of a request.
 * @throws {S3Error} InvalidArgument
 */
export function partNumberOf(call: Call): string {
  const partNumber = findQuery(call.target.query, 'partNumber') ?? ''
  if (isPartNumber(partNumber)) return partNumber
  throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000')
}

/** Whether a text can be an upload id of any store. */
export function isUploadId(text: string): boolean {
  return /^[!-~]{1,2048}$/.test(text)
}

/** Whether a text is an integer between 1 and 10,000. */
export function isPartNumber(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= maxParts
}

/**
 * A parameter that says how many entries a page has, or after which number it begins.
 * @throws {S3Error} InvalidArgument
 */
export function readCount(call: Call, name: string, fallback: number): number {
  const text = findQuery(call.target.query, name) ?? ''
  if (text === '') return fallback
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `${name} is not a number`)
  return Number(text)
}
