import { describe, expect, it } from 'vitest'
import { isEndpointId, isJobId } from '../../src/upstream/endpoint-id.ts'

describe('path segments', () => {
  it('takes the ids that the platform makes', () => {
    expect(isEndpointId('abc123xyz')).toBe(true)
    expect(isEndpointId('whisper-v3-large')).toBe(true)
    expect(isEndpointId('x'.repeat(64))).toBe(true)
    expect(isJobId('sync-8f1f0c3e-1b2a-4c5d-9e8f-000000000000-e1')).toBe(true)
    expect(isJobId('x'.repeat(128))).toBe(true)
  })

  it('refuses dot segments, foreign characters and lengths', () => {
    for (const text of ['', '.', '..', 'a/b', 'a%2fb', 'a b', 'é', 'a\n', 'a?', '\\']) {
      expect(isEndpointId(text), text).toBe(false)
      expect(isJobId(text), text).toBe(false)
    }
    expect(isEndpointId('x'.repeat(65))).toBe(false)
    expect(isJobId('x'.repeat(129))).toBe(false)
  })
})
