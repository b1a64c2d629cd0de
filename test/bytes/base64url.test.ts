import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../src/bytes/base64url.ts'

describe('base64url', () => {
  it('writes what the platform itself writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(new Uint8Array(bytes))
      }),
    )
  })

  it('reads one spelling only', () => {
    for (const text of ['A', 'AB', 'AA==', 'AA=', 'A A', '+A', '/A', 'AAB', 'AAAAA', 'é']) {
      expect(decodeBase64url(text), text).toBeUndefined()
    }
    expect(decodeBase64url('')).toEqual(new Uint8Array())
  })
})
