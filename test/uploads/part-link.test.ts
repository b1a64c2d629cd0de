import { describe, expect, it } from 'vitest'
import { createKeyring } from '../../src/config/keyring.ts'
import { createGrantId } from '../../src/grants/grant-id.ts'
import { Secret } from '../../src/log.ts'
import { makePartLink, readPartClaim } from '../../src/uploads/part-link.ts'

const keyring = createKeyring([{ kid: 'k1', key: new Secret(btoa('a'.repeat(32))) }])
const other = createKeyring([{ kid: 'k1', key: new Secret(btoa('b'.repeat(32))) }])
const uploadId = createGrantId('2026-11-29')
const now = Date.parse('2026-11-21T12:00:00Z')
const claim = { uploadId, partNumber: 10_000, length: 5 * 1024 ** 3, expiresAt: now + 60_000 }
const place = { keyring, publicUrl: 'https://gateway.example', endpointId: 'demo' }

async function claimOf(options: Partial<Parameters<typeof makePartLink>[0]> = {}): Promise<string> {
  const url = new URL(await makePartLink({ ...place, ...claim, ...options }))
  return url.searchParams.get('claim') ?? ''
}

describe('the link of a part', () => {
  it('names the part, and holds what it allows', async () => {
    const url = await makePartLink({ ...place, ...claim })
    expect(url).toMatch(`https://gateway.example/v2/demo/uploads/${uploadId}/parts/10000?claim=`)
    expect(await readPartClaim(keyring, await claimOf(), now)).toEqual(claim)
    const sha256 = 'ab'.repeat(32)
    const digested = await claimOf({ sha256 })
    expect(await readPartClaim(keyring, digested, now)).toEqual({ ...claim, sha256 })
  })

  it('ends', async () => {
    const sealed = await claimOf()
    expect(await readPartClaim(keyring, sealed, now + 59_999)).toBeDefined()
    expect(await readPartClaim(keyring, sealed, now + 60_000)).toBeUndefined()
  })

  it('is nothing once one character is another, or under another key', async () => {
    const sealed = await claimOf()
    for (let at = 0; at < sealed.length; at++) {
      const character = sealed[at] === 'A' ? 'B' : 'A'
      const altered = sealed.slice(0, at) + character + sealed.slice(at + 1)
      expect(await readPartClaim(keyring, altered, now)).toBeUndefined()
    }
    expect(await readPartClaim(other, sealed, now)).toBeUndefined()
    expect(await readPartClaim(keyring, '', now)).toBeUndefined()
  })
})
