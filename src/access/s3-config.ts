import type { Keyring } from '../config/keyring.ts'
import { GatewayError } from '../errors.ts'
import type { Grant, GrantSecret } from '../grants/grant.ts'
import { deriveScopedKey, type ScopedKey } from '../grants/scoped-key.ts'
import { Secret } from '../log.ts'

/** The underscore makes every S3 SDK choose path style. */
const bucketName = 'job_files'

/**
 * Makes the `s3Config` of a job: exactly the four documented fields, since workers refuse others.
 *
 * @throws {GatewayError} internal_error when the grant's master key is no longer accepted
 */
export async function mintS3Config(options: {
  readonly keyring: Keyring
  readonly grant: Pick<Grant, 'kid' | 'grantId'>
  /** `endpointUrl` of the job bucket, without a trailing slash. */
  readonly jobBucketUrl: string
}): Promise<{ json: string; secrets: GrantSecret[] }> {
  const { keyring, grant, jobBucketUrl } = options
  const scoped = await deriveScopedKey(keyring, grant.kid, grant.grantId)
  if (scoped === undefined) {
    throw new GatewayError('internal_error', 'Cannot derive the key of this job')
  }
  const json = JSON.stringify({
    accessId: scoped.accessId,
    accessSecret: scoped.accessSecret.reveal(),
    bucketName,
    endpointUrl: jobBucketUrl,
  })
  return { json, secrets: scopedSecrets(scoped) }
}

/** What of a scoped key must never come back. */
export function scopedSecrets({ accessId, accessSecret }: ScopedKey): GrantSecret[] {
  return [
    { kind: 'access id', value: new Secret(accessId) },
    { kind: 'access secret', value: accessSecret },
  ]
}
