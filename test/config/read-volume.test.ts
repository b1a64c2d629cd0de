import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { readConfig } from '../../src/config/read-config.ts'

const keys = { accessKeyId: { env: 'KEY' }, secretAccessKey: { env: 'KEY' } }
const volume = { kind: 'runpod-volume', bucket: 'b1c2d3e4f5', dataCenterId: 'EU-RO-1', ...keys }
const main = {
  kind: 's3',
  endpoint: 'https://s3.example',
  region: 'auto',
  bucket: 'state',
  ...keys,
}

function read(change: object = {}, document: object = {}): Config {
  const whole = {
    publicUrl: 'https://gateway.example',
    stores: { main, volume: { ...volume, ...change } },
    stateStore: 'main',
    endpoints: { '*': { store: 'main' } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'KEYS' },
    ...document,
  }
  const secrets: Record<string, string> = { KEY: 'secret', KEYS: `k1:${btoa('a'.repeat(32))}` }
  return readConfig(JSON.stringify(whole), (name) => secrets[name])
}

function faults(change: object, document: object = {}): Record<string, string> {
  try {
    read(change, document)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return Object.fromEntries(
      error.faults.map(({ pointer, message }) => [pointer.replace('/stores/volume', ''), message]),
    )
  }
  throw new Error('The configuration was taken')
}

describe('a network volume', () => {
  it('is exclusive in every store that has it, or in none', () => {
    const replica = { bucket: 'b1c2d3e4f5', dataCenterId: 'EU-RO-1' }
    const both = { ...volume, bucket: 'vol2', dataCenterId: 'US-KS-2', replicas: [replica] }
    const stores = (exclusive: boolean) => ({
      stores: { main, volume: { ...volume, exclusive: true }, both: { ...both, exclusive } },
    })
    expect(faults({}, stores(false))).toEqual({
      '/stores/both/exclusive': 'must be true, as at "volume": both are the volume b1c2d3e4f5',
    })
    expect(read({}, stores(true)).stores.size).toBe(3)
  })

  it('is addressed by its datacenter, and needs nothing else', () => {
    expect(read().stores.get('volume')).toMatchObject({
      ...{ kind: 'runpod-volume', bucket: 'b1c2d3e4f5', pathStyle: true, presign: false },
      endpoint: 'https://s3api-eu-ro-1.runpod.io',
      region: 'EU-RO-1',
      volume: {
        ...{ mountPath: '/runpod-volume', prefix: 'bulkway/', sharedPaths: [], exclusive: false },
        ...{ completePollSeconds: 2, completeMaxSeconds: 900 },
        members: [
          {
            bucket: 'b1c2d3e4f5',
            dataCenterId: 'EU-RO-1',
            endpoint: 'https://s3api-eu-ro-1.runpod.io',
          },
        ],
      },
    })
  })

  it('has replicas, each addressed by its own datacenter', () => {
    const replicas = [
      { bucket: 'other1', dataCenterId: 'US-KS-2' },
      { bucket: 'other2', dataCenterId: 'US-CA-2', endpoint: 'http://127.0.0.1:9/x/' },
    ]
    const more = { replicas, mountPath: '/mnt/volume/', prefix: 'a/b/', sharedPaths: ['models/'] }
    expect(read(more).stores.get('volume')?.volume).toMatchObject({
      ...{ mountPath: '/mnt/volume', prefix: 'a/b/', sharedPaths: ['models/'] },
      members: [
        { bucket: 'b1c2d3e4f5' },
        { endpoint: 'https://s3api-us-ks-2.runpod.io' },
        { endpoint: 'http://127.0.0.1:9/x' },
      ],
    })
  })

  it.each([
    [{ presign: true }, '/presign', 'presigned'],
    [{ pathStyle: false }, '/pathStyle', 'path'],
    [{ region: 'EU-CZ-1' }, '/region', 'EU-RO-1'],
    [{ dataCenterId: undefined }, '/dataCenterId', 'required'],
    [{ endpoint: 'https://s3api-us-ks-2.runpod.io' }, '/endpoint', 'US-KS-2'],
    [{ endpoint: 'ftp://x' }, '/endpoint', 'http'],
    [
      { replicas: [{ bucket: 'b1c2d3e4f5', dataCenterId: 'US-KS-2' }] },
      '/replicas/0/bucket',
      'again',
    ],
    [
      { replicas: [{ bucket: 'xyz', dataCenterId: 'eu-ro-1' }] },
      '/replicas/0/dataCenterId',
      'again',
    ],
    [{ sharedPaths: ['models/', 'bulkway/x/'] }, '/sharedPaths/1', 'beside'],
    [{ prefix: 'models/bulkway/', sharedPaths: ['models/'] }, '/sharedPaths/0', 'beside'],
    [{ sharedPaths: ['models'] }, '/sharedPaths/0', ''],
    [{ sharedPaths: ['../'] }, '/sharedPaths/0', ''],
    [{ prefix: '' }, '/prefix', ''],
    [{ prefix: '/x/' }, '/prefix', ''],
    [{ mountPath: 'runpod-volume' }, '/mountPath', ''],
    [{ mountPath: '/a/../b' }, '/mountPath', 'plain'],
    [{ mountPath: '/' }, '/mountPath', 'plain'],
  ])('is not %j', (change, pointer, words) => {
    expect(faults(change)[pointer]).toContain(words)
  })

  it('issues no keys, whatever the configuration says', () => {
    const sts = { roleArn: 'arn:aws:iam::1:role/x' }
    const said = faults({ sts, r2: { accountId: 'a'.repeat(32) }, b2: { bucketId: 'x' } })
    for (const block of ['/sts', '/r2', '/b2']) expect(said[block]).toContain('whole account')
  })

  it('keeps no state: it has no conditional writes', () => {
    expect(faults({}, { stateStore: 'volume' })['/stateStore']).toContain('conditional writes')
  })

  it('is not what other stores are', () => {
    const stores = { main: { ...main, mountPath: '/x', exclusive: true, replicas: [] } }
    const said = faults({}, { stores })
    for (const name of ['mountPath', 'exclusive', 'replicas']) {
      expect(said[`/stores/main/${name}`]).toContain('runpod-volume')
    }
  })
})
