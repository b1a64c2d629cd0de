import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openBytes, sealBytes } from '../../src/config/sealed-bytes.ts'
import { alterationsOf, ringOf } from './rings.ts'

const ring = ringOf('a1', 'b2')

describe('sealed bytes', () => {
  it('come back as they were', async () => {
    const bytes = fc.uint8Array({ maxLength: 64 })
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom('a1', 'b2'), async (given, kid) => {
        const token = await sealBytes(ring, kid, 'file-link', given)
        const opened = await openBytes(ring, 'file-link', token ?? '')
        expect(Buffer.from(opened ?? [1])).toEqual(Buffer.from(given))
      }),
    )
  })

  it('do not open when one character is other, more or less', async () => {
    const token = (await sealBytes(ring, 'a1', 'file-link', Uint8Array.of(1, 2, 3, 4))) ?? ''
    for (const altered of alterationsOf(token)) {
      expect(await openBytes(ring, 'file-link', altered), altered).toBeUndefined()
    }
    expect(await openBytes(ring, 'file-link', `${token}A`)).toBeUndefined()
  })

  it('do not open for another use or without their key', async () => {
    const token = (await sealBytes(ring, 'b2', 'file-link', Uint8Array.of(1))) ?? ''
    expect(await openBytes(ring, 'webhook-link', token)).toBeUndefined()
    expect(await openBytes(ringOf('a1'), 'file-link', token)).toBeUndefined()
    expect(await openBytes(ringOf('b2', 'a1'), 'file-link', token)).toEqual(Uint8Array.of(1))
    expect(await sealBytes(ring, 'zz', 'file-link', Uint8Array.of(1))).toBeUndefined()
  })

  it('do not open from any other text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), async (text) => {
        expect(await openBytes(ring, 'file-link', text)).toBeUndefined()
      }),
    )
  })
})
