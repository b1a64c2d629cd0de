import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { readConfig } from '../../src/config/read-config.ts'

const env: Record<string, string> = {
  STORE_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  STORE_SECRET_ACCESS_KEY: 'store-secret',
  RUNPOD_API_KEY: 'rpa_example',
  BULKWAY_MASTER_KEYS: `k1:${btoa('a'.repeat(32))}`,
}
const store = {
  kind: 's3',
  endpoint: 'http://127.0.0.1:8789/s3/',
  region: 'auto',
  bucket: 'bulkway',
  accessKeyId: { env: 'STORE_ACCESS_KEY_ID' },
  secretAccessKey: { env: 'STORE_SECRET_ACCESS_KEY' },
}
const base = {
  publicUrl: 'https://gateway.example/',
  stores: { main: store },
  stateStore: 'main',
  endpoints: { '*': { store: 'main', as: 'key' } },
  auth: { mode: 'passthrough' },
  masterKeys: { env: 'BULKWAY_MASTER_KEYS' },
}
const keys = [{ name: 'acme', sha256: 'a'.repeat(64), endpoints: ['*'] }]

function read(change: object = {}, secrets: Record<string, string> = env): Config {
  return readConfig(JSON.stringify({ ...base, ...change }), (name) => secrets[name])
}

function faultsOf(work: () => unknown): Record<string, string> {
  try {
    work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const { message } of error.faults) expect(error.message).toContain(message)
    return Object.fromEntries(error.faults.map(({ pointer, message }) => [pointer, message]))
  }
  throw new Error('The configuration was taken')
}

const faults = (change: object, secrets?: Record<string, string>) =>
  faultsOf(() => read(change, secrets))

describe('readConfig', () => {
  it('reads the smallest document and fills in the defaults of the design', () => {
    const config = read()
    expect(config.publicUrl).toBe('https://gateway.example')
    expect(config.jobBucketUrl).toBe('https://gateway.example/s3')
    expect(config.stores.get('main')).toMatchObject({
      endpoint: 'http://127.0.0.1:8789/s3',
      pathStyle: true,
    })
    expect(config.stores.get('main')?.secretAccessKey.reveal()).toBe('store-secret')
    expect(config.staging).toEqual({ partBytes: 6 * 2 ** 20, partsInFlight: 2, poolParts: 32 })
    expect(config.access).toEqual({
      linkSeconds: 86400,
      presignSeconds: 900,
      grantCacheSeconds: 10,
      marginSeconds: 3600,
    })
    expect(config.limits).toEqual({
      nesting: 512,
      keyBytes: 1024,
      batchItems: 1000,
      mintTimeoutMs: 10000,
      smallBodyBytes: 65536,
      idleTimeoutMs: 60000,
      webhookMaxBytes: 33554432,
      upstreamIdleTimeoutMs: 330_000,
      formParts: 1000,
      formNameBytes: 1024,
      formHeaderBytes: 8192,
      listedOutputs: 1000,
      payloadBytes: 62_914_560_000,
    })
    expect(config.uploads).toEqual({
      partBytes: 16_777_216,
      maxBytes: 5_497_558_138_880,
      signedParts: 20,
      openSeconds: 86_400,
      keepSeconds: 604_800,
      persist: false,
    })
    expect(config.auth).toEqual({ mode: 'passthrough', proofSeconds: 60 })
    expect(config.allowLoopbackWebhooks).toBe(false)
    expect(config.endpoint('anything')).toEqual({
      upstream: 'https://api.runpod.ai/v2',
      storeId: 'main',
      as: 'key',
      access: 'job-bucket',
      s3Config: 'staged',
      s3ConfigFields: {
        accessId: 'accessId',
        accessSecret: 'accessSecret',
        bucketName: 'bucketName',
        endpointUrl: 'endpointUrl',
      },
      stage: 'over-limit',
      stageMinBytes: 65536,
      rules: [],
      runMaxBytes: 10 * 2 ** 20,
      runsyncMaxBytes: 20 * 2 ** 20,
      outputMaxBytes: 2 ** 40,
      outputMaxObjects: 100_000,
      inlineMaxBytes: 2 ** 30,
      inlineMaxObjects: 100,
      linkOutputKeys: false,
      files: 'stream',
      graceSeconds: 3600,
      contentAddressed: false,
      contentAddressedMaxObjects: 100,
      volumes: 'configured',
      severalVolumes: 'refuse',
      volumeWrites: true,
    })
  })

  it('merges an endpoint over * field by field', () => {
    const config = read({
      endpoints: {
        '*': { store: 'main', as: 'key', stageMinBytes: 100, rules: [{ pointer: '/input/a' }] },
        own: { as: 'url', rules: [{ pointer: '/input/b', encoding: 'text' }] },
      },
    })
    expect(config.endpoint('own')).toMatchObject({ as: 'url', stageMinBytes: 100, storeId: 'main' })
    expect(config.endpoint('own')?.rules).toEqual([{ pointer: '/input/b', encoding: 'text' }])
    expect(config.endpoint('other')?.rules).toEqual([{ pointer: '/input/a', encoding: 'base64' }])
  })

  it('knows no endpoint that is not configured', () => {
    const config = read({ endpoints: { own: {} } })
    expect(config.endpoint('own')?.as).toBeUndefined()
    expect(config.endpoint('other')).toBeUndefined()
    expect(config.endpoint('constructor')).toBeUndefined()
  })

  it('takes comments and trailing commas', () => {
    const text = JSON.stringify(base).replace('{', '{ // why\n').replace(/\}$/, ', /* end */ }')
    expect(readConfig(text, (name) => env[name]).stateStoreId).toBe('main')
  })

  it('tells line and column of every syntax fault', () => {
    const text = '{\n  "publicUrl": "x"\n  "stateStore" "y"\n}'
    const error = faultsOf(() => readConfig(text, () => undefined))
    expect(Object.values(error).join()).toMatch(/line \d, column \d/)
    expect(() => readConfig(text, () => undefined)).toThrow(/line 3, column 3: comma expected/)
    expect(() => readConfig('', () => undefined)).toThrow(/line 1, column 1: value expected/)
  })

  it('refuses a member that is given twice', () => {
    const text = '{"a": {"b/c": 1,\n"b/c": 2}, "__proto__": {}}'
    expect(faultsOf(() => readConfig(text, () => undefined))).toEqual({
      '/a/b~1c': 'is given twice, again on line 2',
      '/__proto__': 'is not known',
    })
  })

  it('tells all faults of shape at once', () => {
    const { stateStore: _, ...rest } = base
    const text = JSON.stringify({
      ...rest,
      extra: 1,
      stores: { Main: store, main: { ...store, kind: 'ftp' } },
      staging: { partBytes: 6291457, partsInFlight: 0 },
      access: { grantCacheSeconds: 11 },
      auth: { mode: 'open' },
      endpoints: { '..': {}, 'a/b': { rules: [{ pointer: 'input' }] } },
    })
    expect(faultsOf(() => readConfig(text, (name) => env[name]))).toEqual({
      '/stateStore': 'is required',
      '/extra': 'is not known',
      '/stores/Main': 'is not a valid id',
      '/stores/main/kind': expect.stringMatching(
        /^must be "s3" or "aws" or .* or "runpod-volume"$/,
      ),
      '/staging/partBytes': 'must be multiple of 3',
      '/staging/partsInFlight': 'must be >= 1',
      '/access/grantCacheSeconds': 'must be <= 10',
      '/auth/mode': 'is missing or names no variant',
      '/endpoints/..': 'is not a valid id',
      '/endpoints/a~1b': 'is not a valid id',
      '/endpoints/a~1b/rules/0/pointer': expect.stringContaining('pattern'),
    })
  })

  it('refuses a literal secret, and does not repeat it', () => {
    const change = { stores: { main: { ...store, secretAccessKey: 'hunter2-hunter2' } } }
    expect(faults(change)).toEqual({
      '/stores/main/secretAccessKey': expect.stringContaining('{"env": "NAME"}'),
    })
    expect(() => read(change)).not.toThrow(/hunter2/)
  })

  it('names every missing environment variable', () => {
    expect(faults({}, { BULKWAY_MASTER_KEYS: ' ', STORE_ACCESS_KEY_ID: 'x' })).toEqual({
      '/stores/main/secretAccessKey': expect.stringContaining('STORE_SECRET_ACCESS_KEY'),
      '/masterKeys': expect.stringContaining('BULKWAY_MASTER_KEYS'),
    })
  })

  it('reads several master keys in their order', () => {
    const value = `k2:${btoa('b'.repeat(48))}, k1:${btoa('a'.repeat(32))}`
    const { masterKeys } = read({}, { ...env, BULKWAY_MASTER_KEYS: value })
    expect(masterKeys.map(({ kid }) => kid)).toEqual(['k2', 'k1'])
    expect(masterKeys[1]?.key.reveal()).toBe(btoa('a'.repeat(32)))
  })

  it.each([
    ['no-kid', /kid:base64/],
    [`K1:${btoa('a'.repeat(32))}`, /kid:base64/],
    [`toolongkid:${btoa('a'.repeat(32))}`, /kid:base64/],
    ['k1:***', /not base64/],
    [`k1:${btoa('a'.repeat(31))}`, /31 bytes, 32 are needed/],
    [`k1:${btoa('a'.repeat(32))},k1:${btoa('b'.repeat(32))}`, /Master key 2 has the kid "k1"/],
    [`k1:${btoa('a'.repeat(32))},`, /Master key 2/],
  ])('refuses the master keys %s', (value, reason) => {
    const found = faults({}, { ...env, BULKWAY_MASTER_KEYS: value })
    expect(found['/masterKeys']).toMatch(reason)
    expect(Object.keys(found)).toEqual(['/masterKeys'])
  })

  it.each([
    ['http://gateway.example', 'https'],
    ['ftp://gateway.example', 'http or https'],
    ['gateway.example', 'must be a URL'],
    ['https://user:pass@gateway.example', 'user name'],
    ['https://gateway.example/?a=1', 'query'],
    ['http://127.0.0.1.example', 'https'],
  ])('refuses the public URL %s', (publicUrl, reason) => {
    expect(faults({ publicUrl })).toEqual({ '/publicUrl': expect.stringContaining(reason) })
  })

  it.each(['http://127.0.0.1:8787', 'http://localhost:8787/base', 'http://[::1]:1'])(
    'takes the loopback URL %s without TLS',
    (publicUrl) => {
      expect(read({ publicUrl }).publicUrl).toBe(publicUrl)
    },
  )

  it('refuses ids of stores that do not exist', () => {
    expect(faults({ stateStore: 'gone', endpoints: { '*': { store: 'toString' } } })).toEqual({
      '/stateStore': 'names no store: there is no "gone"',
      '/endpoints/*/store': 'names no store: there is no "toString"',
    })
  })

  it('wants a store where something is staged', () => {
    const endpoints = { a: { as: 'url' }, b: { s3Config: 'always' }, c: {} }
    expect(faults({ endpoints })).toEqual({
      '/endpoints/a/store': 'is required where "as" is set',
      '/endpoints/b/store': 'is required where s3Config is "always"',
    })
  })

  it('refuses access that contradicts itself', () => {
    const endpoints = {
      a: { store: 'main', access: 'none', s3Config: 'always' },
      b: { store: 'main', as: 'key', s3Config: 'never' },
      c: { store: 'main', as: 'url', access: 'none', rules: [{ pointer: '/input/x', as: 'key' }] },
      d: { store: 'main', rules: [{ pointer: '/input/x', stage: true }] },
    }
    const found = faults({ endpoints })
    expect(Object.keys(found)).toEqual([
      '/endpoints/a/s3Config',
      '/endpoints/b/as',
      '/endpoints/c/rules/0/as',
      '/endpoints/d/rules/0/as',
    ])
    expect(found['/endpoints/a/s3Config']).toBe(
      'must be "never" where access is "none", not "always"',
    )
  })

  it('always gives an s3Config where outputs are declared', () => {
    const endpoints = {
      '*': { store: 'main', as: 'original', outputs: 'link' },
      a: { outputs: 'inline', inlineMaxBytes: 1, inlineMaxObjects: 2 },
      b: { s3Config: 'staged' },
    }
    const config = read({ endpoints })
    expect(config.endpoint('x')).toMatchObject({ as: 'original', outputs: 'link' })
    expect(config.endpoint('x')?.s3Config).toBe('always')
    expect(config.endpoint('a')).toMatchObject({
      ...{ s3Config: 'always', outputs: 'inline', inlineMaxBytes: 1, inlineMaxObjects: 2 },
    })
    expect(config.endpoint('b')?.s3Config).toBe('staged')
  })

  it('refuses outputs and originals that a worker could not reach', () => {
    const endpoints = {
      a: { store: 'main', outputs: 'link', s3Config: 'never' },
      b: { store: 'main', outputs: 'inline', access: 'none' },
      c: { outputs: 'inline' },
      d: { store: 'main', as: 'original', s3Config: 'never' },
    }
    expect(faults({ endpoints })).toEqual({
      '/endpoints/a/outputs':
        'must not be "link" where s3Config is "never": the worker could not leave an output',
      '/endpoints/b/outputs':
        'must not be "inline" where access is "none": the worker could not leave an output',
      '/endpoints/c/store': 'is required where "outputs" is set',
      '/endpoints/d/as':
        'must not be "original" where s3Config is "never": the worker could not fetch it',
    })
  })

  it('points at * where the fault was inherited from there', () => {
    const endpoints = { '*': { store: 'gone' }, a: {} }
    expect(Object.keys(faults({ endpoints }))).toEqual(['/endpoints/*/store'])
  })

  it('gives no s3Config where there is no access', () => {
    const endpoints = { a: { store: 'main', as: 'url', access: 'none' } }
    expect(read({ endpoints }).endpoint('a')?.s3Config).toBe('never')
  })

  it('wants an upstream key of every endpoint in keys mode', () => {
    const auth = { mode: 'keys', tokenMaxSeconds: 3600, keys }
    expect(faults({ auth })).toEqual({ '/endpoints/*/upstreamKey': expect.any(String) })
    const endpoints = {
      '*': { store: 'main' },
      a: { upstreamKey: { env: 'RUNPOD_API_KEY' } },
      b: {},
    }
    expect(faults({ auth, endpoints })).toEqual({ '/endpoints/b/upstreamKey': expect.any(String) })
  })

  it('reads whose tokens are accepted', () => {
    const given = {
      ...{ mode: 'jwt', issuer: 'https://id.example/', audience: 'bulkway' },
      jwksUrl: 'https://id.example/keys/?p=a%20b',
    }
    const endpoints = { a: { upstreamKey: { env: 'RUNPOD_API_KEY' } } }
    expect(read({ auth: given, endpoints }).auth).toEqual({
      ...given,
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      endpointsClaim: 'bulkway_endpoints',
      maxBytesClaim: 'bulkway_max_bytes',
      scopesClaim: 'bulkway_scopes',
    })
    expect(faults({ auth: given, endpoints: { a: {} } })).toEqual({
      '/endpoints/a/upstreamKey': 'is required where auth.mode is "jwt"',
    })
    const wrong = ['http://id.example/jwks', 'ftp://id.example', 'jwks', 'https://a:b@id.example']
    for (const jwksUrl of wrong) {
      expect(Object.keys(faults({ auth: { ...given, jwksUrl }, endpoints }))).toEqual([
        '/auth/jwksUrl',
      ])
    }
    expect(Object.keys(faults({ auth: { ...given, algorithms: ['HS256'] }, endpoints }))).toEqual([
      '/auth/algorithms/0',
    ])
    const local = { ...given, jwksUrl: 'http://127.0.0.1:9000/jwks' }
    expect(read({ auth: local, endpoints }).auth).toMatchObject(local)
  })

  it('lets * hold defaults alone in keys mode', () => {
    const endpoints = { '*': { store: 'main' }, a: { upstreamKey: { env: 'RUNPOD_API_KEY' } } }
    const config = read({ auth: { mode: 'keys', tokenMaxSeconds: 3600, keys }, endpoints })
    expect(config.endpoint('a')?.upstreamKey?.reveal()).toBe('rpa_example')
    expect(config.endpoint('b')).toBeUndefined()
    expect(config.auth).toEqual({
      mode: 'keys',
      tokenMaxSeconds: 3600,
      keys: [{ ...keys[0], scopes: [] }],
    })
  })

  it('refuses keys that cannot be told apart or name no endpoint', () => {
    const [key] = keys
    const auth = {
      mode: 'keys',
      tokenMaxSeconds: 3600,
      keys: [key, { ...key, endpoints: ['gone'] }],
    }
    const endpoints = { a: { upstreamKey: { env: 'RUNPOD_API_KEY' } } }
    expect(Object.keys(faults({ auth, endpoints }))).toEqual([
      '/auth/keys/1/name',
      '/auth/keys/1/sha256',
      '/auth/keys/1/endpoints/0',
    ])
  })

  it('takes the pool that suits the runtime unless one is configured', () => {
    const readOn = (poolParts: number, change = {}) =>
      readConfig(JSON.stringify({ ...base, ...change }), (name) => env[name], { poolParts })
    expect(readOn(6).staging.poolParts).toBe(6)
    expect(readOn(6, { staging: { poolParts: 9 } }).staging.poolParts).toBe(9)
  })

  it('wants a pool that one request fits in', () => {
    const staging = { partsInFlight: 4, poolParts: 3 }
    expect(Object.keys(faults({ staging }))).toEqual(['/staging/poolParts'])
  })

  it('answers any text, and any value anywhere, with faults and no other error', () => {
    const members = fc.constantFrom(...Object.keys(base))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => readConfig(text, () => undefined)).toThrow(ConfigError)
      }),
    )
    fc.assert(
      fc.property(members, fc.jsonValue(), (member, value) => {
        try {
          read({ [member]: value })
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
    )
  })

  it('takes the rules for what is removed by its shape, all safe ones by default', () => {
    const safe = ['aws-error', 'aws-secret', 'runpod-key', 'gateway-key']
    expect(read().scrub.shapes).toEqual(safe)
    expect(read({ scrub: {} }).scrub.shapes).toEqual(safe)
    expect(read({ scrub: { shapes: [] } }).scrub.shapes).toEqual([])
    expect(() => read({ scrub: { shapes: ['everything'] } })).toThrow(ConfigError)
  })

  it('freezes what it gives', () => {
    const config = read()
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.limits)).toBe(true)
    expect(Object.isFrozen(config.endpoint('a'))).toBe(true)
    expect(Object.isFrozen(config.masterKeys[0])).toBe(true)
  })

  it('hides the secrets from print', () => {
    expect(JSON.stringify([...read().stores.values()])).not.toContain('store-secret')
  })

  it('takes the example and what the documentation shows', async () => {
    const example = await readFile(new URL('../../bulkway.example.jsonc', import.meta.url), 'utf8')
    const config = readConfig(example, (name) => env[name])
    expect(config.endpoint('my-image-endpoint')?.rules).toHaveLength(2)

    const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
    const [, shown] = page.match(/```jsonc\n([\s\S]*?)```/) ?? []
    expect(readConfig(shown ?? '', (name) => env[name]).endpoint('a')?.as).toBe('key')
  })
})
