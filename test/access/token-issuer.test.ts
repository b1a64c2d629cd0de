import { createHash, createPublicKey, verify } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTokenIssuer } from '../../src/access/token-issuer.ts'
import { Secret } from '../../src/log.ts'
import { makeSigningKey } from './signing-key.ts'

const older = makeSigningKey()
const newer = makeSigningKey()
const now = Date.parse('2026-11-21T12:00:00.900Z')
const issuer = 'https://gateway.example'
const claims = { subject: 'endpoint:demo:grant:aaaa', audience: 'sts.amazonaws.com' }

function make(keys: string) {
  const oidc = { issuer, signingKeys: new Secret(keys), tokenSeconds: 60 }
  return createTokenIssuer(oidc, { now: () => now })
}

const part = (token: string, at: number) =>
  JSON.parse(Buffer.from(token.split('.')[at] ?? '', 'base64url').toString())

describe('a token', () => {
  test('says who asks for what, for a minute', async () => {
    const token = (await make(older.pem).issue(claims)).reveal()
    expect(part(token, 1)).toEqual({
      iss: issuer,
      aud: 'sts.amazonaws.com',
      sub: 'endpoint:demo:grant:aaaa',
      iat: Date.parse('2026-11-21T11:59:55Z') / 1000,
      exp: Date.parse('2026-11-21T12:01:00Z') / 1000,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })

  test('has an id of its own', async () => {
    const tokens = make(older.pem)
    const ids = await Promise.all(Array.from({ length: 5 }, () => tokens.issue(claims)))
    expect(new Set(ids.map((token) => part(token.reveal(), 1).jti)).size).toBe(5)
  })

  test('is verified with the published keys, by jose and by hand', async () => {
    const tokens = make(older.pem)
    const token = (await tokens.issue(claims)).reveal()
    const keys = (await tokens.publicKeys()) as JSONWebKeySet
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
      ...{ issuer, audience: 'sts.amazonaws.com', algorithms: ['RS256'] },
      currentDate: new Date(now),
    })
    const [jwk] = keys.keys
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: jwk?.kid })

    const [head, body, signature] = token.split('.')
    const key = createPublicKey({
      key: { kty: 'RSA', n: jwk?.n ?? '', e: jwk?.e ?? '' },
      format: 'jwk',
    })
    const signed = Buffer.from(`${head}.${body}`)
    expect(verify('sha256', signed, key, Buffer.from(signature ?? '', 'base64url'))).toBe(true)
    expect(
      verify('sha256', signed, newer.publicKey, Buffer.from(signature ?? '', 'base64url')),
    ).toBe(false)
  })

  test('cannot be printed', async () => {
    expect(`${JSON.stringify(await make(older.pem).issue(claims))}`).toBe('"[secret]"')
  })
})

describe('the published keys', () => {
  test('are public, named by their RFC 7638 thumbprint, with the certificate where there is one', async () => {
    const { keys } = await make(older.pem + older.certificate + newer.pem).publicKeys()
    const { n, e } = older.publicKey.export({ format: 'jwk' })
    const thumbprint = `{"e":"${e}","kty":"RSA","n":"${n}"}`
    expect(keys[0]).toEqual({
      ...{ kty: 'RSA', n, e, use: 'sig', alg: 'RS256' },
      kid: createHash('sha256').update(thumbprint).digest('base64url'),
      x5c: [older.certificateDer.toString('base64')],
      x5t: createHash('sha1').update(older.certificateDer).digest('base64url'),
      'x5t#S256': createHash('sha256').update(older.certificateDer).digest('base64url'),
    })
    expect(Object.keys(keys[1] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  })

  test('come in the order that is given: the first one signs', async () => {
    const kid = async (keys: string) => {
      const tokens = make(keys)
      const token = (await tokens.issue(claims)).reveal()
      const published = (await tokens.publicKeys()).keys.map((key) => key.kid)
      return { signs: part(token, 0).kid, published }
    }
    const alone = await kid(older.pem)
    const announced = await kid(older.pem + newer.pem)
    const turned = await kid(newer.pem + older.pem)
    expect(announced.signs).toBe(alone.signs)
    expect(announced.published).toContain(turned.signs)
    expect(turned.signs).not.toBe(alone.signs)
    expect(turned.published).toEqual([turned.signs, alone.signs])
  })

  test('verify tokens of the old key while the new one signs', async () => {
    const token = (await make(older.pem).issue(claims)).reveal()
    const keys = (await make(newer.pem + older.pem).publicKeys()) as JSONWebKeySet
    const options = { currentDate: new Date(now), issuer }
    await expect(jwtVerify(token, createLocalJWKSet(keys), options)).resolves.toBeDefined()
    const later = (await make(newer.pem).publicKeys()) as JSONWebKeySet
    await expect(jwtVerify(token, createLocalJWKSet(later), options)).rejects.toThrow()
  })
})

describe('keys that cannot be used', () => {
  const inner = older.pem.split('\n')
  // The lengths still fit, the numbers do not.
  const spoilt = [...inner.slice(0, 12), 'A'.repeat(64), ...inner.slice(13)].join('\n')
  test.each([
    ['spoilt inside', spoilt, 'A key cannot be imported'],
    ['of another certificate', older.pem + newer.certificate, 'not that of the key before it'],
    ['with half a certificate', older.pem + newer.certificate.replace('MII', 'AAA'), 'imported'],
    ['none', '', 'A key cannot be imported'],
  ])('are a fault of the configuration: %s', async (_name, keys, reason) => {
    const error = await make(keys)
      .issue(claims)
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'misconfigured', cause: { message: expect.any(String) } })
    const { cause, detail } = error as { cause: Error; detail: string }
    expect(cause.message).toContain(reason)
    expect(`${detail} ${cause.message} ${cause.cause}`).not.toMatch(/[A-Za-z0-9+/]{40}/)
  })
})
