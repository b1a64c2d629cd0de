import { createHash, createHmac } from 'node:crypto'
import { createS3Front, type Refusal, type S3Front, type Signer } from './s3-front.ts'

/**
 * Actions that a token may name: the table "Valid actions" of
 * https://developers.cloudflare.com/r2/api/s3/temporary-credentials/
 */
const validActions = new Set([
  ...['HeadObject', 'GetObject', 'GetBucketLocation', 'ListObjectsV1', 'ListObjectsV2'],
  ...['ListMultipartUploads', 'ListParts', 'PutObject', 'DeleteObject', 'DeleteObjects'],
  ...['CopyObject', 'CreateMultipartUpload', 'UploadPart', 'UploadPartCopy'],
  ...['AbortMultipartUpload', 'CompleteMultipartUpload'],
])

/** R2 with one bucket and one parent token, written from Cloudflare's documents alone. */
export function createFakeR2(options: {
  readonly accountId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly bucket: string
  now(): number
}): S3Front {
  const { accountId, accessKeyId, secretAccessKey, bucket, now } = options

  // ".../r2/api/s3/temporary-credentials/" and ".../r2/examples/authenticate-r2-temp-credentials/".
  function readToken(token: string, host: string): Signer | Refusal {
    // "Encode the session token as base64("jwt/" + <signed-jwt>)".
    const text = Buffer.from(token, 'base64').toString()
    if (!text.startsWith('jwt/') || btoa(text) !== token) return { refused: 'InvalidToken' }
    const jwt = text.slice(4)
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    // "Sign the JWT with HS256 using your parent secret access key": its text, not its bytes in hex.
    const expected = createHmac('sha256', secretAccessKey).update(`${header}.${payload}`)
    if (parse(header).alg !== 'HS256' || expected.digest('base64url') !== signature) {
      return { refused: 'InvalidToken' }
    }
    const claims = parse(payload)
    const seconds = now() / 1000
    // The example sets subject, issuer, audience (`new URL(endpoint).host`), issue and expiry.
    if (claims.sub !== accountId || claims.iss !== accessKeyId || claims.aud !== host) {
      return { refused: 'InvalidToken' }
    }
    if (!(claims.iat <= seconds) || !(claims.exp > seconds)) return { refused: 'ExpiredToken' }
    // `ttlSeconds` of the API: at most 604800. That it holds for local signing too is assumed:
    // https://developers.cloudflare.com/api/resources/r2/subresources/temporary_credentials
    if (claims.exp - claims.iat > 604_800) return { refused: 'InvalidToken' }
    // "A temporary credential is bound to exactly one bucket, identified by name."
    if (claims.bucket !== bucket) return { refused: 'AccessDenied' }
    // "Specify permitted operations using scope or actions. You must provide at least one."
    const { actions, paths } = claims
    if (!Array.isArray(actions) || !actions.every((action) => validActions.has(action))) {
      return { refused: 'InvalidToken' }
    }
    return {
      // "the SHA-256 hex digest of the signed JWT".
      secret: createHash('sha256').update(jwt).digest('hex'),
      may(operation, key) {
        if (!actions.includes(operation)) return false
        // "Omit these fields to grant access to the entire bucket."
        if (paths === undefined) return true
        // Keys of DeleteObjects stand in its body, and are asked about one by one.
        if (operation === 'DeleteObjects') return true
        // "keys starting with any listed prefix", "exact object keys"; a list's prefix is held
        // against prefixPaths: assumed, for nothing is said of lists.
        const { prefixPaths = [], objectPaths = [] } = paths
        return (
          prefixPaths.some((prefix: string) => key.startsWith(prefix)) || objectPaths.includes(key)
        )
      },
    }
  }

  return createS3Front({
    bucket,
    now,
    findSigner(accessId, token, host) {
      // "The parent access key ID is reused as the temporary access key ID."
      if (accessId !== accessKeyId) return { refused: 'InvalidAccessKeyId' }
      return token === undefined
        ? { secret: secretAccessKey, may: () => true }
        : readToken(token, host)
    },
  })
}

function parse(part: string) {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}
