import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/read-config.ts'
import { parseRetention } from '../../src/config/read-retention.ts'
import { fakeConfig } from '../flows/fake-deps.ts'

function retentionOf(retention: Record<string, unknown>) {
  return fakeConfig({
    endpoints: { '*': { upstream: 'https://u.example/v2', retention } },
  }).endpoint('any')?.retention
}

function faultsOf(retention: Record<string, unknown>): string {
  try {
    retentionOf(retention)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

describe('the retention of an endpoint', () => {
  it('is that of the job where the configuration says nothing', () => {
    expect(fakeConfig().endpoint('demo')?.retention).toBeUndefined()
    expect(retentionOf({})).toEqual({
      default: 'job',
      minSeconds: 60,
      maxSeconds: 2_592_000,
      persistent: false,
    })
  })

  it('is a number, or a word, as the header spells it', () => {
    expect(retentionOf({ default: '86400' })?.default).toBe(86_400)
    expect(retentionOf({ default: 'persistent', persistent: true })?.default).toBe('persistent')
    for (const text of ['', '0', '-1', '1e3', '01', ' 1', 'forever', '9'.repeat(10)]) {
      expect(parseRetention(text)).toBeUndefined()
    }
  })

  it('has a default within its own bounds', () => {
    expect(faultsOf({ default: '59' })).toContain('/endpoints/*/retention/default')
    expect(faultsOf({ default: '61', maxSeconds: 60 })).toContain('(maxSeconds)')
    expect(faultsOf({ default: 'persistent' })).toContain('where persistent is false')
    expect(faultsOf({ minSeconds: 10, maxSeconds: 9 })).toContain('must be 9 (maxSeconds) or less')
    expect(faultsOf({ default: 'sometimes' })).toContain('/retention/default')
  })
})
