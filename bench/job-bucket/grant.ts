import { createKeyring } from '../../src/config/keyring.ts'
import { deriveScopedKey, type ScopedKey } from '../../src/grants/scoped-key.ts'
import { createGrants } from '../../src/grants/stored-grants.ts'
import { lifetimesOf } from '../../src/grants/ttl.ts'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { createS3Store } from '../../src/store/s3-store.ts'

/** Seals a grant into the store of a bench gateway (subjects/gateway.ts); its bucket is `out/`. */
export async function sealBenchGrant(storeUrl: string): Promise<ScopedKey> {
  const platform = createNodePlatform({ write: () => {} })
  const secret = new Secret('bench')
  const store = createS3Store(
    {
      id: 'main',
      kind: 's3',
      endpoint: storeUrl,
      region: 'us-east-1',
      bucket: 'bench',
      pathStyle: true,
      presign: true,
      accessKeyId: secret,
      secretAccessKey: secret,
    },
    platform,
    { idleTimeoutMs: 10_000, presignSeconds: 900 },
  )
  const master = new Secret(Buffer.alloc(32, 7).toString('base64'))
  const keyring = createKeyring([{ kid: 'k1', key: master }])
  const grants = createGrants({ store, keyring, platform, grantCacheSeconds: 0 })
  const now = Date.now()
  const times = lifetimesOf({ now, marginSeconds: 3600, linkSeconds: 3600 })
  const grantId = grants.newId(times.day)
  await grants.seal({
    ...times,
    grantId,
    kid: 'k1',
    endpointId: 'bench',
    storeId: 'main',
    owner: 'bench',
    state: 'active',
    createdAt: now,
    mounts: [{ path: '', key: `${times.day}/${grantId}/out/`, mode: 'read-write' }],
    secrets: [],
  })
  const key = await deriveScopedKey(keyring, 'k1', grantId)
  if (key === undefined) throw new Error('The grant has no key')
  return key
}
