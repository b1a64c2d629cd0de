import { describe, expect, test } from 'vitest'
import type { StoreConfig } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { PRESETS } from '../../src/config/presets.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { fits, presetOf } from '../../src/config/store-provider.ts'

const accountId = '0123456789abcdef0123456789abcdef'
const roleArn = 'arn:aws:iam::123456789012:role/bulkway'

function read(store: object, change: object = {}): StoreConfig | undefined {
  const keys = { accessKeyId: { env: 'ID' }, secretAccessKey: { env: 'SECRET' } }
  const document = {
    publicUrl: 'https://gateway.example',
    stores: {
      main: { bucket: 'bulkway', ...keys, ...store },
      state: { kind: 'aws', region: 'eu-west-1', bucket: 'state', ...keys },
    },
    stateStore: 'state',
    endpoints: { '*': { store: 'main' } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
    ...change,
  }
  const env: Record<string, string> = {
    ID: '004a1b2c3d4e5f60000000001',
    MASTER: 'a1b2c3d4e5f6',
    SECRET: 'store-secret',
    KEYS: `k1:${btoa('a'.repeat(32))}`,
  }
  return readConfig(JSON.stringify(document), (name) => env[name]).stores.get('main')
}

function faults(store: object, change: object = {}): Record<string, string> {
  try {
    read(store, change)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.faults.map(({ pointer, message }) => [pointer, message]))
  }
  throw new Error('The configuration was taken')
}

describe('a store of a named kind', () => {
  test.each([
    [{ kind: 'aws', region: 'eu-west-1' }, 'https://s3.eu-west-1.amazonaws.com', 'eu-west-1'],
    [{ kind: 'aws', region: 'cn-north-1' }, 'https://s3.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    [{ kind: 'r2', accountId }, `https://${accountId}.r2.cloudflarestorage.com`, 'auto'],
    [
      { kind: 'r2', accountId, jurisdiction: 'eu' },
      `https://${accountId}.eu.r2.cloudflarestorage.com`,
      'auto',
    ],
    [
      { kind: 'b2', region: 'us-west-004' },
      'https://s3.us-west-004.backblazeb2.com',
      'us-west-004',
    ],
    [
      { kind: 'wasabi', region: 'eu-central-1' },
      'https://s3.eu-central-1.wasabisys.com',
      'eu-central-1',
    ],
    [{ kind: 'gcs' }, 'https://storage.googleapis.com', 'auto'],
    [{ kind: 'digitalocean', region: 'fra1' }, 'https://fra1.digitaloceanspaces.com', 'fra1'],
    [{ kind: 'tigris' }, 'https://t3.storage.dev', 'auto'],
  ])('%j lies at %s', (store, endpoint, region) => {
    expect(read(store)).toMatchObject({ kind: 's3', preset: store.kind, endpoint, region })
  })

  test.each([
    ['ceph', 'default'],
    ['minio', 'us-east-1'],
    ['seaweedfs', 'us-east-1'],
    ['garage', 'garage'],
  ])('%s has an address of its own and the region %s', (kind, region) => {
    const endpoint = 'http://storage.internal:9000'
    expect(read({ kind, endpoint })).toMatchObject({ endpoint, region, pathStyle: true })
    expect(read({ kind, endpoint, region: 'here' })).toMatchObject({ region: 'here' })
    expect(faults({ kind })['/stores/main/endpoint']).toContain('is required')
  })

  test('has its bucket where the kind wants it, unless told otherwise', () => {
    const aws = { kind: 'aws', region: 'eu-west-1' }
    expect(read(aws)).toMatchObject({ pathStyle: false, presign: true })
    expect(read({ ...aws, pathStyle: true, presign: false })).toMatchObject({
      ...{ pathStyle: true, presign: false },
    })
  })

  test('reads its region off its address', () => {
    const endpoint = 'https://s3.us-west-004.backblazeb2.com'
    expect(read({ kind: 'b2', endpoint })).toMatchObject({ region: 'us-west-004' })
    expect(read({ kind: 'aws', endpoint: 'https://s3.eu-west-1.amazonaws.com' })).toMatchObject({
      region: 'eu-west-1',
    })
  })

  test.each([
    ['aws', 'https://s3.amazonaws.com'],
    ['aws', 'https://s3.dualstack.eu-west-1.amazonaws.com'],
    ['aws', 'https://s3-fips.us-east-1.amazonaws.com'],
    ['aws', 'https://bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com'],
    ['wasabi', 'https://s3.wasabisys.com'],
    ['tigris', 'https://fly.storage.tigris.dev'],
    ['r2', 'http://127.0.0.1:8787/cdn-cgi/local/r2/s3'],
  ])('of kind %s may be given as %s', (kind, endpoint) => {
    expect(read({ kind, endpoint, region: 'us-east-1' })).toMatchObject({ endpoint })
  })

  test('keeps a price of its own', () => {
    expect(read({ kind: 'tigris', pricePerGbMonth: 0.01 })).toMatchObject({ pricePerGbMonth: 0.01 })
    expect(read({ kind: 'tigris' })).not.toHaveProperty('pricePerGbMonth')
  })

  test('has the account that its address is made of', () => {
    expect(read({ kind: 'r2', accountId })?.r2).toEqual({ accountId })
    const endpoint = `https://${accountId}.fedramp.r2.cloudflarestorage.com`
    expect(read({ kind: 'r2', endpoint })?.r2).toEqual({ accountId })
  })

  test('asks the STS of its own region', () => {
    const sts = { roleArn: 'arn:aws-cn:iam::123456789012:role/bulkway' }
    expect(read({ kind: 'aws', region: 'cn-north-1', sts })?.sts?.endpoint).toBe(
      'https://sts.cn-north-1.amazonaws.com.cn',
    )
  })
})

describe('what a named kind refuses, in words', () => {
  const other = 'https://fra1.digitaloceanspaces.com'
  test.each<[string, object, string, string]>([
    ['no region', { kind: 'aws' }, 'region', 'is required: AWS needs it'],
    ['no account', { kind: 'r2' }, 'accountId', 'is required: R2 needs it'],
    [
      'an endpoint of another form',
      { kind: 'r2', endpoint: `https://${accountId}.r2.dev` },
      'endpoint',
      'is no address of R2, which look like https://{accountId}.r2.cloudflarestorage.com. Use the kind "s3"',
    ],
    [
      'an endpoint of another store',
      { kind: 'b2', endpoint: other, region: 'x' },
      'endpoint',
      'B2',
    ],
    [
      'a bucket in the host',
      { kind: 'digitalocean', endpoint: 'https://my.fra1.digitaloceanspaces.com', region: 'fra1' },
      'endpoint',
      'is no address of DigitalOcean Spaces',
    ],
    [
      'a bucket in the host at AWS',
      { kind: 'aws', endpoint: 'https://my.s3.eu-west-1.amazonaws.com', region: 'eu-west-1' },
      'endpoint',
      'is no address of AWS',
    ],
    [
      'the native API of B2',
      { kind: 'b2', endpoint: 'https://api.backblazeb2.com', region: 'us-west-004' },
      'endpoint',
      'is no address of B2',
    ],
    [
      'a region that the endpoint does not have',
      { kind: 'aws', endpoint: 'https://s3.eu-west-1.amazonaws.com', region: 'us-east-1' },
      'region',
      'is not what the endpoint names: eu-west-1',
    ],
    [
      'an account that the endpoint does not have',
      {
        kind: 'r2',
        endpoint: `https://${accountId}.r2.cloudflarestorage.com`,
        accountId: 'f'.repeat(32),
      },
      'accountId',
      `names: ${accountId}`,
    ],
    [
      'a jurisdiction that the endpoint does not have',
      {
        kind: 'r2',
        endpoint: `https://${accountId}.eu.r2.cloudflarestorage.com`,
        jurisdiction: 'fedramp',
      },
      'jurisdiction',
      'names: eu',
    ],
    ['an account of R2', { kind: 'tigris', accountId }, 'accountId', '"r2" alone'],
    ['a jurisdiction of R2', { kind: 'tigris', jurisdiction: 'eu' }, 'jurisdiction', '"r2" alone'],
    [
      'a role where there is no STS',
      { kind: 'r2', accountId, sts: { roleArn } },
      'sts',
      'must be left out with R2: it has no STS',
    ],
    [
      'a role where there are no roles',
      { kind: 'garage', endpoint: 'https://garage.example', webIdentity: { roleArn } },
      'webIdentity',
      'must be left out with Garage',
    ],
    [
      'native keys of another store',
      { kind: 'aws', region: 'eu-west-1', b2: { bucketId: 'abc' } },
      'b2',
      'must be left out with AWS',
    ],
    [
      'a datacenter',
      { kind: 'aws', region: 'eu-west-1', dataCenterId: 'EU-RO-1' },
      'dataCenterId',
      '"runpod-volume" alone',
    ],
  ])('%s', (_name, store, field, words) => {
    expect(faults(store)[`/stores/main/${field}`]).toContain(words)
  })

  test('the master key of B2, without showing it', () => {
    const store = { kind: 'b2', region: 'us-west-004', accessKeyId: { env: 'MASTER' } }
    const message = faults(store)['/stores/main/accessKeyId']
    expect(message).toContain('use an application key')
    expect(message).not.toContain('a1b2c3d4e5f6')
  })

  test.each([
    ['b2', { region: 'us-west-004' }],
    ['gcs', {}],
    ['garage', { endpoint: 'https://garage.example' }],
    ['runpod-volume', { dataCenterId: 'EU-RO-1' }],
  ])('%s as the state store', (kind, place) => {
    const store = { kind, ...place }
    expect(read(store)).toMatchObject({ preset: kind })
    expect(faults(store, { stateStore: 'main' })['/stateStore']).toContain(
      'has no conditional writes',
    )
  })

  test('parts that it does not take', () => {
    const uploads = { uploads: { partBytes: 524_288_000 } }
    const volume = { kind: 'runpod-volume', dataCenterId: 'EU-RO-1' }
    expect(faults(volume, uploads)).toEqual({
      '/uploads/partBytes':
        'must be 500000000 or less: the store "main" is a RunPod network volume',
    })
    expect(read({ kind: 'tigris' }, uploads)).toBeDefined()
  })

  test('a way of access that the kind does not have', () => {
    const endpoints = {
      '*': { store: 'main' },
      a: { access: 'r2', s3ConfigFields: { sessionToken: 'token' } },
    }
    const words = faults({ kind: 'ceph', endpoint: 'https://ceph.example' }, { endpoints })
    expect(words['/endpoints/a/access']).toContain('Use "sts" or "web-identity" or "job-bucket"')
  })
})

describe('a store of kind s3', () => {
  test('is recognised by its host, and by nothing else', () => {
    expect(presetOf({ endpoint: 'https://bucket.s3.eu-west-1.amazonaws.com' })).toBe(PRESETS.aws)
    expect(presetOf({ endpoint: 'https://s3api-eu-ro-1.runpod.io' })).toBe(PRESETS['runpod-volume'])
    expect(presetOf({ endpoint: 'https://amazonaws.com.example' })).toBe(PRESETS.s3)
    expect(presetOf({ endpoint: 'no address' })).toBe(PRESETS.s3)
    expect(presetOf({ preset: 'minio', endpoint: 'https://s3.amazonaws.com' })).toBe(PRESETS.minio)
  })

  test('needs all that it is not told', () => {
    expect(faults({ kind: 's3' })).toMatchObject({ '/stores/main/endpoint': expect.any(String) })
    expect(faults({ kind: 's3', endpoint: 'https://s3.example' })).toMatchObject({
      '/stores/main/region': expect.any(String),
    })
  })

  test('may be anywhere, and keep the state: a run tells whether it can', () => {
    const store = { kind: 's3', endpoint: 'https://s3.us-west-004.backblazeb2.com', region: 'x' }
    expect(read(store, { stateStore: 'main' })).toMatchObject({ preset: 's3', pathStyle: true })
    expect(fits(PRESETS.s3, 'https://anywhere.example')).toBe(true)
  })
})
