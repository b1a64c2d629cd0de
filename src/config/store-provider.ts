import type { NativeAccess } from './config.ts'

/** What is known of a store by its host name alone. */
export interface StoreProvider {
  readonly name: string
  /** Ways in which it can issue keys that are narrow and expire. */
  readonly access: readonly NativeAccess[]
  /** Why there are no others, as an operator is told. */
  readonly reason: string
  /** Its STS, with `{region}`. */
  readonly sts?: string
  /** The account that its host name tells. */
  readonly accountId?: string
}

const providers: readonly (readonly [RegExp, Omit<StoreProvider, 'accountId'>])[] = [
  [
    /(^|\.)amazonaws\.com\.cn$/,
    {
      name: 'AWS',
      access: ['sts', 'web-identity'],
      reason: 'it issues keys through its STS',
      sts: 'https://sts.{region}.amazonaws.com.cn',
    },
  ],
  [
    /(^|\.)amazonaws\.com$/,
    {
      name: 'AWS',
      access: ['sts', 'web-identity'],
      reason: 'it issues keys through its STS',
      sts: 'https://sts.{region}.amazonaws.com',
    },
  ],
  [
    /^([0-9a-f]{32})\.(?:[a-z]+\.)?r2\.cloudflarestorage\.com$/,
    { name: 'R2', access: ['r2'], reason: 'it has no STS, its temporary keys are signed locally' },
  ],
  [
    /(^|\.)backblazeb2\.com$/,
    {
      name: 'B2',
      access: ['b2'],
      reason: 'it has no STS, its expiring keys are made by b2_create_key',
    },
  ],
  [
    /(^|\.)wasabisys\.com$/,
    {
      name: 'Wasabi',
      access: ['sts'],
      reason: 'it issues keys by AssumeRole alone',
      sts: 'https://sts.wasabisys.com',
    },
  ],
  [
    /(^|\.)storage\.googleapis\.com$/,
    {
      name: 'Google Cloud Storage',
      access: [],
      reason: 'its HMAC keys cover a whole service account and do not expire',
    },
  ],
  [
    /(^|\.)digitaloceanspaces\.com$/,
    {
      name: 'DigitalOcean Spaces',
      access: [],
      reason: 'its keys cover a whole bucket and do not expire',
    },
  ],
  [
    /^s3api-[a-z0-9-]+\.runpod\.io$/,
    {
      name: 'a RunPod network volume',
      access: [],
      reason: 'its keys cover the whole account and do not expire',
    },
  ],
  [
    /(^|\.)(tigris\.dev|storage\.dev)$/,
    { name: 'Tigris', access: [], reason: 'its API issues no keys that expire by themselves' },
  ],
]

/** The provider of an endpoint's host; undefined for hosts that say nothing, such as one's own. */
export function providerOf(endpoint: string): StoreProvider | undefined {
  const host = URL.parse(endpoint)?.hostname ?? ''
  for (const [pattern, provider] of providers) {
    const match = pattern.exec(host)
    if (match === null) continue
    return provider.name === 'R2' && match[1] !== undefined
      ? { ...provider, accountId: match[1] }
      : provider
  }
  return undefined
}
