import type { Config } from './config.ts'

/**
 * The host name whose subdomains are buckets: the job bucket's, where it has a host of its own. No
 * address has subdomains, and none may be the gateway's own host.
 */
export function virtualHostOf({
  jobBucketUrl,
  publicUrl,
}: Pick<Config, 'jobBucketUrl' | 'publicUrl'>): string | undefined {
  const bucket = new URL(jobBucketUrl)
  const gateway = new URL(publicUrl)
  // Behind a proxy that ends TLS the port is not the client's.
  const [host, ownHost] = [bucket, gateway].map((url) => url.host.replace(/:(80|443)$/, ''))
  const isAddress = /^(\[.*\]|[\d.]+)$/.test(bucket.hostname)
  const isAbove = gateway.hostname.endsWith(`.${bucket.hostname}`)
  return host === ownHost || isAddress || isAbove ? undefined : bucket.hostname
}
