/** Every code the job bucket answers with: its status and a text that says nothing about the real store. */
export const S3_ERRORS = {
  AccessDenied: { status: 403, message: 'Access Denied' },
  AuthorizationHeaderMalformed: {
    status: 400,
    message: 'The authorization header that you provided is not valid',
  },
  AuthorizationQueryParametersError: {
    status: 400,
    message: 'The authorization query parameters that you provided are not valid',
  },
  BadDigest: {
    status: 400,
    message: 'The checksum you specified did not match what was received',
  },
  ConditionalRequestConflict: {
    status: 409,
    message: 'A conflicting operation happened during the request',
  },
  EntityTooLarge: {
    status: 400,
    message: 'Your proposed upload exceeds the maximum allowed object size',
  },
  EntityTooSmall: {
    status: 400,
    message: 'Your proposed upload is smaller than the minimum allowed object size',
  },
  ExpiredToken: { status: 400, message: 'The provided key has expired' },
  IncompleteBody: {
    status: 400,
    message: 'You did not provide the number of bytes specified by the Content-Length',
  },
  InternalError: { status: 500, message: 'We encountered an internal error. Please try again' },
  InvalidAccessKeyId: {
    status: 403,
    message: 'The access key id you provided does not exist in our records',
  },
  InvalidArgument: { status: 400, message: 'Invalid argument' },
  InvalidDigest: { status: 400, message: 'The checksum you specified is not valid' },
  InvalidPart: { status: 400, message: 'One or more of the specified parts could not be found' },
  InvalidPartOrder: { status: 400, message: 'The list of parts was not in ascending order' },
  InvalidRange: { status: 416, message: 'The requested range is not satisfiable' },
  InvalidRequest: { status: 400, message: 'The request is not valid' },
  InvalidURI: { status: 400, message: "Couldn't parse the specified URI" },
  KeyTooLongError: { status: 400, message: 'Your key is too long' },
  MalformedTrailerError: {
    status: 400,
    message: 'The request contained trailing data that was not well-formed',
  },
  MalformedXML: { status: 400, message: 'The XML you provided was not well-formed' },
  MissingContentLength: {
    status: 411,
    message: 'You must provide the Content-Length HTTP header',
  },
  NoSuchKey: { status: 404, message: 'The specified key does not exist' },
  NoSuchUpload: { status: 404, message: 'The specified multipart upload does not exist' },
  NotImplemented: {
    status: 501,
    message: 'A header or query you provided implies functionality that is not implemented',
  },
  PreconditionFailed: {
    status: 412,
    message: 'At least one of the preconditions you specified did not hold',
  },
  QuotaExceeded: { status: 403, message: 'The job may not keep any more' },
  RequestTimeTooSkewed: {
    status: 403,
    message: 'The difference between the request time and the current time is too large',
  },
  ServiceUnavailable: { status: 503, message: 'The store is not available. Please try again' },
  SignatureDoesNotMatch: {
    status: 403,
    message: 'The request signature we calculated does not match the signature you provided',
  },
  SlowDown: { status: 503, message: 'Please reduce your request rate' },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed",
  },
} as const

/** An S3 error code that this bucket answers with. */
export type S3Code = keyof typeof S3_ERRORS

/** Whether a code of the real store is one that may be passed on. */
export function isS3Code(code: string): code is S3Code {
  return Object.hasOwn(S3_ERRORS, code)
}

/** A refusal in S3's own words; `detail` replaces the code's text, `reason` is for the log alone. */
export class S3Error extends Error {
  readonly code: S3Code
  readonly detail: string
  readonly reason: string | undefined
  override name = 'S3Error' as const

  constructor(code: S3Code, detail?: string, reason?: string) {
    super(`${code}: ${reason ?? detail ?? S3_ERRORS[code].message}`)
    this.code = code
    this.detail = detail ?? S3_ERRORS[code].message
    this.reason = reason
  }

  get status(): number {
    return S3_ERRORS[this.code].status
  }
}
