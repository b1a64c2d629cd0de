import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { GrantSecret } from '../grants/grant.ts'
import { deriveScopedKey, type ScopedKey } from '../grants/scoped-key.ts'
import { Secret } from '../log.ts'
import type { Minter } from './minter.ts'

/** Name of the job bucket in `s3Config`; the underscore makes every S3 SDK choose path style. */
export const jobBucketName = 'job_files'

/** The default way: a scoped key for the job bucket at `jobBucketUrl` (no trailing slash). */
export function createJobBucketMinter(options: {
  readonly keyring: Keyring
  readonly jobBucketUrl: string
}): Minter {
  const { keyring, jobBucketUrl } = options
  return {
    shortestSeconds: 0,
    longestSeconds: Infinity,
    scope: 'paths',
    async mint(grant) {
      const scoped = await deriveScopedKey(keyring, grant.kid, grant.grantId)
      if (scoped === undefined) {
        throw new GatewayError('internal_error', 'Cannot derive the key of this job')
      }
      const { accessId, accessSecret } = scoped
      return {
        s3Config: {
          accessId,
          accessSecret,
          bucketName: jobBucketName,
          endpointUrl: jobBucketUrl,
          region: 'us-east-1',
          keyPrefix: '',
        },
        expiresAt: grant.writeExpiresAt,
        secrets: scopedSecrets(scoped),
      }
    },
  }
}

/** What of a scoped key must never come back. */
export function scopedSecrets({ accessId, accessSecret }: ScopedKey): GrantSecret[] {
  return [
    { kind: 'access id', value: new Secret(accessId) },
    { kind: 'access secret', value: accessSecret },
  ]
}
