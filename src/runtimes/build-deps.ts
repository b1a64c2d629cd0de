import { createJobBucketMinter } from '../access/job-bucket-minter.ts'
import type { Minter } from '../access/minter.ts'
import { createNativeMinter } from '../access/native-minter.ts'
import { createTokenIssuer } from '../access/token-issuer.ts'
import { createAuthenticator } from '../auth/authenticate.ts'
import { createClientTokens } from '../auth/client-token.ts'
import { createIdentityProvider } from '../auth/identity-provider.ts'
import { createProof } from '../auth/proof.ts'
import { Recent } from '../cache/recent.ts'
import type { Config, NativeAccess, StoreConfig } from '../config/config.ts'
import { createKeyring } from '../config/keyring.ts'
import type { Deps } from '../flows/deps.ts'
import { openVolumeCheck } from '../flows/volume/volume-check.ts'
import { createBatchNotes } from '../grants/batch-notes.ts'
import { createGrants } from '../grants/stored-grants.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Platform } from '../platform.ts'
import { createBufferPool } from '../store/buffer-pool.ts'
import { openStore } from '../store/open-store.ts'
import type { ObjectStore } from '../store/store.ts'
import { createUploads } from '../uploads/stored-uploads.ts'
import { createUpstream } from '../upstream/client.ts'
import { createLogMetrics } from './log-metrics.ts'

/**
 * Grants whose secrets stay compiled, a third of a megabyte each: a status poll a second must not
 * compile them anew.
 */
const compiledGrants = { node: 100, workers: 20 } as const

/** Puts the house together; all roofs use it. `makeStore` stands in where stores are not S3. */
export function buildDeps(
  config: Config,
  platform: Platform,
  log: Log,
  makeStore: (store: StoreConfig) => ObjectStore = (store) => openStore(store, config, platform),
  metrics: Metrics = createLogMetrics(log),
): Deps {
  const keyring = createKeyring(config.masterKeys, platform.digests)
  const stores = new Map<string, ObjectStore>()
  for (const [id, store] of config.stores) stores.set(id, makeStore(store))
  const stateStore = stores.get(config.stateStoreId)
  if (stateStore === undefined) throw new TypeError(`There is no store ${config.stateStoreId}`)
  const { grantCacheSeconds } = config.access
  const proofSeconds = config.auth.mode === 'passthrough' ? config.auth.proofSeconds : 0
  const provider =
    config.auth.mode === 'jwt' ? createIdentityProvider(config.auth, platform) : undefined
  const clientTokens = createClientTokens({ config, keyring, platform })
  const issuer = config.oidc && createTokenIssuer(config.oidc, platform)
  const minters = new Map<string, Minter | undefined>()
  function nativeMinter(storeId: string, access: NativeAccess): Minter | undefined {
    const name = `${access} ${storeId}`
    if (!minters.has(name)) {
      minters.set(name, createNativeMinter({ config, platform, issuer }, storeId, access))
    }
    return minters.get(name)
  }

  return {
    config,
    platform,
    keyring,
    log,
    metrics,
    pool: createBufferPool({
      parts: config.staging.poolParts,
      partBytes: config.staging.partBytes,
      mayWait: platform.mayWaitForOthers,
    }),
    store: (storeId) => stores.get(storeId),
    stateStore,
    grants: createGrants({ store: stateStore, keyring, platform, grantCacheSeconds }),
    batches: createBatchNotes({
      store: stateStore,
      keyring,
      platform,
      cacheSeconds: grantCacheSeconds,
    }),
    uploads: createUploads({ store: stateStore, keyring, platform }),
    compiled: new Recent(compiledGrants[platform.name]),
    upstream: createUpstream({ platform, idleTimeoutMs: config.limits.upstreamIdleTimeoutMs }),
    jobBucketMinter: createJobBucketMinter({ keyring, jobBucketUrl: config.jobBucketUrl }),
    nativeMinter,
    issuer,
    authenticate: createAuthenticator({ auth: config.auth, keyring, provider, clientTokens }),
    clientTokens,
    proof: createProof({ keyring, platform, seconds: proofSeconds }),
    ...(config.runpod && { volumeCheck: openVolumeCheck(config, config.runpod, platform, log) }),
  }
}
