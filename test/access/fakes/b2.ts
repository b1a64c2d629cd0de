import { randomBytes } from 'node:crypto'
import { createS3Front, type S3Front } from './s3-front.ts'

interface ApplicationKey {
  readonly secret: string
  readonly capabilities: readonly string[]
  readonly bucketId: string
  readonly namePrefix: string
  readonly expiresAt: number
}

export interface FakeB2 {
  (request: Request): Promise<Response>
  readonly s3: S3Front
  /** By applicationKeyId; what is deleted or expired is gone. */
  readonly keys: Map<string, ApplicationKey>
  /** Names of the native calls so far. */
  readonly calls: string[]
  /** Makes all account tokens expire. */
  expireTokens(): void
  /** What is done in place of a native call, or after it where it returns what it is given. */
  intercept: (name: string, go: () => Promise<Response>) => Promise<Response>
}

export const b2Account = {
  accountId: '0123456789ab',
  keyId: '0010123456789ab0000000001',
  applicationKey: 'K001parent+secret/of-the-account',
  bucketId: 'e1256f0973908bfc71ed0c1z',
  bucket: 'bulkway-b2',
} as const

/** S3 operations and the capability that each asks for: s3-compatible-app-keys, see below. */
const capabilityOf: Readonly<Record<string, string>> = {
  HeadBucket: 'listBuckets',
  ListObjectsV1: 'listFiles',
  ListObjectsV2: 'listFiles',
  ListMultipartUploads: 'listFiles',
  ListParts: 'writeFiles',
  GetObject: 'readFiles',
  HeadObject: 'readFiles',
  DeleteObject: 'deleteFiles',
  DeleteObjects: 'deleteFiles',
  PutObject: 'writeFiles',
  CopyObject: 'writeFiles',
  CreateMultipartUpload: 'writeFiles',
  UploadPart: 'writeFiles',
  AbortMultipartUpload: 'writeFiles',
  CompleteMultipartUpload: 'writeFiles',
}

/** B2 with one account and one bucket, written from Backblaze's documents alone. */
export function createFakeB2(options: {
  now(): number
  apiUrl(): string
  /** The account's own key, id and secret; as in `b2Account` where none is given. */
  readonly pair?: string
}): FakeB2 {
  const { now, apiUrl, pair = `${b2Account.keyId}:${b2Account.applicationKey}` } = options
  const keys: FakeB2['keys'] = new Map()
  const tokens = new Map<string, number>()
  const calls: string[] = []

  const s3 = createS3Front({
    bucket: b2Account.bucket,
    now,
    findSigner(accessId) {
      // The gateway's own key of the bucket. "The master app key … is not supported in the
      // S3-Compatible API": https://www.backblaze.com/docs/cloud-storage-s3-compatible-app-keys
      if (accessId === b2Account.keyId) {
        return { secret: b2Account.applicationKey, may: () => true }
      }
      const key = keys.get(accessId)
      // "When the time expires, the key disappears and is no longer usable":
      // https://www.backblaze.com/docs/cloud-storage-key-create-command
      if (key === undefined || now() >= key.expiresAt) return { refused: 'InvalidAccessKeyId' }
      return {
        secret: key.secret,
        may: (operation, name) => {
          const capability = capabilityOf[operation]
          if (capability === undefined || !key.capabilities.includes(capability)) return false
          // "restricts access to files whose names start with the prefix":
          // https://www.backblaze.com/apidocs/b2-create-key. A list's prefix is assumed to be held
          // against it as well; the keys of DeleteObjects are asked about one by one.
          if (operation === 'HeadBucket' || operation === 'DeleteObjects') return true
          return name.startsWith(key.namePrefix)
        },
      }
    },
  })

  async function native(request: Request, name: string): Promise<Response> {
    const authorization = request.headers.get('authorization') ?? ''
    if (name === 'b2_authorize_account') {
      // "Basic" and base64 of "applicationKeyId:applicationKey"; GET:
      // https://www.backblaze.com/apidocs/b2-authorize-account
      if (authorization !== `Basic ${Buffer.from(pair).toString('base64')}`) {
        return fault(401, 'unauthorized')
      }
      if (request.method !== 'GET') return fault(405, 'method_not_allowed')
      const token = `4_${randomBytes(24).toString('base64url')}=`
      // "This authorization token is valid for at most 24 hours."
      tokens.set(token, now() + 86_400_000)
      const storageApi = { apiUrl: apiUrl(), capabilities: ['writeKeys', 'deleteKeys'] }
      const { accountId } = b2Account
      return json({ accountId, authorizationToken: token, apiInfo: { storageApi } })
    }
    const expiry = tokens.get(authorization)
    if (expiry === undefined) return fault(401, 'bad_auth_token')
    if (now() >= expiry) return fault(401, 'expired_auth_token')
    if (request.method !== 'POST') return fault(405, 'method_not_allowed')
    const body = JSON.parse(await request.text())
    if (name === 'b2_create_key') return createKey(body)
    if (name === 'b2_delete_key') return deleteKey(body)
    return fault(400, 'bad_request')
  }

  // https://www.backblaze.com/apidocs/b2-create-key
  function createKey(body: Record<string, unknown>): Response {
    const { accountId, capabilities, keyName, validDurationInSeconds, bucketId, namePrefix } = body
    // "If an app key is restricted to a bucket", nothing but these:
    const ofOneBucket =
      /^(listAllBucketNames|listBuckets|readBuckets|listFiles|readFiles|shareFiles|writeFiles|deleteFiles)$/
    const isRight =
      accountId === b2Account.accountId &&
      bucketId === b2Account.bucketId &&
      // "Names can contain letters, numbers, and "-", and are limited to 100 characters."
      /^[A-Za-z0-9-]{1,100}$/.test(String(keyName)) &&
      // "Value must be a positive integer, and must be less than 1000 days (in seconds)."
      Number.isInteger(validDurationInSeconds) &&
      Number(validDurationInSeconds) > 0 &&
      Number(validDurationInSeconds) < 86_400_000 &&
      typeof namePrefix === 'string' &&
      Array.isArray(capabilities) &&
      capabilities.every((capability) => ofOneBucket.test(String(capability))) &&
      // "If an app key is restricted to a bucket, the listAllBucketNames permission is required."
      capabilities.includes('listAllBucketNames')
    if (!isRight) return fault(400, 'bad_request')
    const applicationKeyId = `001${randomBytes(11).toString('hex')}`
    const secret = `K001${randomBytes(20).toString('base64')}`
    const expiresAt = now() + Number(validDurationInSeconds) * 1000
    keys.set(applicationKeyId, { secret, capabilities, bucketId, namePrefix, expiresAt })
    const shown = { keyName, capabilities, accountId, bucketId, namePrefix, options: ['s3'] }
    const expirationTimestamp = expiresAt
    return json({ ...shown, applicationKeyId, applicationKey: secret, expirationTimestamp })
  }

  // https://www.backblaze.com/apidocs/b2-delete-key; the text for a key that is not there is in
  // https://www.backblaze.com/b2/docs/b2_delete_key.html: 400 bad_request.
  function deleteKey({ applicationKeyId }: Record<string, unknown>): Response {
    return keys.delete(String(applicationKeyId))
      ? json({ applicationKeyId })
      : fault(400, 'bad_request', 'Application key does not exist')
  }

  const fake: FakeB2 = Object.assign(
    async (request: Request) => {
      const name = /^\/b2api\/v3\/(\w+)$/.exec(new URL(request.url).pathname)?.[1]
      if (name === undefined) return await s3(request)
      calls.push(name)
      return await fake.intercept(name, () => native(request, name))
    },
    {
      s3,
      keys,
      calls,
      expireTokens: () => {
        for (const token of tokens.keys()) tokens.set(token, 0)
      },
      intercept: (_: string, go: () => Promise<Response>) => go(),
    },
  )
  return fake
}

/** An error in B2's form; a body of it may repeat what was sent, so this one does. */
export function fault(
  status: number,
  code: string,
  message = `said to ${b2Account.applicationKey}`,
): Response {
  return json({ status, code, message }, status)
}

function json(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), { status })
}
