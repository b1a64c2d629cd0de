import { describe, expect, it } from 'vitest'
import { readLoadBalancer } from '../../src/config/read-load-balancer.ts'

function read(document: Parameters<typeof readLoadBalancer>[0]) {
  const faults: { pointer: string; message: string }[] = []
  const settings = readLoadBalancer(document, '/endpoints/x/loadBalancer', faults)
  return { settings, faults }
}

describe('readLoadBalancer', () => {
  it('takes the platform and its limits where nothing else is said', () => {
    expect(read({})).toEqual({
      faults: [],
      settings: {
        upstream: 'https://{endpointId}.api.runpod.ai',
        maxBytes: 31_457_280,
        idleTimeoutMs: 480_000,
        headers: [],
        rules: [],
        proof: 'health',
      },
    })
  })

  it('takes rules for any place of a body, base64 unless they say text', () => {
    const { settings } = read({ rules: [{ pointer: '/images/*', stage: true }] })
    expect(settings.rules).toEqual([{ pointer: '/images/*', stage: true, encoding: 'base64' }])
  })

  it('refuses an upstream that is no safe URL', () => {
    for (const upstream of ['nonsense', 'http://example.com', 'https://a:b@c', 'https://c/?q']) {
      expect(read({ upstream }).faults.map(({ pointer }) => pointer)).toEqual([
        '/endpoints/x/loadBalancer/upstream',
      ])
    }
    expect(read({ upstream: 'http://127.0.0.1:1/{endpointId}/' }).settings.upstream).toBe(
      'http://127.0.0.1:1/{endpointId}',
    )
  })

  it('refuses to pass headers that say who calls and how a message is framed', () => {
    const { faults } = read({ headers: ['x-tenant', 'authorization', 'host'] })
    expect(faults).toEqual([
      { pointer: '/endpoints/x/loadBalancer/headers/1', message: 'must not be "authorization"' },
      { pointer: '/endpoints/x/loadBalancer/headers/2', message: 'must not be "host"' },
    ])
  })
})
