import type { ConfigDocument } from './parse-document.ts'

/** What `kind` of a store may be. */
export type PresetName = ConfigDocument['stores'][string]['kind']

/** What follows from a store's kind. */
export interface StorePreset {
  /** The store's own name. */
  readonly name: string
  /**
   * Form of its address, with `{region}`, `{accountId}` and `{jurisdiction}`; what stands in brackets
   * falls away where its field does. Absent: `endpoint` has to be given.
   */
  readonly endpoint?: string
  /** Hosts that are this store's, the region perhaps as group `region`; absent: any may be. */
  readonly hosts?: RegExp
  /** Region where none is given; absent: it has to be. */
  readonly region?: string
  readonly pathStyle: boolean
  readonly presign: boolean
}

export const PRESETS: Readonly<Record<PresetName, StorePreset>> = {
  s3: { name: 'any S3-compatible store', pathStyle: true, presign: true },
  aws: {
    name: 'AWS S3',
    endpoint: 'https://s3.{region}.amazonaws.com',
    hosts:
      /^(?:.+\.)?s3[.-](?:dualstack\.|fips\.)?(?<region>[a-z]{2}(?:-[a-z]+)+-\d)?.*\.amazonaws\.com(?:\.cn)?$/,
    pathStyle: false,
    presign: true,
  },
  r2: {
    name: 'Cloudflare R2',
    endpoint: 'https://{accountId}[.{jurisdiction}].r2.cloudflarestorage.com',
    hosts: /^[0-9a-f]{32}\.(?:[a-z]+\.)?r2\.cloudflarestorage\.com$/,
    region: 'auto',
    pathStyle: true,
    presign: true,
  },
  ceph: { name: 'Ceph RGW', region: 'default', pathStyle: true, presign: true },
  minio: { name: 'MinIO', region: 'us-east-1', pathStyle: true, presign: true },
  seaweedfs: { name: 'SeaweedFS', region: 'us-east-1', pathStyle: true, presign: true },
  b2: {
    name: 'Backblaze B2',
    endpoint: 'https://s3.{region}.backblazeb2.com',
    hosts: /^s3\.(?<region>[a-z0-9-]+)\.backblazeb2\.com$/,
    pathStyle: true,
    presign: true,
  },
  wasabi: {
    name: 'Wasabi',
    endpoint: 'https://s3.{region}.wasabisys.com',
    hosts: /^s3\.(?:(?<region>[a-z0-9-]+)\.)?wasabisys\.com$/,
    pathStyle: true,
    presign: true,
  },
  gcs: {
    name: 'Google Cloud Storage',
    endpoint: 'https://storage.googleapis.com',
    hosts: /^storage\.googleapis\.com$/,
    region: 'auto',
    pathStyle: true,
    presign: true,
  },
  garage: { name: 'Garage', region: 'garage', pathStyle: true, presign: true },
  digitalocean: {
    name: 'DigitalOcean Spaces',
    endpoint: 'https://{region}.digitaloceanspaces.com',
    hosts: /^(?<region>[a-z0-9]+)\.digitaloceanspaces\.com$/,
    pathStyle: true,
    presign: true,
  },
  tigris: {
    name: 'Tigris',
    endpoint: 'https://t3.storage.dev',
    hosts: /^(?:t3\.storage\.dev|fly\.storage\.tigris\.dev)$/,
    region: 'auto',
    pathStyle: false,
    presign: true,
  },
  'runpod-volume': { name: 'a RunPod network volume', pathStyle: true, presign: false },
}
