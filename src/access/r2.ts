import { SignJWT } from 'jose'
import type { StoreConfig } from '../config/config.ts'
import { Secret } from '../log.ts'
import type { Platform } from '../platform.ts'
import { encodeHex } from '../sigv4/encode.ts'
import { type GrantToMint, keyPrefixOf, type Minter, secondsToMint } from './minter.ts'

/** What the Temporary Credentials API allows (`ttlSeconds`); of local signing nothing else is said. */
const longestSeconds = 604_800

/**
 * All that R2 lets keys do, but for what a worker has no use for (GetBucketLocation,
 * ListMultipartUploads) and for copies: nowhere is it said that the source of CopyObject and
 * UploadPartCopy is held against `paths`, and another job's files must not be read that way.
 */
const actions = [
  'GetObject',
  'HeadObject',
  'ListObjectsV1',
  'ListObjectsV2',
  'PutObject',
  'DeleteObject',
  'DeleteObjects',
  'CreateMultipartUpload',
  'UploadPart',
  'ListParts',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
]

const encoder = new TextEncoder()

/**
 * Temporary credentials of R2, signed here with the store's own secret: no call is made, nothing can
 * be revoked, keys end when they expire. They name the job's prefixes and keys, but no action of a
 * path: a job can write to its own inputs, and to nobody else's.
 * https://developers.cloudflare.com/r2/api/s3/temporary-credentials/
 */
export function createR2Minter(
  store: StoreConfig & { readonly r2: NonNullable<StoreConfig['r2']> },
  platform: Pick<Platform, 'now'>,
): Minter {
  const { endpoint, bucket, region, accessKeyId, secretAccessKey, r2 } = store
  return {
    shortestSeconds: 1,
    longestSeconds,
    // Paths can be named, but each could also be written, and an upload is not this job's alone.
    scope: 'prefix',
    async mint(grant) {
      const now = platform.now()
      const issuedAt = Math.floor(now / 1000)
      const seconds = secondsToMint(grant, issuedAt * 1000, 1)
      const expiresAt = issuedAt + Math.min(seconds, longestSeconds)
      const jwt = await new SignJWT({ bucket, actions, paths: pathsOf(grant) })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setSubject(r2.accountId)
        .setIssuer(accessKeyId.reveal())
        .setAudience(new URL(endpoint).host)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(encoder.encode(secretAccessKey.reveal()))
      const digest = await crypto.subtle.digest('SHA-256', encoder.encode(jwt))
      const accessSecret = new Secret(encodeHex(new Uint8Array(digest)))
      const sessionToken = new Secret(btoa(`jwt/${jwt}`))
      return {
        s3Config: {
          accessId: accessKeyId.reveal(),
          accessSecret,
          bucketName: bucket,
          endpointUrl: endpoint,
          sessionToken,
          region,
          keyPrefix: keyPrefixOf(grant),
        },
        expiresAt: expiresAt * 1000,
        secrets: [
          // The same for all jobs, and of no use alone; but it is the name of the gateway's own key.
          { kind: 'access id', value: accessKeyId },
          { kind: 'access secret', value: accessSecret },
          { kind: 'session token', value: sessionToken },
        ],
      }
    },
  }
}

/** `prefixPaths` is what keys begin with, `objectPaths` are whole keys. */
function pathsOf({ mounts }: GrantToMint): { prefixPaths: string[]; objectPaths: string[] } {
  const keys = (isPrefix: boolean) =>
    mounts.filter(({ key }) => key.endsWith('/') === isPrefix).map(({ key }) => key)
  return { prefixPaths: keys(true), objectPaths: keys(false) }
}
