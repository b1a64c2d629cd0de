import type { NativeAccess } from './config.ts'
import type { ConfigDocument } from './parse-document.ts'

/** What `kind` of a store may be. */
export type PresetName = ConfigDocument['stores'][string]['kind']

/** Whether a store has something; `unknown` where neither its documentation nor a run tells. */
export type Support = boolean | 'unknown'

/** What follows from a store's kind. `docs/stores.md` shows it as a table. */
export interface StorePreset {
  readonly name: string
  /**
   * Form of its address, with fields of the store and `{cn}` for regions in China; what stands in
   * brackets falls away where its field does. Absent: `endpoint` has to be given.
   */
  readonly endpoint?: string
  /** Hosts beside that form that may be given as `endpoint`. */
  readonly otherHosts?: RegExp
  /** Where its hosts are, by which stores of kind `s3` are recognised. */
  readonly domains?: readonly string[]
  /** Region where none is given or told by the address; absent: it has to be given. */
  readonly region?: string
  readonly pathStyle: boolean
  /** Whether it has presigned URLs. */
  readonly presign: boolean
  /** Whether it takes a digest into the presigned URL of a part, and holds the body to it. */
  readonly signedDigest: boolean
  readonly parts: PartRules
  /** `If-None-Match: *` and `If-Match` on PUT: without them it can be no state store. */
  readonly conditionalWrites: Support
  /** PutBucketLifecycleConfiguration with Expiration by prefix. */
  readonly lifecycle: Support
  /** AbortIncompleteMultipartUpload in such a configuration. */
  readonly abortLifecycle: Support
  /** PutBucketCors. */
  readonly cors: Support
  /** ListMultipartUploads by prefix. */
  readonly listUploads: Support
  /** US dollars for 10^9 bytes a month by the list, before discounts; absent: there is no list. */
  readonly pricePerGbMonth?: number
  readonly keys: IssuedKeys
}

/** What a multipart upload must keep to. */
export interface PartRules {
  /** Of every part but the last. */
  readonly minBytes: number
  readonly maxBytes: number
  /** Whether all but the last must be of one size. */
  readonly equal: boolean
}

/** The narrow and expiring keys that a store issues. */
export interface IssuedKeys {
  readonly access: readonly NativeAccess[]
  /** Why there are no others, as an operator is told. */
  readonly reason: string
  /** Its STS, with `{region}`; absent: at the store's own address. */
  readonly sts?: string
}

const MiB = 2 ** 20
const likeAws: PartRules = { minBytes: 5 * MiB, maxBytes: 5 * 1024 * MiB, equal: false }
const bySts: IssuedKeys = {
  access: ['sts', 'web-identity'],
  reason: 'it issues keys through its STS',
}
const common = { pathStyle: true, presign: true, signedDigest: false, parts: likeAws } as const

/** Every store that is known by name. */
export const PRESETS: Readonly<Record<PresetName, StorePreset>> = {
  s3: {
    ...common,
    name: 'any S3-compatible store',
    signedDigest: true,
    conditionalWrites: 'unknown',
    lifecycle: 'unknown',
    abortLifecycle: 'unknown',
    cors: 'unknown',
    listUploads: 'unknown',
    keys: { access: ['sts', 'web-identity', 'r2', 'b2'], reason: '' },
  },
  aws: {
    ...common,
    name: 'AWS',
    endpoint: 'https://s3.{region}.amazonaws.com[.{cn}]',
    // FIPS, dual-stack, accelerated and regionless ones, and those of a VPC.
    otherHosts:
      /^(?:(?:[a-z0-9.-]+\.)?s3[a-z0-9.-]*\.vpce|s3[a-z0-9.-]*)\.amazonaws\.com(?:\.cn)?$/,
    domains: ['amazonaws.com', 'amazonaws.com.cn'],
    pathStyle: false,
    signedDigest: true,
    conditionalWrites: true,
    lifecycle: true,
    abortLifecycle: true,
    cors: true,
    listUploads: true,
    pricePerGbMonth: 0.023,
    keys: { ...bySts, sts: 'https://sts.{region}.amazonaws.com[.{cn}]' },
  },
  r2: {
    ...common,
    name: 'R2',
    endpoint: 'https://{accountId}[.{jurisdiction}].r2.cloudflarestorage.com',
    domains: ['r2.cloudflarestorage.com'],
    region: 'auto',
    parts: { ...likeAws, equal: true },
    conditionalWrites: true,
    lifecycle: true,
    abortLifecycle: true,
    cors: true,
    listUploads: true,
    pricePerGbMonth: 0.015,
    keys: {
      access: ['r2'],
      reason: 'it has no STS, its temporary keys are signed locally',
    },
  },
  ceph: {
    ...common,
    name: 'Ceph RGW',
    region: 'default',
    signedDigest: true,
    conditionalWrites: true,
    lifecycle: true,
    abortLifecycle: true,
    cors: true,
    listUploads: true,
    keys: bySts,
  },
  minio: {
    ...common,
    name: 'MinIO',
    region: 'us-east-1',
    signedDigest: true,
    conditionalWrites: true,
    lifecycle: true,
    // Open uploads go after a day by themselves, and are listed for a whole key alone.
    abortLifecycle: false,
    cors: false,
    listUploads: false,
    keys: bySts,
  },
  seaweedfs: {
    ...common,
    name: 'SeaweedFS',
    region: 'us-east-1',
    conditionalWrites: 'unknown',
    lifecycle: 'unknown',
    abortLifecycle: 'unknown',
    cors: 'unknown',
    listUploads: 'unknown',
    keys: bySts,
  },
  b2: {
    ...common,
    name: 'B2',
    endpoint: 'https://s3.{region}.backblazeb2.com',
    domains: ['backblazeb2.com'],
    parts: { minBytes: 5_000_000, maxBytes: 5_000_000_000, equal: false },
    conditionalWrites: false,
    lifecycle: true,
    abortLifecycle: 'unknown',
    cors: true,
    listUploads: true,
    pricePerGbMonth: 0.006,
    keys: {
      access: ['b2'],
      reason: 'it has no STS, its expiring keys are made by b2_create_key',
    },
  },
  wasabi: {
    ...common,
    name: 'Wasabi',
    endpoint: 'https://s3.{region}.wasabisys.com',
    otherHosts: /^s3\.wasabisys\.com$/,
    domains: ['wasabisys.com'],
    conditionalWrites: 'unknown',
    lifecycle: 'unknown',
    abortLifecycle: 'unknown',
    cors: 'unknown',
    listUploads: 'unknown',
    pricePerGbMonth: 0.00699,
    keys: {
      access: ['sts'],
      reason: 'it issues keys by AssumeRole alone',
      sts: 'https://sts.wasabisys.com',
    },
  },
  gcs: {
    ...common,
    name: 'Google Cloud Storage',
    endpoint: 'https://storage.googleapis.com',
    domains: ['storage.googleapis.com'],
    region: 'auto',
    conditionalWrites: false,
    lifecycle: false,
    abortLifecycle: false,
    cors: false,
    listUploads: true,
    pricePerGbMonth: 0.02,
    keys: {
      access: [],
      reason: 'its HMAC keys cover a whole service account and do not expire',
    },
  },
  garage: {
    ...common,
    name: 'Garage',
    region: 'garage',
    // They are taken and ignored.
    conditionalWrites: false,
    lifecycle: true,
    abortLifecycle: true,
    cors: true,
    listUploads: true,
    keys: {
      access: [],
      reason: 'it has no STS, and its keys cover a whole bucket',
    },
  },
  digitalocean: {
    ...common,
    name: 'DigitalOcean Spaces',
    endpoint: 'https://{region}.digitaloceanspaces.com',
    domains: ['digitaloceanspaces.com'],
    conditionalWrites: 'unknown',
    lifecycle: true,
    abortLifecycle: 'unknown',
    cors: true,
    listUploads: 'unknown',
    pricePerGbMonth: 0.02,
    keys: {
      access: [],
      reason: 'its keys cover a whole bucket and do not expire',
    },
  },
  tigris: {
    ...common,
    name: 'Tigris',
    endpoint: 'https://t3.storage.dev',
    otherHosts: /^(?:[a-z0-9-]+\.)?(?:storage\.dev|storage\.tigris\.dev)$/,
    domains: ['storage.dev', 'tigris.dev'],
    region: 'auto',
    pathStyle: false,
    conditionalWrites: true,
    lifecycle: true,
    abortLifecycle: 'unknown',
    cors: true,
    listUploads: true,
    pricePerGbMonth: 0.02,
    keys: { access: [], reason: 'its API issues no keys that expire by themselves' },
  },
  'runpod-volume': {
    name: 'a RunPod network volume',
    endpoint: 'https://s3api-{dataCenterId}.runpod.io',
    pathStyle: true,
    presign: false,
    signedDigest: false,
    parts: { minBytes: 1, maxBytes: 500_000_000, equal: false },
    conditionalWrites: false,
    lifecycle: false,
    abortLifecycle: false,
    cors: false,
    listUploads: true,
    // Of the first TB; what is above costs less (`bulkway usage`).
    pricePerGbMonth: 0.07,
    keys: { access: [], reason: 'its keys cover the whole account and do not expire' },
  },
}
