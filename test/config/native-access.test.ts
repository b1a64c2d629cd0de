import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/config-error.ts'
import { readConfig } from '../../src/config/read-config.ts'

const secret = { env: 'ANY' }
const accountId = '0123456789abcdef0123456789abcdef'
const r2 = `https://${accountId}.r2.cloudflarestorage.com`
const b2 = 'https://s3.us-east-005.backblazeb2.com'
const withToken = { sessionToken: 'sessionToken' }

function read(endpoint: object, store: object) {
  const base = { kind: 's3', region: 'auto', bucket: 'bucket' }
  const document = {
    publicUrl: 'https://gateway.example',
    stores: { main: { ...base, accessKeyId: secret, secretAccessKey: secret, ...store } },
    stateStore: 'main',
    endpoints: { demo: { store: 'main', as: 'key', ...endpoint } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
  }
  return readConfig(JSON.stringify(document), (name) =>
    name === 'KEYS' ? `k1:${btoa('a'.repeat(32))}` : 'any-secret',
  )
}

function faults(endpoint: object, store: object): Record<string, string> {
  try {
    read(endpoint, store)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.faults.map(({ pointer, message }) => [pointer, message]))
  }
  return {}
}

const faultOf = (access: string, store: object) =>
  faults({ access, s3ConfigFields: withToken }, store)['/endpoints/demo/access']

const sts = { roleArn: 'arn:aws:iam::1:role/job' }

describe('keys of the store itself', () => {
  it.for([
    ['sts', 'https://storage.googleapis.com', 'Google Cloud Storage', 'do not expire'],
    ['b2', 'https://fra1.digitaloceanspaces.com', 'DigitalOcean Spaces', 'do not expire'],
    ['sts', 'https://s3api-eu-ro-1.runpod.io', 'a RunPod network volume', 'whole account'],
    ['sts', 'https://t3.storage.dev', 'Tigris', 'no keys that expire'],
    ['sts', r2, 'R2', 'it has no STS'],
    ['b2', r2, 'R2', 'Use "r2" or "job-bucket"'],
    ['sts', b2, 'B2', 'it has no STS'],
    ['r2', b2, 'B2', 'Use "b2" or "job-bucket"'],
    ['r2', 'https://s3.amazonaws.com', 'AWS', 'Use "sts" or "web-identity" or "job-bucket"'],
  ] as const)(
    'are refused as %s where the store at %s cannot give them',
    ([access, endpoint, name, reason]) => {
      const blocks = { sts, r2: { accountId }, b2: { bucketId: 'x' } }
      const fault = faultOf(access, { endpoint, ...blocks })
      expect(fault).toContain(`(${name})`)
      expect(fault).toContain(reason)
    },
  )

  it('take the account of R2 from its host, in every jurisdiction', () => {
    for (const endpoint of [r2, `https://${accountId}.eu.r2.cloudflarestorage.com`]) {
      expect(faultOf('r2', { endpoint })).toBeUndefined()
      const config = read({ access: 'r2', s3ConfigFields: withToken }, { endpoint })
      expect(config.stores.get('main')?.r2).toEqual({ accountId })
    }
  })

  it('want the account where the host does not tell it', () => {
    const endpoint = 'https://files.example'
    expect(faultOf('r2', { endpoint })).toBe('cannot be "r2" without /stores/main/r2')
    expect(faultOf('r2', { endpoint, r2: { accountId } })).toBeUndefined()
  })

  it('want B2’s bucket id', () => {
    expect(faultOf('b2', { endpoint: b2 })).toBe('cannot be "b2" without /stores/main/b2')
    const block = { bucketId: 'x' }
    expect(faultOf('b2', { endpoint: b2, b2: block })).toBeUndefined()
    expect(
      read({ access: 'b2' }, { endpoint: b2, b2: block }).stores.get('main')?.b2,
    ).toMatchObject({
      bucketId: 'x',
      endpoint: 'https://api.backblazeb2.com',
    })
  })

  it('want both halves of B2’s own key, and https', () => {
    const at = (block: object) =>
      faults({ access: 'b2' }, { endpoint: b2, b2: { bucketId: 'x', ...block } })
    expect(at({ keyId: secret })).toHaveProperty('/stores/main/b2/applicationKey')
    expect(at({ applicationKey: secret })).toHaveProperty('/stores/main/b2/keyId')
    expect(at({ endpoint: 'http://b2.example' })).toHaveProperty('/stores/main/b2/endpoint')
  })

  it('with a session token want a name for it, those without do not', () => {
    expect(faults({ access: 'r2' }, { endpoint: r2 })).toEqual({
      '/endpoints/demo/s3ConfigFields/sessionToken': expect.stringContaining('access is "r2"'),
    })
    expect(faults({ access: 'b2' }, { endpoint: b2, b2: { bucketId: 'x' } })).toEqual({})
  })

  it('want a name of its own for each field', () => {
    const at = (s3ConfigFields: object) =>
      faults({ access: 'r2', s3ConfigFields }, { endpoint: r2 })
    expect(at({ sessionToken: 'accessSecret' })).toHaveProperty(
      '/endpoints/demo/s3ConfigFields/sessionToken',
    )
    const twice = at({ ...withToken, region: 'same', keyPrefix: 'same' })
    expect(Object.keys(twice)).toEqual(['/endpoints/demo/s3ConfigFields/keyPrefix'])
    expect(at({ ...withToken, accessId: 'accessSecret', accessSecret: 'accessId' })).toEqual({})
  })
})
