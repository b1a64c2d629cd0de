import { describe, expect, it } from 'vitest'
import { createKeyring, type Keyring } from '../../src/config/keyring.ts'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'

const master = (letter: string) => new Secret(btoa(letter.repeat(32)))
const message = new TextEncoder().encode('a message')
const one: Keyring = createKeyring([{ kid: 'k1', key: master('a') }])
const two: Keyring = createKeyring([
  { kid: 'k2', key: master('b') },
  { kid: 'k1', key: master('a') },
])

async function macOf(keyring: Keyring, kid: string): Promise<Uint8Array> {
  const mac = await keyring.mac(kid, 'file-link', message)
  if (mac === undefined) throw new Error(`There is no key ${kid}`)
  return mac
}

describe('createKeyring', () => {
  it('uses the first key for new things and accepts all', () => {
    expect(two.current).toBe('k2')
    expect(two.kids).toEqual(['k2', 'k1'])
  })

  it('refuses to be made of no keys', () => {
    expect(() => createKeyring([])).toThrow(TypeError)
  })

  it('makes the same MACs with the digests of the runtime', async () => {
    const { digests } = createNodePlatform({ write() {} })
    const atOnce = createKeyring([{ kid: 'k1', key: master('a') }], digests)
    expect(Buffer.from(await macOf(atOnce, 'k1'))).toEqual(Buffer.from(await macOf(one, 'k1')))
    expect(await atOnce.mac('k9', 'file-link', message)).toBeUndefined()
    expect(await atOnce.verify('k1', 'file-link', message, await macOf(one, 'k1'))).toBe(true)
  })

  it('derives 32 bytes by HKDF-SHA-256 as RFC 5869 says', async () => {
    const { hkdfSync } = await import('node:crypto')
    const expected = hkdfSync(
      'sha256',
      'a'.repeat(32),
      Buffer.alloc(32),
      'bulkway/1/grant-seal',
      32,
    )
    expect(await one.derive('k1', 'grant-seal')).toEqual(new Uint8Array(expected))
  })

  it('derives another key for every use and every master key, the same each time', async () => {
    const derived = await Promise.all([
      two.derive('k1', 'grant-seal'),
      two.derive('k1', 'scoped-key'),
      two.derive('k2', 'grant-seal'),
    ])
    expect(new Set(derived.map(String)).size).toBe(3)
    expect(await one.derive('k1', 'grant-seal')).toEqual(derived[0])
  })

  it('knows nothing of an unknown kid', async () => {
    expect(await one.derive('k9', 'principal')).toBeUndefined()
    expect(await one.mac('k9', 'principal', message)).toBeUndefined()
    expect(await one.verify('k9', 'principal', message, new Uint8Array(32))).toBe(false)
  })

  it('verifies what an older key has signed', async () => {
    expect(await two.verify('k1', 'file-link', message, await macOf(one, 'k1'))).toBe(true)
    expect(await two.verify('k2', 'file-link', message, await macOf(one, 'k1'))).toBe(false)
    expect(await two.verify('k1', 'webhook-link', message, await macOf(one, 'k1'))).toBe(false)
  })

  it('accepts a MAC that is cut to 16 bytes or more, and none that is shorter or longer', async () => {
    const mac = await macOf(one, 'k1')
    const verify = (given: Uint8Array) => one.verify('k1', 'file-link', message, given)
    expect(await verify(mac.slice(0, 16))).toBe(true)
    expect(await verify(mac.slice(0, 15))).toBe(false)
    expect(await verify(new Uint8Array([...mac, 0]))).toBe(false)
    expect(await verify(new Uint8Array())).toBe(false)
  })

  it('refuses a MAC that differs in any one bit', async () => {
    const mac = await macOf(one, 'k1')
    for (let i = 0; i < mac.length * 8; i++) {
      const wrong = mac.map((byte, at) => (at === i >> 3 ? byte ^ (1 << (i & 7)) : byte))
      expect(await one.verify('k1', 'file-link', message, wrong)).toBe(false)
    }
  })
})
