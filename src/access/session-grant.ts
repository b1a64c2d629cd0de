import type { StoreConfig } from '../config/config.ts'
import { Secret } from '../log.ts'
import { refused } from './issue-within.ts'
import { type GrantToMint, keyPrefixOf, type Minted, secondsToMint } from './minter.ts'
import { partitionOf, sessionPolicy } from './session-policy.ts'
import type { SessionKeys } from './sts-answer.ts'

/** Every STS wants a quarter of an hour at least. */
export const shortestSessionSeconds = 900

/** An STS's clock is not ours, by as much as signatures bear. */
const clockSkewMs = 900_000

/** What both ways of assuming a role ask for, for one grant. */
export interface SessionForm {
  readonly RoleArn: string
  readonly RoleSessionName: string
  readonly DurationSeconds: string
  readonly Policy: string
}

/**
 * The parameters of a session that can do what its grant allows, for as long as it lasts but at most
 * `maxSeconds`.
 * @throws {GatewayError} access_refused
 */
export function sessionForm(
  grant: GrantToMint,
  options: {
    readonly bucket: string
    readonly roleArn: string
    readonly maxSeconds: number
    readonly now: number
  },
): SessionForm {
  const { bucket, roleArn, maxSeconds, now } = options
  const seconds = Math.min(secondsToMint(grant, now, shortestSessionSeconds), maxSeconds)
  return {
    RoleArn: roleArn,
    // At most 64 characters of [\w+=,.@-]; what the provider's own log calls the job.
    RoleSessionName: `${grant.endpointId.slice(0, 37)}@${grant.grantId}`,
    DurationSeconds: String(seconds),
    Policy: sessionPolicy(grant.mounts, { bucket, partition: partitionOf(roleArn) }),
  }
}

/**
 * Makes of a session's keys what a job is given.
 * @throws {GatewayError} access_refused where they end long before the job may
 */
export function mintedSession(
  keys: SessionKeys,
  grant: GrantToMint,
  store: StoreConfig,
  asked: { readonly seconds: number; readonly now: number },
): Minted {
  const { accessId, accessSecret, sessionToken, expiresAt } = keys
  // Some end a web identity's session with its token, however long a session was asked for.
  const isCut = expiresAt - asked.now < (asked.seconds * 1000) / 2
  if (isCut || expiresAt + clockSkewMs < grant.writeExpiresAt) {
    throw refused(`The session ends at ${new Date(expiresAt).toISOString()}, before the job may`)
  }
  return {
    s3Config: {
      accessId,
      accessSecret,
      bucketName: store.bucket,
      endpointUrl: store.endpoint,
      sessionToken,
      region: store.region,
      keyPrefix: keyPrefixOf(grant),
    },
    expiresAt,
    secrets: [
      { kind: 'access id', value: new Secret(accessId) },
      { kind: 'access secret', value: accessSecret },
      { kind: 'session token', value: sessionToken },
    ],
  }
}
