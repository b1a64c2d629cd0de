import type { Secret } from '../log.ts'
import type { PresetName } from './presets.ts'

export interface StoreConfig {
  readonly id: string
  /** How it is spoken to. */
  readonly kind: 's3' | 'runpod-volume'
  /** The kind as the document names it: a key of `PRESETS`; absent in stores made by hand. */
  readonly preset?: PresetName
  /** https://host[:port][/path], without a trailing slash. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly pathStyle: boolean
  /** Whether clients may be given presigned URLs; otherwise their parts come through the gateway. */
  readonly presign: boolean
  /** US dollars a month for 10^9 bytes; absent: the preset's. */
  readonly pricePerGbMonth?: number
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
  readonly sts?: StsConfig
  readonly webIdentity?: WebIdentityConfig
  readonly r2?: R2Config
  readonly b2?: B2Config
  /** Of a store of kind `runpod-volume`, and of no other. */
  readonly volume?: VolumeConfig
}

/** A network volume, or several that hold the same files. */
export interface VolumeConfig {
  /** Where workers see it, without a trailing slash. */
  readonly mountPath: string
  /** Folder of what the gateway owns, with a trailing slash. */
  readonly prefix: string
  /** Folders outside `prefix` that uploads may be kept in, with trailing slashes. */
  readonly sharedPaths: readonly string[]
  /** Whether one job at a time may write to it. */
  readonly exclusive: boolean
  /** Between two looks at whether a file is put together whose answer was lost. */
  readonly completePollSeconds: number
  /** After which it counts as not written. */
  readonly completeMaxSeconds: number
  /** The store's own volume first, then its replicas. */
  readonly members: readonly VolumeMember[]
}

/** One volume of them. */
export interface VolumeMember {
  /** The volume's id. */
  readonly bucket: string
  /** As RunPod spells it, such as `EU-RO-1`; requests are signed for it. */
  readonly dataCenterId: string
  /** No trailing slash. */
  readonly endpoint: string
}

/** AssumeRole: with whose keys, where, for which role. */
export interface StsConfig {
  /** No trailing slash. */
  readonly endpoint: string
  readonly roleArn: string
  readonly externalId?: string
  readonly maxSeconds: number
  readonly accessKeyId: Secret
  readonly secretAccessKey: Secret
}

/** AssumeRoleWithWebIdentity: where, for which role. */
export interface WebIdentityConfig {
  /** No trailing slash. */
  readonly endpoint: string
  readonly roleArn: string
  readonly audience: string
  readonly maxSeconds: number
}

/** The account whose bucket it is. */
export interface R2Config {
  readonly accountId: string
}

/** B2's native API, and a key that may make keys. */
export interface B2Config {
  readonly bucketId: string
  /** No trailing slash. */
  readonly endpoint: string
  readonly keyId: Secret
  readonly applicationKey: Secret
}
