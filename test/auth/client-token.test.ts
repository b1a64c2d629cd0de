import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import { type ClientTokens, createClientTokens, isToken } from '../../src/auth/client-token.ts'
import type { KeyConfig } from '../../src/config/config.ts'
import type { Keyring } from '../../src/config/keyring.ts'
import { alterationsOf, ringOf } from '../config/rings.ts'

const publicUrl = 'https://gateway.example'
const clock = { now: Date.parse('2026-11-21T12:00:00.500Z') }
const keyOf = (name: string, rest: Partial<KeyConfig> = {}): KeyConfig => ({
  name,
  sha256: createHash('sha256').update(name).digest('hex'),
  endpoints: ['*'],
  scopes: ['admin'],
  ...rest,
})
const acme = keyOf('acme')

function open(
  keys: readonly KeyConfig[] = [acme],
  options: { keyring?: Keyring; tokenMaxSeconds?: number; publicUrl?: string; at?: number } = {},
): ClientTokens {
  const { keyring = ringOf('a1'), tokenMaxSeconds = 3600, at = clock.now } = options
  const tokens = createClientTokens({
    config: {
      auth: { mode: 'keys', keys, tokenMaxSeconds },
      publicUrl: options.publicUrl ?? publicUrl,
    },
    keyring,
    platform: { now: () => at },
  })
  if (tokens === undefined) throw new TypeError('There are no tokens')
  return tokens
}

const make = async (wish = {}, tokens = open(), key = acme) =>
  (await tokens.make(key, { ttlSeconds: 900, ...wish })).token
const partsOf = (token: string) =>
  token.split('.', 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object)

describe('a client token', () => {
  it('says whose it is, for what, and until when', async () => {
    const wish = { subject: 'visitor', endpoints: ['demo'], maxBytes: 1000, ttlSeconds: 60 }
    const { token, expiresAt } = await open().make(acme, wish)
    expect(isToken(token)).toBe(true)
    expect(partsOf(token)).toEqual([
      { alg: 'HS256', typ: 'client-token+jwt', kid: 'a1' },
      {
        ...{ iss: publicUrl, aud: 'bulkway', sub: 'acme:visitor' },
        ...{ endpoints: ['demo'], maxBytes: 1000 },
        ...{ iat: 1795262400, exp: 1795262460 },
      },
    ])
    expect(new Date(expiresAt).toISOString()).toBe('2026-11-21T12:01:00.000Z')
    expect(await open().read(token)).toEqual({
      ...{ owner: 't:acme:visitor', endpoints: ['demo'], scopes: [], maxBytes: 1000 },
    })
  })

  it('stands for its key where it names no subject, but never with its scopes', async () => {
    expect(await open().read(await make())).toEqual({
      owner: 'n:acme',
      endpoints: ['*'],
      scopes: [],
    })
  })

  it('has an owner that no key and no other subject has', async () => {
    const tokens = open([acme, keyOf('acme.a')])
    const owners = new Set<string>()
    for (const key of [acme, keyOf('acme.a')]) {
      for (const subject of [undefined, 'a', ':a', 'a:', 'a:a', 'n:acme', '\u00e9', 'e\u0301']) {
        owners.add((await tokens.read(await make({ subject }, tokens, key))).owner)
      }
    }
    expect(owners.size).toBe(16)
    expect([...owners].filter((owner) => owner.startsWith('n:'))).toEqual(['n:acme', 'n:acme.a'])
  })

  it('ends at its time, and where the longest life was shortened', async () => {
    const token = await make({ ttlSeconds: 900 })
    const later = (seconds: number) => ({ at: clock.now + seconds * 1000 })
    expect(await open([acme], later(904)).read(token)).toMatchObject({ owner: 'n:acme' })
    await expect(open([acme], later(906)).read(token)).rejects.toMatchObject({
      code: 'unauthorized',
      detail: 'Get a new token: this one has expired',
    })
    const short = { ...later(70), tokenMaxSeconds: 60 }
    await expect(open([acme], short).read(token)).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('is good for no more than its key is now', async () => {
    const token = await make({ endpoints: ['a', 'b'], maxBytes: 1000 })
    const narrow = keyOf('acme', { endpoints: ['b', 'c'], maxBytes: 10 })
    expect(await open([narrow]).read(token)).toMatchObject({ endpoints: ['b'], maxBytes: 10 })
    const all = await make({ endpoints: ['*'] })
    expect(await open([narrow]).read(all)).toMatchObject({ endpoints: ['b', 'c'], maxBytes: 10 })
    expect(await open([narrow]).read(await make())).toMatchObject({ endpoints: ['b', 'c'] })
    const wide = keyOf('acme', { maxBytes: 5000 })
    expect(await open([wide]).read(token)).toMatchObject({ endpoints: ['a', 'b'], maxBytes: 1000 })
    const other = await make({ endpoints: ['a'] })
    expect(await open([narrow]).read(other)).toMatchObject({ endpoints: [] })
  })

  it('dies with its key', async () => {
    for (const subject of [undefined, 'visitor']) {
      const token = await make({ subject })
      const gone = open([keyOf('acme2'), keyOf('visitor')])
      await expect(gone.read(token)).rejects.toMatchObject({ code: 'unauthorized' })
    }
  })

  it('goes on under an older master key, until that is dropped', async () => {
    const token = await make()
    expect(await open([acme], { keyring: ringOf('b2', 'a1') }).read(token)).toMatchObject({
      owner: 'n:acme',
    })
    const dropped = open([acme], { keyring: ringOf('b2') })
    await expect(dropped.read(token)).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('is of one gateway alone', async () => {
    const other = open([acme], { publicUrl: 'https://other.example' })
    await expect(other.read(await make())).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('is refused when one character is other', async () => {
    const tokens = open()
    const token = await make({ subject: 'v', endpoints: ['demo'] })
    for (const altered of alterationsOf(token)) {
      if (altered.includes('undefined')) continue
      await expect(tokens.read(altered), altered).rejects.toMatchObject({ code: 'unauthorized' })
    }
  })

  it('is refused without its type, with another use of the key, and without a signature', async () => {
    const now = Math.floor(clock.now / 1000)
    const claims = { iss: publicUrl, aud: 'bulkway', sub: 'acme', iat: now, exp: now + 60 }
    const right = { alg: 'HS256', typ: 'client-token+jwt', kid: 'a1' }
    const forge = async (header: typeof right, use: 'client-token' | 'grant-seal', more = {}) =>
      await new SignJWT({ ...claims, ...more })
        .setProtectedHeader(header)
        .sign((await ringOf('a1').derive('a1', use)) ?? new Uint8Array(32))
    expect(await open().read(await forge(right, 'client-token'))).toMatchObject({ owner: 'n:acme' })
    for (const forged of [
      await forge({ ...right, typ: 'JWT' }, 'client-token'),
      await forge({ ...right, alg: 'HS512' }, 'client-token').catch(() => 'a.b.c'),
      await forge({ ...right, kid: 'zz' }, 'client-token'),
      await forge(right, 'grant-seal'),
      await forge(right, 'client-token', { aud: 'other' }),
      await forge(right, 'client-token', { exp: undefined }),
      await forge(right, 'client-token', { iat: undefined }),
      await forge(right, 'client-token', { iat: now + 600 }),
      await forge(right, 'client-token', { sub: undefined }),
    ]) {
      await expect(open().read(forged), forged).rejects.toMatchObject({ code: 'unauthorized' })
    }
    const [, payload] = (await make()).split('.')
    const none = Buffer.from('{"alg":"none","typ":"client-token+jwt","kid":"a1"}')
    for (const text of [`${none.toString('base64url')}.${payload}.`, '', 'ey', 'ey.a.b']) {
      await expect(open().read(text)).rejects.toMatchObject({ code: 'unauthorized' })
    }
  })

  it('is none that a header cannot hold', async () => {
    const endpoints = Array.from({ length: 60 }, (_, n) => `${'x'.repeat(60)}${n}`)
    await expect(make({ endpoints })).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('is made in keys mode alone, and where it may live', () => {
    const keyring = ringOf('a1')
    const platform = { now: () => clock.now }
    const auths = [
      { mode: 'keys', keys: [acme], tokenMaxSeconds: 0 },
      { mode: 'passthrough', proofSeconds: 60 },
    ] as const
    for (const auth of auths) {
      const config = { auth, publicUrl }
      expect(createClientTokens({ config, keyring, platform })).toBeUndefined()
    }
  })
})

describe('callers with client tokens', () => {
  const auth = { mode: 'keys', keys: [acme], tokenMaxSeconds: 3600 } as const
  const headersOf = (authorization: string) => new Headers({ authorization })

  it('are let in where a key is, and to the endpoints of the token alone', async () => {
    const clientTokens = open()
    const authenticate = createAuthenticator({ auth, keyring: ringOf('a1'), clientTokens })
    const token = await make({ subject: 'v', endpoints: ['demo'], maxBytes: 10 })
    for (const text of [`Bearer ${token}`, token]) {
      const principal = await authenticate(headersOf(text), 'demo')
      expect(principal).toMatchObject({ mode: 'keys', scopes: [], maxBytes: 10 })
      expect(await principal.ids()).toEqual(['t:acme:v'])
    }
    await expect(authenticate(headersOf(token), 'other')).rejects.toMatchObject({
      code: 'not_found',
      detail: 'Cannot find endpoint other',
    })
  })

  it('are let in nowhere where there are no tokens', async () => {
    const authenticate = createAuthenticator({ auth, keyring: ringOf('a1') })
    await expect(authenticate(headersOf(await make()), 'demo')).rejects.toMatchObject({
      code: 'unauthorized',
    })
  })
})
