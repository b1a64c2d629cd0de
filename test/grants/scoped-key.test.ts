import { describe, expect, test } from 'vitest'
import { createKeyring } from '../../src/config/keyring.ts'
import { createGrantId, dayOfGrantId } from '../../src/grants/grant-id.ts'
import { deriveScopedKey, readAccessId } from '../../src/grants/scoped-key.ts'
import { Secret } from '../../src/log.ts'

const masterKey = (kid: string, fill: number) => ({
  kid,
  key: new Secret(Buffer.alloc(32, fill).toString('base64')),
})
const keyring = createKeyring([masterKey('k2', 2), masterKey('k1', 1)])

async function derive(kid: string, grantId: string) {
  const key = await deriveScopedKey(keyring, kid, grantId)
  if (key === undefined) throw new Error('no key')
  return { accessId: key.accessId, secret: key.accessSecret.reveal() }
}

describe('a scoped key', () => {
  test('names its kid and its grant, and looks like an access key', async () => {
    const grantId = createGrantId('2026-11-21')
    const { accessId, secret } = await derive('k1', grantId)
    expect(accessId).toMatch(/^BW1[A-Z2-7]{31}$/)
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(readAccessId(accessId)).toEqual({ kid: 'k1', grantId })
  })

  test('is the same each time, and another for another grant or kid', async () => {
    const grantId = createGrantId('2026-11-21')
    expect(await derive('k1', grantId)).toEqual(await derive('k1', grantId))
    const others = [await derive('k2', grantId), await derive('k1', createGrantId('2026-11-21'))]
    for (const other of others) expect(other.secret).not.toBe((await derive('k1', grantId)).secret)
  })

  test('is not made under a kid that is no longer accepted, nor for no grant id', async () => {
    expect(await deriveScopedKey(keyring, 'old', createGrantId('2026-11-21'))).toBeUndefined()
    expect(await deriveScopedKey(keyring, 'k1', 'not base32!')).toBeUndefined()
  })

  test('cannot be read from any other text', async () => {
    const { accessId } = await derive('k1', createGrantId('2026-11-21'))
    const last = accessId.at(-1) === 'A' ? 'B' : 'A'
    const bad = [
      '',
      'BW1',
      'AKIAIOSFODNN7EXAMPLE',
      accessId.toLowerCase(),
      accessId.slice(0, -1),
      `${accessId}A`,
      `${accessId}=`,
      `BW1A${accessId.slice(3)}`,
      ` ${accessId}`,
    ]
    for (const text of bad) expect(readAccessId(text), text).toBeUndefined()
    const changed = readAccessId(accessId.slice(0, -1) + last)
    expect(changed).not.toEqual(readAccessId(accessId))
  })
})

describe('a grant id', () => {
  test('carries its day', () => {
    for (const day of ['1970-01-01', '2026-11-21', '2149-06-06']) {
      const grantId = createGrantId(day)
      expect(grantId).toMatch(/^[a-z2-7]{26}$/)
      expect(dayOfGrantId(grantId)).toBe(day)
    }
  })

  test('is refused where it has no day, or another spelling', () => {
    expect(() => createGrantId('tomorrow')).toThrow(TypeError)
    const grantId = createGrantId('2026-11-21')
    const bad = ['', grantId.toUpperCase(), grantId.slice(1), `${grantId}a`, `../${grantId}`]
    for (const text of bad) expect(dayOfGrantId(text), text).toBeUndefined()
  })
})
