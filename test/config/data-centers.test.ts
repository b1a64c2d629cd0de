import { describe, expect, test } from 'vitest'
import { faultsOf, readVolumes } from './volume-document.ts'

const replicas = [{ bucket: 'ksvolume01', dataCenterId: 'US-KS-2' }]

describe('a store in the datacenter of an endpoint', () => {
  test('is taken, whatever the case of its name', () => {
    const config = readVolumes({ endpoint: { dataCenterIds: ['eu-ro-1'] } })
    expect(config.endpoint('a')).toMatchObject({ volumes: 'configured', severalVolumes: 'refuse' })
  })

  test('is a fault with both names where it lies elsewhere', () => {
    expect(faultsOf({ endpoint: { dataCenterIds: ['US-KS-2'] } })).toEqual({
      '/endpoints/*/store':
        'cannot be "volume": its volume agv6w2qcg7 is in EU-RO-1, the endpoint\'s workers run in US-KS-2',
    })
  })

  test('is a fault where one of its volumes lies elsewhere', () => {
    const change = { volume: { replicas }, endpoint: { dataCenterIds: ['EU-RO-1'] } }
    expect(faultsOf(change)['/endpoints/*/store']).toContain('its volume ksvolume01 is in US-KS-2')
  })

  test('must be in all of them', () => {
    const endpoint = { dataCenterIds: ['EU-RO-1', 'US-KS-2'], severalVolumes: 'all' }
    expect(faultsOf({ endpoint })).toEqual({
      '/endpoints/a/dataCenterIds':
        'names US-KS-2, where the store "volume" has no volume (it has EU-RO-1): add one to /stores/volume/replicas',
    })
    expect(readVolumes({ endpoint, volume: { replicas } }).endpoint('a')?.severalVolumes).toBe(
      'all',
    )
  })

  test('is written to in all of them by choice alone', () => {
    const endpoint = { dataCenterIds: ['EU-RO-1', 'US-KS-2'] }
    expect(faultsOf({ endpoint, volume: { replicas } })).toEqual({
      '/endpoints/a/severalVolumes':
        'must be "all" where the workers run in several datacenters (EU-RO-1, US-KS-2): each has a volume of its own, and all are written to',
    })
  })

  test('does not matter for a store that is no volume', () => {
    const endpoint = { as: 'url', access: 'none', store: 'main', dataCenterIds: ['US-KS-2'] }
    expect(readVolumes({ endpoint }).endpoint('a')?.storeId).toBe('main')
  })
})

describe('looking volumes up', () => {
  const endpoint = { volumes: 'lookup' }

  test('asks RunPod with the operator’s key, and believes it for a while', () => {
    const runpod = { apiKey: { env: 'RUNPOD' }, cacheSeconds: 60 }
    const config = readVolumes({ endpoint, more: { runpod } })
    expect(config.endpoint('a')?.volumes).toBe('lookup')
    expect(config.runpod).toMatchObject({
      restUrl: 'https://rest.runpod.io/v1',
      cacheSeconds: 60,
      timeoutMs: 10_000,
    })
    expect(config.runpod?.apiKey?.reveal()).toBe('rpa_operator')
  })

  test('needs to know where, and whose key', () => {
    expect(faultsOf({ endpoint })).toEqual({
      '/endpoints/a/volumes': 'cannot be "lookup" without /runpod, which says where to ask',
    })
    expect(faultsOf({ endpoint, more: { runpod: {} } })['/endpoints/a/volumes']).toContain(
      'without /runpod/apiKey',
    )
    const upstreamKey = { env: 'RUNPOD' }
    expect(
      readVolumes({ endpoint: { ...endpoint, upstreamKey }, more: { runpod: {} } }).runpod,
    ).toBeDefined()
  })

  test('sends no key over plain http', () => {
    const runpod = { restUrl: 'http://rest.example/v1', apiKey: { env: 'RUNPOD' } }
    expect(faultsOf({ endpoint, more: { runpod } })['/runpod/restUrl']).toContain('must be https')
  })
})
