import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase32 } from '../../src/bytes/base32.ts'
import { makeFileLink } from '../../src/outputs/file-link.ts'
import { makeWebhookToken, readWebhookToken } from '../../src/webhooks/sealed-url.ts'
import { alterationsOf, ringOf } from '../config/rings.ts'

const ring = ringOf('a1', 'b2')
const grantIds = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => encodeBase32(bytes).toLowerCase())

describe('the token of a webhook URL', () => {
  it('gives its grant back', async () => {
    await fc.assert(
      fc.asyncProperty(grantIds, fc.constantFrom('a1', 'b2'), async (grantId, kid) => {
        const token = (await makeWebhookToken(ring, kid, grantId)) ?? ''
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(await readWebhookToken(ring, token)).toEqual({ grantId })
      }),
    )
  })

  it('is the same each time it is made, so that it can be scrubbed', async () => {
    const grantId = 'mfrggzdfmztwq2lknnwg23tpoa'
    const first = await makeWebhookToken(ringOf('a1'), 'a1', grantId)
    expect(await makeWebhookToken(ringOf('b2', 'a1'), 'a1', grantId)).toBe(first)
  })

  it('means nothing when one character is altered', async () => {
    const [grantId] = fc.sample(grantIds, 1)
    const token = (await makeWebhookToken(ring, 'a1', grantId ?? '')) ?? ''
    for (const altered of alterationsOf(token)) {
      expect(await readWebhookToken(ring, altered)).toBeUndefined()
    }
  })

  it('is no file link, and a file link is no webhook token', async () => {
    const grantId = 'mfrggzdfmztwq2lknnwg23tpoa'
    const link = await makeFileLink({
      keyring: ring,
      publicUrl: 'https://gw.example',
      grantId,
      path: 'x',
      expiresAt: 1e12,
    })
    expect(await readWebhookToken(ring, link.split('/')[4] ?? '')).toBeUndefined()
  })

  it('is not made for an unknown kid or of anything but a grant id', async () => {
    expect(await makeWebhookToken(ring, 'zz', 'mfrggzdfmztwq2lknnwg23tpoa')).toBeUndefined()
    expect(await makeWebhookToken(ring, 'a1', 'mfrgg')).toBeUndefined()
    expect(await makeWebhookToken(ring, 'a1', '../x')).toBeUndefined()
  })
})
