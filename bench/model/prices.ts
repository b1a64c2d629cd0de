/** Prices and limits of others, each with its source: the one file to edit when they change. */

/** A price or a limit as its owner states it. */
export interface Quote {
  readonly value: number
  readonly unit: string
  /** The page of whoever sets it. */
  readonly source: string
  /** Where it was read, if the owner's page could not be: AWS fills its prices in by script. */
  readonly readAt?: string
  /** The day on which the source was read, `2026-01-31`; `parameter` where it is a choice to edit. */
  readonly read: string
}

const workersPricing = 'https://developers.cloudflare.com/workers/platform/pricing/'
const workersLimits = 'https://developers.cloudflare.com/workers/platform/limits/'
const r2Pricing = 'https://developers.cloudflare.com/r2/pricing/'
const s3Pricing = 'https://aws.amazon.com/s3/pricing/'
const ec2Pricing = 'https://aws.amazon.com/ec2/pricing/on-demand/'
const ec2Network =
  'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-network-bandwidth.html'
const s3Requests = 'https://c3x.dev/blog/s3-request-fees-explained'
const s3Volumes = 'https://www.vantage.sh/blog/cloudflare-r2-aws-s3-comparison'
const ec2Machines =
  'https://www.factualminds.com/blog/amazon-ec2-on-demand-pricing-instance-families-2026/'
const ec2Traffic =
  'https://thenegotiationexperts.com/blog/aws-egress-data-transfer-cost-negotiation/'
const read = '2026-11-21'

function quote(value: number, unit: string, source: string, readAt?: string): Quote {
  return { value, unit, source, read, ...(readAt !== undefined && { readAt }) }
}

export const prices = {
  workersPlan: quote(5, '$ a month', workersPricing),
  workersRequests: quote(0.3, '$ per million requests', workersPricing),
  workersRequestsIncluded: quote(10e6, 'requests a month', workersPricing),
  workersCpu: quote(0.02, '$ per million CPU ms', workersPricing),
  workersCpuIncluded: quote(30e6, 'CPU ms a month', workersPricing),
  r2ClassA: quote(4.5, '$ per million writes and lists', r2Pricing),
  r2ClassAIncluded: quote(1e6, 'operations a month', r2Pricing),
  r2ClassB: quote(0.36, '$ per million reads', r2Pricing),
  r2ClassBIncluded: quote(10e6, 'operations a month', r2Pricing),
  r2Storage: quote(0.015, '$ per GB-month', r2Pricing),
  r2StorageIncluded: quote(10, 'GB-months', r2Pricing),
  r2Egress: quote(0, '$ per GB', r2Pricing),
  s3ClassA: quote(5, '$ per million PUT, POST and LIST', s3Pricing, s3Requests),
  s3ClassB: quote(0.4, '$ per million GET and HEAD', s3Pricing, s3Requests),
  s3Storage: quote(0.023, '$ per GB-month', s3Pricing, s3Volumes),
  egressIncluded: quote(100, 'GB a month', ec2Pricing, ec2Traffic),
  machine: quote(
    0.0816 * 730,
    '$ a month (2 vCPU, 8 GiB: m7g.large on demand)',
    ec2Pricing,
    ec2Machines,
  ),
  machineNic: {
    value: 1e9,
    unit: 'bit/s that a machine keeps up',
    source: ec2Network,
    read: 'parameter',
  },
} as const satisfies Record<string, Quote>

/** Traffic from EC2 or S3 to the internet, as `egressIncluded`: dollars per GB up to so many GB a month. */
export const egressTiers: readonly { readonly upToGb: number; readonly perGb: number }[] = [
  { upToGb: 10_000, perGb: 0.09 },
  { upToGb: 50_000, perGb: 0.085 },
  { upToGb: 150_000, perGb: 0.07 },
  { upToGb: Number.POSITIVE_INFINITY, perGb: 0.05 },
]

export const limits = {
  isolateMemory: quote(128, 'MB', workersLimits),
  cpuDefault: quote(30, 'CPU seconds a request unless raised', workersLimits),
  cpuMost: quote(300, 'CPU seconds a request', workersLimits),
  subrequests: quote(10_000, 'a request', workersLimits),
  bodyFreePro: quote(100, 'MB, zones on Free and Pro', workersLimits),
  bodyBusiness: quote(200, 'MB, zones on Business', workersLimits),
  bodyEnterprise: quote(5_000, 'MB, zones on Enterprise', workersLimits),
} as const satisfies Record<string, Quote>

/** vCPUs of `prices.machine`: each carries one process of the gateway. */
export const machineCores = 2
export const machineMemoryMb = 8_590
