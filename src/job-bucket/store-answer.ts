import { readCapped } from '../bytes/read-capped.ts'
import { reasonOf } from '../log.ts'
import type { IncomingResponse } from '../platform.ts'
import type { StoreRequest } from '../store/store.ts'
import type { Call } from './call.ts'
import { isS3Code, type S3Code, S3Error } from './s3-error.ts'
import { parseXml, type XmlNode, xmlText } from './xml.ts'

const maxErrorBytes = 65_536

// What the store may say about the client's own doing; the rest is between the gateway and the store.
const passed: ReadonlySet<S3Code> = new Set<S3Code>([
  'BadDigest',
  'ConditionalRequestConflict',
  'EntityTooLarge',
  'EntityTooSmall',
  'IncompleteBody',
  'InvalidDigest',
  'InvalidPart',
  'InvalidPartOrder',
  'InvalidRange',
  'KeyTooLongError',
  'NoSuchKey',
  'NoSuchUpload',
  'PreconditionFailed',
  'SlowDown',
])

/** Sends to the store; connection faults become ServiceUnavailable. */
export async function askStore(call: Call, request: StoreRequest): Promise<IncomingResponse> {
  try {
    return await call.store.send(request)
  } catch (error) {
    throw new S3Error('ServiceUnavailable', undefined, reasonOf(error))
  }
}

/**
 * Turns a refusal of the store into one of our own that names nothing of it, and drops its body.
 * `absent` is what a bare 404 means for the operation.
 */
export async function storeError(
  answer: IncomingResponse,
  absent: 'NoSuchKey' | 'NoSuchUpload',
): Promise<S3Error> {
  const text = await readText(answer, maxErrorBytes).catch(() => '')
  const error = parseXml(text, 'Error')
  return mapStoreError(answer.status, error, absent)
}

/** As `storeError`, for an error document that has been read. */
export function mapStoreError(
  status: number,
  error: XmlNode | undefined,
  absent: 'NoSuchKey' | 'NoSuchUpload',
): S3Error {
  const code = error === undefined ? undefined : xmlText(error, 'Code')
  const reason = `store answered ${status} ${code ?? ''}`.trim()
  if (code !== undefined && isS3Code(code) && passed.has(code)) {
    return new S3Error(code, undefined, reason)
  }
  const byStatus: Readonly<Record<number, S3Code>> = {
    409: 'ConditionalRequestConflict',
    412: 'PreconditionFailed',
    416: 'InvalidRange',
    429: 'SlowDown',
    501: 'NotImplemented',
    503: 'SlowDown',
  }
  // A missing bucket is the gateway's fault, a missing object the client's.
  const isAbsent = status === 404 && code !== 'NoSuchBucket'
  return new S3Error(isAbsent ? absent : (byStatus[status] ?? 'InternalError'), undefined, reason)
}

/** An answer's body as text, at most `maxBytes` of it. */
export async function readText(answer: IncomingResponse, maxBytes: number): Promise<string> {
  const over = () => new S3Error('InternalError', undefined, 'the store answered too much')
  return new TextDecoder().decode(await readCapped(answer.body, maxBytes, over))
}
