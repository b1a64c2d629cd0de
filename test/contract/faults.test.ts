import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeToken } from '../../src/contract/faults.ts'

describe('escapeToken', () => {
  it('can be undone, and leaves no slash', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const token = escapeToken(name)
        expect(token).not.toContain('/')
        expect(token.replaceAll('~1', '/').replaceAll('~0', '~')).toBe(name)
      }),
    )
  })
})
