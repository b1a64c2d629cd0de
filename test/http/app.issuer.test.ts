import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTokenIssuer } from '../../src/access/token-issuer.ts'
import { createApp } from '../../src/http/app.ts'
import { Secret } from '../../src/log.ts'
import { makeSigningKey } from '../access/signing-key.ts'
import { fakeGateway } from '../flows/fake-deps.ts'
import { requestAccess } from './request-access.ts'

const key = makeSigningKey()
const oidc = {
  issuer: 'https://gateway.example',
  signingKeys: new Secret(key.pem + key.certificate),
  tokenSeconds: 60,
}

function open(signingKeys?: Secret) {
  const { deps } = fakeGateway()
  const issuer = signingKeys && createTokenIssuer({ ...oidc, signingKeys }, deps.platform)
  const app = createApp({ ...deps, issuer }, requestAccess)
  return { issuer, ask: async (path: string, init?: RequestInit) => await app.request(path, init) }
}

const discovery = '/.well-known/openid-configuration'
const jwks = '/.well-known/jwks.json'

describe('the gateway as issuer', () => {
  test('describes itself to everyone, at the root of its host', async () => {
    const response = await open(oidc.signingKeys).ask(discovery)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect(await response.json()).toEqual({
      issuer: 'https://gateway.example',
      jwks_uri: 'https://gateway.example/.well-known/jwks.json',
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid'],
      claims_supported: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
    })
  })

  test('publishes what its tokens are verified with, and nothing private', async () => {
    const { ask, issuer } = open(oidc.signingKeys)
    const token = await issuer?.issue({ subject: 'endpoint:a:grant:b', audience: 'there' })
    const description: { issuer: string; jwks_uri: string } = await (await ask(discovery)).json()
    const keys = createRemoteJWKSet(new URL(description.jwks_uri), {
      [customFetch]: async (url) => await ask(new URL(url).pathname),
    })
    const { payload } = await jwtVerify(token?.reveal() ?? '', keys, {
      ...{ issuer: description.issuer, audience: 'there' },
      currentDate: new Date('2026-11-21T12:00:30Z'),
    })
    expect(payload.sub).toBe('endpoint:a:grant:b')

    const response = await ask(jwks)
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    const text = await response.text()
    expect(JSON.parse(text).keys).toHaveLength(1)
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(text).not.toContain(`"${name}"`)
    const { d = '' } = key.privateKey.export({ format: 'jwk' })
    expect(text).not.toContain(d)
  })

  test.each([discovery, jwks])('answers HEAD %s, and nothing but reading', async (path) => {
    const { ask } = open(oidc.signingKeys)
    const head = await ask(path, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await ask(path, { method: 'POST', body: '{}' })).status).toBe(404)
  })

  test.each([discovery, jwks])('is none without oidc: %s', async (path) => {
    const response = await open().ask(path)
    expect(response.status).toBe(404)
    expect(response.headers.get('cache-control')).toBeNull()
    expect(await response.json()).toMatchObject({ code: 'not_found' })
  })

  test('is out of order with keys that cannot be imported, and does not show them', async () => {
    const lines = key.pem.split('\n')
    const spoilt = [...lines.slice(0, 12), 'A'.repeat(64), ...lines.slice(13)].join('\n')
    const response = await open(new Secret(spoilt)).ask(jwks)
    expect(response.status).toBe(503)
    expect(await response.text()).not.toMatch(/[A-Za-z0-9+/]{40}/)
  })
})
