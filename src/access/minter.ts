import type { S3ConfigFieldNames } from '../config/config.ts'
import type { Grant, GrantSecret, Mount } from '../grants/grant.ts'
import type { Secret } from '../log.ts'

/** What a worker needs to reach its files. */
export interface S3Config {
  readonly accessId: string
  readonly accessSecret: Secret
  readonly bucketName: string
  /** No trailing slash. */
  readonly endpointUrl: string
  /** Only where the keys are of no use without one. */
  readonly sessionToken?: Secret
  readonly region: string
  /** What the worker's own keys must begin with; empty in the job bucket. */
  readonly keyPrefix: string
}

/** Keys of one job. */
export interface Minted {
  readonly s3Config: S3Config
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** What of it must never come back. */
  readonly secrets: readonly GrantSecret[]
  /** What `revoke` takes, where keys can be revoked; kept in the grant. */
  readonly revocation?: string
}

/** The part of a grant that keys are made of. */
export type GrantToMint = Pick<
  Grant,
  'grantId' | 'kid' | 'day' | 'endpointId' | 'mounts' | 'writeExpiresAt'
>

/** One way of giving jobs keys: reading for the grant's read mounts, reading and writing for its others. */
export interface Minter {
  /** Lifetimes that it can give, in seconds. */
  readonly shortestSeconds: number
  readonly longestSeconds: number
  /**
   * `paths`: keys and prefixes, what is mounted for reading can only be read; `prefix`: all of a
   * job's files must lie under one, or are the worker's to write all the same.
   */
  readonly scope: 'paths' | 'prefix'
  /** Whether its keys can name all these mounts; absent: however many there are. */
  fits?(mounts: readonly Mount[]): boolean
  /**
   * Makes the keys of one job, good from now until its writing expires or a little longer.
   * @throws {GatewayError} access_refused, access_unavailable, internal_error
   */
  mint(grant: GrantToMint): Promise<Minted>
  /**
   * Makes keys useless before their time; repeating it does no harm.
   * @throws {GatewayError} access_refused, access_unavailable
   */
  revoke?(revocation: string): Promise<void>
}

/** `s3Config` as JSON, under an endpoint's own names for its fields. */
export function renderS3Config(s3Config: S3Config, names: S3ConfigFieldNames): string {
  const { accessId, accessSecret, bucketName, endpointUrl, sessionToken, region, keyPrefix } =
    s3Config
  const fields: [string | undefined, string | undefined][] = [
    [names.accessId, accessId],
    [names.accessSecret, accessSecret.reveal()],
    [names.bucketName, bucketName],
    [names.endpointUrl, endpointUrl],
    [names.sessionToken, sessionToken?.reveal()],
    [names.region, region],
    [names.keyPrefix, keyPrefix],
  ]
  return JSON.stringify(
    Object.fromEntries(fields.filter(([name, value]) => name !== undefined && value !== undefined)),
  )
}

/** The seconds that keys of a grant must live from `now` on, rounded up and not below `shortest`. */
export function secondsToMint(
  { writeExpiresAt }: Pick<GrantToMint, 'writeExpiresAt'>,
  now: number,
  shortest: number,
): number {
  return Math.max(Math.ceil((writeExpiresAt - now) / 1000), shortest)
}

/** The real prefix that a worker's own keys must begin with: where the grant mounts its root. */
export function keyPrefixOf({ mounts }: Pick<GrantToMint, 'mounts'>): string {
  return mounts.find(({ path }) => path === '')?.key ?? ''
}
