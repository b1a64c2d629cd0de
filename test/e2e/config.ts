import type { defaultConfig } from '../../dev/stack.ts'
import type { BucketFacts } from './bucket.ts'

/** The configuration document, as `schemas/Config.json` has it. */
export interface ConfigDocument {
  readonly endpoints: Readonly<Record<string, Record<string, unknown>>>
  readonly auth: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/** Bytes that the upstream of most test endpoints takes: less than the platform really does. */
export const smallLimit = 1_048_576

/**
 * The configuration of the end-to-end tests. `demo` is the sample worker's; the jobs of the others
 * wait until the test takes them.
 */
export function configFor(facts: {
  url: string
  upstream: string
  store: BucketFacts
}): ConfigDocument {
  const { url, upstream, store } = facts
  return {
    publicUrl: url,
    stores: {
      main: {
        kind: 's3',
        endpoint: store.endpoint,
        region: store.region,
        bucket: store.bucket,
        pathStyle: true,
        accessKeyId: { env: 'BULKWAY_STORE_ACCESS_KEY_ID' },
        secretAccessKey: { env: 'BULKWAY_STORE_SECRET_ACCESS_KEY' },
        ...(store.roleArn && { sts: { roleArn: store.roleArn, maxSeconds: 43_200 } }),
      },
    },
    stateStore: 'main',
    endpoints: {
      '*': { upstream, store: 'main' },
      demo: { as: 'key', s3Config: 'always' },
      hand: { as: 'key', runMaxBytes: smallLimit, runsyncMaxBytes: smallLimit },
      always: { as: 'key', stage: 'always' },
      narrow: { as: 'key', stage: 'always', outputMaxBytes: 1000, outputMaxObjects: 2 },
      link: { as: 'url', stage: 'always', access: 'none', s3Config: 'never' },
      ...(store.roleArn && { native: nativeEndpoint }),
      bare: { runMaxBytes: smallLimit, runsyncMaxBytes: smallLimit },
      ruled: {
        as: 'key',
        stage: 'always',
        rules: [
          { pointer: '/input/never', stage: false },
          { pointer: '/input/images/*/image', stage: true, mediaType: 'image/x-test' },
          { pointer: '/input/text', stage: true, encoding: 'text', mediaType: 'text/plain' },
          { pointer: '/input/linked', stage: true, as: 'url' },
        ],
      },
    },
    auth: { mode: 'passthrough' },
    access: { grantCacheSeconds: 1 },
    limits: { idleTimeoutMs: 5_000 },
    allowLoopbackWebhooks: true,
    masterKeys: { env: 'BULKWAY_MASTER_KEYS' },
  }
}

/** That configuration with the store and the endpoint `volume` of a stack's own. */
export function withVolume(
  plain: ConfigDocument,
  base: ReturnType<typeof defaultConfig>,
  upstream: string,
): ConfigDocument {
  const { endpoints, stores, runpod } = base
  return {
    ...plain,
    stores: { ...Object(plain['stores']), volume: stores.volume },
    runpod,
    endpoints: {
      ...plain.endpoints,
      // Copies of it under other names are no endpoints that the management API knows.
      volume: { ...endpoints.volume, upstream, volumes: 'configured' },
    },
  }
}

/** An endpoint whose worker is given keys of the store itself. */
const nativeEndpoint = {
  as: 'key',
  stage: 'always',
  access: 'sts',
  s3ConfigFields: { sessionToken: 'sessionToken', region: 'region', keyPrefix: 'keyPrefix' },
}
