import type { B2Config, StoreConfig } from '../config/config.ts'
import { GatewayError } from '../errors.ts'
import { Secret } from '../log.ts'
import type { Platform } from '../platform.ts'
import { jobPrefix } from '../store/keys.ts'
import { createB2Api } from './b2-api.ts'
import { keyPrefixOf, type Minter, secondsToMint } from './minter.ts'

/** `validDurationInSeconds` must be less than 1,000 days. */
const longestSeconds = 1000 * 86_400 - 1

/**
 * The least that S3 clients work with: B2 wants listAllBucketNames for every key of one bucket
 * ("required for compatibility with SDKs"; the worker learns the names of the account's buckets, and
 * no more), listBuckets is HeadBucket, and deleting by name asks for writeFiles and deleteFiles.
 * https://www.backblaze.com/docs/cloud-storage-s3-compatible-app-keys
 */
const capabilities = [
  'listAllBucketNames',
  'listBuckets',
  'listFiles',
  'readFiles',
  'writeFiles',
  'deleteFiles',
]

/**
 * Application keys of B2 that are good for one job's folder and expire, without a session token. They
 * are deleted when the job ends. Of the folder they name no part: a job can write to its own inputs.
 */
export function createB2Minter(
  store: StoreConfig & { readonly b2: B2Config },
  platform: Platform,
  timeoutMs: number,
): Minter {
  const { endpoint, bucket, region, b2 } = store
  const api = createB2Api(b2, platform, timeoutMs)
  return {
    shortestSeconds: 1,
    longestSeconds,
    scope: 'prefix',
    async mint(grant) {
      const namePrefix = jobPrefix(grant)
      if (!grant.mounts.every(({ key }) => key.startsWith(namePrefix))) {
        throw new GatewayError('internal_error', 'Cannot issue keys for files outside one folder')
      }
      const { applicationKeyId, applicationKey, expiresAt } = await api.createKey({
        keyName: `bulkway-${grant.grantId}`,
        capabilities,
        bucketId: b2.bucketId,
        namePrefix,
        validDurationInSeconds: secondsToMint(grant, platform.now(), 1),
      })
      return {
        s3Config: {
          accessId: applicationKeyId,
          accessSecret: applicationKey,
          bucketName: bucket,
          endpointUrl: endpoint,
          region,
          keyPrefix: keyPrefixOf(grant),
        },
        expiresAt,
        secrets: [
          { kind: 'access id', value: new Secret(applicationKeyId) },
          { kind: 'access secret', value: applicationKey },
        ],
        revocation: applicationKeyId,
      }
    },
    revoke: (revocation) => api.deleteKey(revocation),
  }
}
