import { createHmac, createPublicKey } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../../src/auth/authenticate.ts'
import { createIdentityProvider } from '../../src/auth/identity-provider.ts'
import type { JwtConfig } from '../../src/config/config.ts'
import { ringOf } from '../config/rings.ts'
import {
  audience,
  issuer,
  type KeyServer,
  makeKey,
  type ProviderKey,
  platformAt,
  sign,
  startKeyServer,
} from './key-server.ts'

const clock = { now: Math.floor(Date.now() / 1000) * 1000 }
const seconds = clock.now / 1000
let server: KeyServer
let es: ProviderKey
let rs: ProviderKey
let ed: ProviderKey
let auth: JwtConfig

beforeAll(async () => {
  es = await makeKey('es')
  rs = await makeKey('rs', 'RS256')
  ed = await makeKey('ed', 'EdDSA')
  server = await startKeyServer(es, rs, ed)
  auth = {
    ...{ mode: 'jwt', issuer, audience, jwksUrl: server.url },
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    endpointsClaim: 'bulkway_endpoints',
    maxBytesClaim: 'bulkway_max_bytes',
    scopesClaim: 'bulkway_scopes',
  }
})
afterAll(() => server.close())

const read = (text: string) => createIdentityProvider(auth, platformAt(clock)).read(text)
const readClaims = async (claims: Record<string, unknown>) =>
  await read(await sign(es, clock, claims))

async function expectRefused(text: string, reason?: RegExp): Promise<void> {
  const refusal = await read(text).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(refusal).toMatchObject({ code: 'unauthorized' })
  // Neither the client's text nor the log's has anything of the token.
  const said = `${refusal} ${(refusal as Error).cause}`
  for (const part of text.split('.')) if (part.length > 8) expect(said).not.toContain(part)
  if (reason !== undefined) expect(`${(refusal as Error).cause}`).toMatch(reason)
}

describe('a token of an identity provider', () => {
  it('is taken under each of the algorithms', async () => {
    for (const key of [es, rs, ed]) {
      expect(await read(await sign(key, clock))).toEqual({
        owner: 's:user-1',
        endpoints: ['demo'],
        scopes: [],
      })
    }
  })

  it('may be of no type, a JWT or an access token, and nothing else', async () => {
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'AT+JWT']) {
      expect(await read(await sign(es, clock, {}, { typ })), typ).toMatchObject({
        owner: 's:user-1',
      })
    }
    for (const typ of ['logout+jwt', 'dpop+jwt', 'client-token+jwt', 'secevent+jwt', '']) {
      await expectRefused(await sign(es, clock, {}, { typ }), /another type/)
    }
  })

  it('is good for the endpoints, bytes and scopes that its claims say', async () => {
    expect(
      await readClaims({
        bulkway_endpoints: 'one  two ',
        bulkway_max_bytes: 1000,
        bulkway_scopes: 'read admin',
      }),
    ).toEqual({ owner: 's:user-1', endpoints: ['one', 'two'], scopes: ['admin'], maxBytes: 1000 })
    expect(await readClaims({ bulkway_endpoints: ['*'], bulkway_scopes: ['admin'] })).toMatchObject(
      {
        endpoints: ['*'],
        scopes: ['admin'],
      },
    )
  })

  it('is good for nothing that its claims do not say', async () => {
    for (const claim of [undefined, null, 7, true, {}, { 0: 'demo' }, [7, null], [], '', ' ']) {
      expect((await readClaims({ bulkway_endpoints: claim })).endpoints).toEqual([])
      expect((await readClaims({ bulkway_scopes: claim })).scopes).toEqual([])
    }
    expect((await readClaims({ bulkway_scopes: 'Admin administrator' })).scopes).toEqual([])
  })

  it('is refused where its limit cannot be read, for without it there is none', async () => {
    for (const claim of ['1000', 1.5, -1, null, [], 2 ** 53]) {
      await expectRefused(await sign(es, clock, { bulkway_max_bytes: claim }), /limit of bytes/)
    }
    expect((await readClaims({ bulkway_max_bytes: 0 })).maxBytes).toBe(0)
  })

  it('finds claims by their own names alone', async () => {
    const odd = { ...auth, endpointsClaim: 'constructor', maxBytesClaim: '__proto__' }
    const provider = createIdentityProvider(odd, platformAt(clock))
    expect(await provider.read(await sign(es, clock))).toMatchObject({ endpoints: [] })
    const url = { ...auth, endpointsClaim: 'https://acme.example/endpoints' }
    const token = await sign(es, clock, { 'https://acme.example/endpoints': ['demo'] })
    expect(await createIdentityProvider(url, platformAt(clock)).read(token)).toMatchObject({
      endpoints: ['demo'],
    })
  })

  it.each([
    ['of another issuer', { iss: 'https://id.example' }],
    ['of no issuer', { iss: undefined }],
    ['for somebody else', { aud: 'https://other.example' }],
    ['for several others', { aud: ['a', 'b'] }],
    ['for nobody', { aud: undefined }],
    ['that never ends', { exp: undefined }],
    ['that ends at a text', { exp: '9999999999' }],
    ['that has ended', { exp: seconds - 60 }],
    ['that has not begun', { nbf: seconds + 61 }],
    ['of nobody', { sub: undefined }],
    ['of an empty name', { sub: '' }],
    ['of a number', { sub: 7 }],
    ['of a name too long', { sub: 'x'.repeat(257) }],
    ['of half a character', { sub: 'a\ud800' }],
  ])('is refused %s', async (_, claims) => {
    await expectRefused(await sign(es, clock, claims))
  })

  it('says that it is old, and only where its signature is right', async () => {
    const old = await sign(es, clock, { exp: seconds - 3600 })
    await expect(read(old)).rejects.toMatchObject({ detail: expect.stringContaining('expired') })
    await expect(read(`${old.slice(0, -4)}AAAA`)).rejects.toMatchObject({
      detail: 'Use a valid token',
    })
  })

  it('has a minute of grace on both sides, and several audiences', async () => {
    for (const claims of [
      { exp: seconds - 59 },
      { nbf: seconds + 60 },
      { aud: ['other', audience] },
      { sub: 'x'.repeat(256) },
    ]) {
      expect(await readClaims(claims)).toMatchObject({ endpoints: ['demo'] })
    }
  })

  it('is refused without a signature', async () => {
    const claims = { iss: issuer, aud: audience, sub: 'user-1', exp: seconds + 600 }
    const unsecured = new UnsecuredJWT(claims).encode()
    await expectRefused(unsecured)
    const [, payload] = (await sign(es, clock)).split('.')
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const kid of [undefined, 'es']) {
        const header = Buffer.from(JSON.stringify({ alg, kid })).toString('base64url')
        await expectRefused(`${header}.${payload}.`)
        await expectRefused(`${header}.${payload}.AAAA`)
      }
    }
  })

  it('is refused when a public key was used as a secret', async () => {
    const pem = createPublicKey({ key: rs.jwk, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    const [, payload] = (await sign(rs, clock)).split('.')
    for (const secret of [pem, pem.toString().trim(), JSON.stringify(rs.jwk), rs.jwk.n ?? '']) {
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'rs' })).toString('base64url')
      const mac = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url')
      await expectRefused(`${header}.${payload}.${mac}`)
    }
  })

  it('is refused under an algorithm that is not listed or not that of the key', async () => {
    const es384 = await makeKey('es384', 'ES384')
    server.keys = [...server.keys, es384]
    await expectRefused(await sign(es384, clock))
    const pss = await new SignJWT({ iss: issuer, aud: audience, sub: 'a', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'RS256', kid: 'es' })
      .sign(rs.privateKey)
    await expectRefused(pss)
  })

  it("is refused with somebody else's key, even if it brings it", async () => {
    const forger = await makeKey('es')
    await expectRefused(await sign(forger, clock))
    await expectRefused(await sign(forger, clock, {}, { jwk: forger.jwk }))
    await expectRefused(await sign(forger, clock, {}, { jku: 'http://127.0.0.1:1/jwks' }))
  })

  it('is refused where it asks for what we do not know', async () => {
    const critical = await new SignJWT({ iss: issuer, aud: audience, sub: 'a', exp: seconds + 60 })
      .setProtectedHeader({ alg: 'ES256', kid: 'es', crit: ['odd'], odd: 1 })
      .sign(es.privateKey, { crit: { odd: true } })
    await expectRefused(critical, /NOT_SUPPORTED|INVALID/)
  })

  it('is refused when it is garbage, and nothing is fetched for it', async () => {
    const { asked } = server
    const token = await sign(es, clock)
    const [header, payload, signature] = token.split('.')
    for (const text of [
      ...['', '.', '..', '...', 'ey', 'a.b.c', 'rpa_key', `bw_${'a'.repeat(43)}`, '{}', 'é.é.é'],
      ...[`${header}.${payload}`, `${token}.`, `${token}.${signature}`, `.${token}`],
      ...[`${header}..${signature}`, `.${payload}.${signature}`, `${token}=`, ` ${token}`],
    ]) {
      await expectRefused(text)
    }
    expect(server.asked - asked).toBeLessThanOrEqual(3)
  })

  it('is refused when any part of it is other', async () => {
    const provider = createIdentityProvider(auth, platformAt(clock))
    const token = await sign(es, clock)
    for (let at = 0; at < token.length; at += 3) {
      const altered = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
      await expect(provider.read(altered), String(at)).rejects.toMatchObject({
        code: 'unauthorized',
      })
    }
  })
})

describe('callers with tokens', () => {
  const open = () => {
    const provider = createIdentityProvider(auth, platformAt(clock))
    return createAuthenticator({ auth, keyring: ringOf('a1'), provider })
  }
  const headersOf = (authorization: string) => new Headers({ authorization })

  it('are known by an id that no key can have', async () => {
    const principal = await open()(
      headersOf(`Bearer ${await sign(es, clock, { sub: 'n:first', bulkway_max_bytes: 7 })}`),
      'demo',
    )
    expect(principal).toEqual({
      ids: expect.any(Function),
      mode: 'jwt',
      scopes: [],
      maxBytes: 7,
    })
    expect(await principal.ids()).toEqual(['s:n:first'])
  })

  it('do not learn whether an endpoint exists that their token is not for', async () => {
    const token = await sign(es, clock)
    await expect(open()(headersOf(token), 'other')).rejects.toMatchObject({
      code: 'not_found',
      detail: 'Cannot find endpoint other',
    })
  })

  it('may send long tokens, and none that is longer than a header', async () => {
    const groups = Array.from({ length: 150 }, () => crypto.randomUUID())
    const token = await sign(es, clock, { groups })
    expect(token.length).toBeGreaterThan(4096)
    expect(await open()(headersOf(token), 'demo')).toMatchObject({ mode: 'jwt' })
    const endless = await sign(es, clock, { groups: 'x'.repeat(12_000) })
    await expect(open()(headersOf(endless), 'demo')).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('need a token', async () => {
    for (const headers of [new Headers(), headersOf('Basic abc'), headersOf('Bearer')]) {
      await expect(open()(headers, 'demo')).rejects.toMatchObject({
        code: 'unauthorized',
        detail: 'Send a token in the Authorization header',
      })
    }
  })
})
