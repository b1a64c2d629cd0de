import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { applyProfile } from '../../src/config/profiles.ts'
import { readConfig } from '../../src/config/read-config.ts'

const keys = { accessKeyId: { env: 'ID' }, secretAccessKey: { env: 'SECRET' } }
const base = {
  publicUrl: 'https://gateway.example',
  stores: { main: { kind: 'aws', region: 'eu-west-1', bucket: 'live', ...keys } },
  stateStore: 'main',
  endpoints: { '*': { store: 'main', as: 'key' }, old: { as: 'url' } },
  cors: { origins: ['https://app.example.com', 'https://www.example.com'] },
  auth: { mode: 'passthrough' },
  masterKeys: { env: 'KEYS' },
}
const env: Record<string, string> = {
  ...{ ID: 'id', SECRET: 'secret', STAGING_SECRET: 'other' },
  KEYS: `k1:${btoa('a'.repeat(32))}`,
}

function read(profiles: unknown, profile?: string, change: object = {}): Config {
  const text = JSON.stringify({ ...base, ...change, profiles })
  return readConfig(text, (name) => env[name], { profile })
}

function faults(...given: Parameters<typeof read>): Record<string, string> {
  try {
    read(...given)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(error.faults.map(({ pointer, message }) => [pointer, message]))
  }
  throw new Error('The configuration was taken')
}

describe('a profile', () => {
  const profiles = {
    staging: {
      publicUrl: 'https://staging.example',
      stores: { main: { bucket: 'try', secretAccessKey: { env: 'STAGING_SECRET' } } },
      endpoints: { old: null },
      cors: { origins: ['https://staging-app.example.com'] },
    },
    dev: { stores: { main: { kind: 'minio', endpoint: 'http://127.0.0.1:9000', region: null } } },
  }

  test('is merged over the document where it is asked for', () => {
    const config = read(profiles, 'staging')
    expect(config.publicUrl).toBe('https://staging.example')
    expect(config.stores.get('main')).toMatchObject({ bucket: 'try', region: 'eu-west-1' })
    expect(config.stores.get('main')?.secretAccessKey.reveal()).toBe('other')
    expect(config.endpoint('old')?.as).toBe('key')
    expect(config.cors?.origins).toEqual(['https://staging-app.example.com'])
  })

  test('can make another store of one', () => {
    expect(read(profiles, 'dev').stores.get('main')).toMatchObject({
      ...{ preset: 'minio', region: 'us-east-1', bucket: 'live', pathStyle: true },
    })
  })

  test.each([undefined, '', '  '])('is not used where BULKWAY_PROFILE is %j', (name) => {
    expect(read(profiles, name).stores.get('main')).toMatchObject({ bucket: 'live' })
    expect(read(profiles, name).endpoint('old')?.as).toBe('url')
  })

  test('completes a document that is none without it', () => {
    const { publicUrl, ...rest } = base
    const text = JSON.stringify({ ...rest, profiles: { live: { publicUrl } } })
    const from = (profile?: string) => readConfig(text, (name) => env[name], { profile }).publicUrl
    expect(from('live')).toBe('https://gateway.example')
    expect(() => from()).toThrow('/publicUrl: is required')
  })

  test('that is not there is refused, with those that are', () => {
    expect(faults(profiles, 'prod')).toEqual({
      '/profiles': 'has no "prod", which BULKWAY_PROFILE asks for: there are dev, staging',
    })
    expect(faults(undefined, 'prod')['/profiles']).toContain('there are none')
    expect(faults(profiles, 'constructor')['/profiles']).toContain('has no "constructor"')
  })

  test.each([undefined, 'dev'])('must be an object under a plain name (profile %j)', (name) => {
    const odd = { dev: {}, 'a b': {}, list: [] }
    expect(faults(odd, name)).toEqual({
      '/profiles/a b': 'is not a valid id',
      '/profiles/list': 'must be object',
    })
    expect(faults(odd, 'list')).toEqual({ '/profiles/list': 'must be object' })
  })

  test('has no profiles', () => {
    expect(faults({ dev: { profiles: {} } }, 'dev')).toHaveProperty('/profiles/dev/profiles')
  })
})

describe('the place of a fault', () => {
  test.each<[string, object, object, string]>([
    ['a value of the profile', {}, { publicUrl: 'nonsense' }, '/profiles/dev/publicUrl'],
    ['a value of the document', { publicUrl: 'nonsense' }, { stateStore: 'main' }, '/publicUrl'],
    [
      'a secret written out in the profile',
      {},
      { stores: { main: { secretAccessKey: 'abc' } } },
      '/profiles/dev/stores/main/secretAccessKey',
    ],
    ['a member that the profile removes', {}, { masterKeys: null }, '/profiles/dev/masterKeys'],
    [
      'a member that the profile makes necessary',
      {},
      { stores: { main: { region: null } } },
      '/profiles/dev/stores/main/region',
    ],
    [
      'a member that is missing in what the profile adds',
      {},
      { stores: { more: { kind: 'gcs', ...keys } } },
      '/profiles/dev/stores/more/bucket',
    ],
    [
      'an entry of a list that the profile replaces',
      {},
      { cors: { origins: ['https://a.example', 'b'] } },
      '/profiles/dev/cors/origins/1',
    ],
    [
      'an entry of a list of the document',
      { cors: { origins: ['b'] } },
      { cors: { maxAgeSeconds: 1 } },
      '/cors/origins/0',
    ],
    ['a name that is not known', {}, { stroes: {} }, '/profiles/dev/stroes'],
    ['a key twice', {}, { endpoints: { 'a/b': {} } }, '/profiles/dev/endpoints/a~1b'],
  ])('%s', (_name, change, dev, pointer) => {
    expect(Object.keys(faults({ dev }, 'dev', change))).toContain(pointer)
  })

  test('nothing of the other profiles counts', () => {
    expect(read({ dev: {}, broken: { publicUrl: 1 } }, 'dev').publicUrl).toBe(base.publicUrl)
  })
})

// The cases of RFC 7396, appendix A, as members of a document.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ a: ['a', 'b'] }, { a: ['c', 'd'] }, { a: ['c', 'd'] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('%j patched with %j is %j', (target, patch, merged) => {
  const profiles = { dev: patch }
  const { document } = applyProfile({ ...target, profiles }, 'dev')
  expect(document).toEqual({ ...merged, profiles })
})
