import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { makeSigningKey } from '../access/signing-key.ts'

const { pem } = makeSigningKey()
const roleArn = 'arn:aws:iam::123456789012:role/bulkway'
const env: Record<string, string> = {
  ID: 'AKIAEXAMPLE',
  SECRET: 'store-secret',
  ROLE_ID: 'AKIAROLE',
  ROLE_SECRET: 'role-secret',
  OIDC: pem,
  BROKEN: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
  KEYS: `k1:${btoa('a'.repeat(32))}`,
}

interface Change {
  readonly publicUrl?: string
  readonly store?: object
  readonly endpoint?: object
  readonly oidc?: object
}

function read({ publicUrl = 'https://gateway.example', store, endpoint, oidc }: Change): Config {
  const document = {
    publicUrl,
    stores: {
      main: {
        ...{ kind: 's3', region: 'eu-central-1', bucket: 'bulkway' },
        endpoint: 'https://s3.eu-central-1.amazonaws.com',
        accessKeyId: { env: 'ID' },
        secretAccessKey: { env: 'SECRET' },
        ...store,
      },
    },
    stateStore: 'main',
    endpoints: {
      '*': { store: 'main' },
      a: { as: 'key', s3ConfigFields: { sessionToken: 'sessionToken' }, ...endpoint },
    },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
    ...(oidc && { oidc }),
  }
  return readConfig(JSON.stringify(document), (name) => env[name])
}

function faults(change: Change): Record<string, string> {
  try {
    read(change)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.faults.map(({ pointer, message }) => [pointer, message]))
  }
  throw new Error('The configuration was taken')
}

const sts = { endpoint: { access: 'sts' }, store: { sts: { roleArn } } }
const oidc = { signingKeys: { env: 'OIDC' } }
const webIdentity = {
  endpoint: { access: 'web-identity' },
  store: { webIdentity: { roleArn } },
  oidc,
}

describe('access "sts"', () => {
  test('asks the STS beside the store with the store’s own keys, for an hour', () => {
    const block = read(sts).stores.get('main')?.sts
    expect(block).toMatchObject({
      endpoint: 'https://sts.eu-central-1.amazonaws.com',
      roleArn,
      maxSeconds: 3600,
    })
    expect(block?.secretAccessKey.reveal()).toBe('store-secret')
  })

  test('can have keys and a place of its own', () => {
    const given = {
      ...{ roleArn: 'arn:aws:iam:::role/job', endpoint: 'https://sts.internal:8000/' },
      accessKeyId: { env: 'ROLE_ID' },
      secretAccessKey: { env: 'ROLE_SECRET' },
      maxSeconds: 31_536_000,
    }
    const store = { endpoint: 'http://ceph.internal:8000', sts: given }
    const block = read({ ...sts, store }).stores.get('main')?.sts
    expect(block).toMatchObject({ endpoint: 'https://sts.internal:8000', maxSeconds: 31_536_000 })
    expect(block?.secretAccessKey.reveal()).toBe('role-secret')
    expect(block?.accessKeyId.reveal()).toBe('AKIAROLE')
  })

  test.each([
    ['https://s3.amazonaws.com', 'us-east-1', 'https://sts.us-east-1.amazonaws.com'],
    ['https://s3.eu-central-1.wasabisys.com', 'eu-central-1', 'https://sts.wasabisys.com'],
    ['https://rgw.example:7480', 'default', 'https://rgw.example:7480'],
  ])('finds the STS of %s', (endpoint, region, expected) => {
    const store = { endpoint, region, sts: { roleArn } }
    expect(read({ ...sts, store }).stores.get('main')?.sts?.endpoint).toBe(expected)
  })

  test.each([
    ['beside the store', {}],
    ['of its own', { endpoint: 'http://localhost:8000' }],
  ])('may ask an STS %s over plain http on loopback', (_place, given) => {
    const store = { endpoint: 'http://localhost:8000', sts: { roleArn, ...given } }
    expect(read({ ...sts, store }).stores.get('main')?.sts?.endpoint).toBe('http://localhost:8000')
  })

  const cn = 'https://s3.cn-north-1.amazonaws.com.cn'
  test.each<[string, Change, string, string]>([
    ['no role', { ...sts, store: {} }, '/endpoints/a/access', 'without /stores/main/sts'],
    [
      'no name for the token',
      { ...sts, endpoint: { access: 'sts', s3ConfigFields: {} } },
      '/endpoints/a/s3ConfigFields/sessionToken',
      'is required where access is "sts"',
    ],
    [
      'a user for a role',
      { ...sts, store: { sts: { roleArn: 'arn:aws:iam::123456789012:user/me' } } },
      '/stores/main/sts/roleArn',
      'must be the ARN of an IAM role',
    ],
    [
      'a role of another partition',
      { ...sts, store: { endpoint: cn, region: 'cn-north-1', sts: { roleArn } } },
      '/stores/main/sts/roleArn',
      'arn:aws-cn:iam::',
    ],
    [
      'sessions that AWS does not give',
      { ...sts, store: { sts: { roleArn, maxSeconds: 43_201 } } },
      '/stores/main/sts/maxSeconds',
      'must be 43200 or less',
    ],
    [
      'sessions that are too short',
      { ...sts, store: { sts: { roleArn, maxSeconds: 899 } } },
      '/stores/main/sts/maxSeconds',
      '900',
    ],
    [
      'half a pair of keys',
      { ...sts, store: { sts: { roleArn, accessKeyId: { env: 'ROLE_ID' } } } },
      '/stores/main/sts/secretAccessKey',
      'is required beside accessKeyId',
    ],
    [
      'an STS over plain http',
      { ...sts, store: { sts: { roleArn, endpoint: 'http://sts.internal' } } },
      '/stores/main/sts/endpoint',
      'must be https',
    ],
    [
      'an STS beside a store over plain http',
      { ...sts, store: { endpoint: 'http://ceph.internal', sts: { roleArn } } },
      '/stores/main/sts/endpoint',
      'must be https',
    ],
    [
      'a store that has no STS',
      { ...sts, store: { endpoint: 'https://s3.us-east-005.backblazeb2.com', sts: { roleArn } } },
      '/endpoints/a/access',
      'it has no STS',
    ],
    [
      'a store whose keys do not expire',
      { ...sts, store: { endpoint: 'https://storage.googleapis.com', sts: { roleArn } } },
      '/endpoints/a/access',
      'do not expire. Use "job-bucket"',
    ],
  ])('is refused with %s', (_name, change, pointer, reason) => {
    expect(faults(change)[pointer]).toContain(reason)
  })
})

describe('access "web-identity"', () => {
  test('signs as the origin of the public URL', () => {
    const config = read({ ...webIdentity, publicUrl: 'https://gateway.example/base/' })
    expect(config.oidc).toMatchObject({ issuer: 'https://gateway.example', tokenSeconds: 60 })
    expect(config.stores.get('main')?.webIdentity).toMatchObject({
      audience: 'sts.amazonaws.com',
      endpoint: 'https://sts.eu-central-1.amazonaws.com',
    })
    expect(JSON.stringify(config.oidc)).not.toContain('PRIVATE')
  })

  test('takes an issuer on loopback where the store is no cloud’s', () => {
    const store = { endpoint: 'http://127.0.0.1:7480', webIdentity: { roleArn } }
    const config = read({ ...webIdentity, store, publicUrl: 'http://127.0.0.1:8787' })
    expect(config.oidc?.issuer).toBe('http://127.0.0.1:8787')
  })

  const { oidc: _none, ...withoutKeys } = webIdentity
  test.each<[string, Change, string, string]>([
    ['no role', { ...webIdentity, store: {} }, '/endpoints/a/access', '/stores/main/webIdentity'],
    ['nobody to sign', withoutKeys, '/endpoints/a/access', 'without /oidc'],
    [
      'a key that is none',
      { ...webIdentity, oidc: { signingKeys: { env: 'BROKEN' } } },
      '/oidc/signingKeys',
      'is not PKCS #8',
    ],
    [
      'no key at all',
      { ...webIdentity, oidc: { signingKeys: { env: 'MISSING' } } },
      '/oidc/signingKeys',
      'MISSING',
    ],
    [
      'an issuer with a port on AWS',
      { ...webIdentity, publicUrl: 'https://gateway.example:8443' },
      '/endpoints/a/access',
      'without a port',
    ],
    [
      'an STS over plain http',
      { ...webIdentity, store: { webIdentity: { roleArn, endpoint: 'http://sts.internal' } } },
      '/stores/main/webIdentity/endpoint',
      'must be https',
    ],
    [
      'an STS beside a store over plain http',
      { ...webIdentity, store: { endpoint: 'http://ceph.internal', webIdentity: { roleArn } } },
      '/stores/main/webIdentity/endpoint',
      'must be https',
    ],
    [
      'a store that takes no identities',
      {
        ...webIdentity,
        store: { endpoint: 'https://s3.wasabisys.com', webIdentity: { roleArn } },
      },
      '/endpoints/a/access',
      'AssumeRole alone',
    ],
  ])('is refused with %s', (_name, change, pointer, reason) => {
    expect(faults(change)[pointer]).toContain(reason)
  })
})

describe('access "r2"', () => {
  const accountId = '0123456789abcdef0123456789abcdef'
  const r2 = `https://${accountId}.r2.cloudflarestorage.com`
  const accountOf = (store: object) =>
    read({ endpoint: { access: 'r2' }, store }).stores.get('main')?.r2?.accountId

  test('takes the account from the host, or from the configuration', () => {
    expect(accountOf({ endpoint: r2 })).toBe(accountId)
    expect(accountOf({ endpoint: r2, r2: { accountId } })).toBe(accountId)
    expect(accountOf({ endpoint: 'https://files.example', r2: { accountId } })).toBe(accountId)
  })

  test('is refused with another account than the host names', () => {
    const store = { endpoint: r2, r2: { accountId: 'f'.repeat(32) } }
    expect(faults({ endpoint: { access: 'r2' }, store })).toEqual({
      '/stores/main/r2/accountId': 'is not the account that the endpoint names',
    })
  })
})

describe('keys of the store for every job', () => {
  const cases: [string, Change][] = [
    ['sts', sts],
    ['web-identity', webIdentity],
    ['r2', { store: { endpoint: `https://${'0'.repeat(32)}.r2.cloudflarestorage.com` } }],
    [
      'b2',
      {
        store: { endpoint: 'https://s3.us-east-005.backblazeb2.com', b2: { bucketId: 'a1b2' } },
      },
    ],
  ]
  test.each(cases)('need a name for the prefix of outputs: %s', (access, change) => {
    const names = { sessionToken: 'sessionToken' }
    const endpoint = { access, s3Config: 'always', s3ConfigFields: names }
    expect(faults({ ...change, endpoint })).toEqual({
      '/endpoints/a/s3ConfigFields/keyPrefix': expect.stringContaining(`access is "${access}"`),
    })
    const s3ConfigFields = { ...names, keyPrefix: 'prefix' }
    expect(() => read({ ...change, endpoint: { ...endpoint, s3ConfigFields } })).not.toThrow()
  })

  test('need none in the job bucket, whose root is theirs', () => {
    const endpoint = { access: 'job-bucket', s3Config: 'always', s3ConfigFields: {} }
    expect(() => read({ endpoint })).not.toThrow()
  })
})
