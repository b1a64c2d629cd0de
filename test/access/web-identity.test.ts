import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { createTokenIssuer } from '../../src/access/token-issuer.ts'
import { createWebIdentityMinter } from '../../src/access/web-identity.ts'
import type { StoreConfig } from '../../src/config/config.ts'
import { reasonOf, Secret } from '../../src/log.ts'
import type { OutgoingRequest, Platform } from '../../src/platform.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { grantOf } from '../contracts/minter.ts'
import { createFakeSts, fault, sessionSecret, sessionToken } from './fakes/sts.ts'
import { makeSigningKey } from './signing-key.ts'

const key = makeSigningKey()
const store: StoreConfig = {
  id: 'main',
  kind: 's3',
  endpoint: 'https://s3.eu-central-1.amazonaws.com',
  region: 'eu-central-1',
  bucket: 'bulkway',
  pathStyle: false,
  presign: true,
  accessKeyId: new Secret('AKIASTORE'),
  secretAccessKey: new Secret('store-secret'),
}

function open() {
  const clock = { now: Date.parse('2026-11-21T12:00:00Z') }
  const sts = createFakeSts({ region: 'none', now: () => clock.now })
  const sent: OutgoingRequest[] = []
  const platform: Platform = {
    ...createNodePlatform({ write() {} }),
    now: () => clock.now,
    async wait(ms) {
      if (ms >= 10_000) return await new Promise(() => {})
      clock.now += ms
    },
    async send(request) {
      sent.push(request)
      return await sts.send(request)
    },
  }
  const signingKeys = new Secret(key.pem)
  const issuer = createTokenIssuer(
    { issuer: 'https://gateway.example', signingKeys, tokenSeconds: 60 },
    platform,
  )
  const webIdentity = {
    endpoint: 'https://sts.eu-central-1.amazonaws.com',
    roleArn: 'arn:aws:iam::123456789012:role/bulkway-web',
    audience: 'sts.amazonaws.com',
    maxSeconds: 3600,
  }
  const minter = createWebIdentityMinter({ ...store, webIdentity }, issuer, platform, 10_000)
  return { clock, sts, sent, issuer, minter }
}

describe('AssumeRoleWithWebIdentity', () => {
  test('proves the gateway by a token, with no key of its own', async () => {
    const { clock, sts, sent, issuer, minter } = open()
    const grant = grantOf(clock.now)
    const minted = await minter.mint(grant)
    const [asked] = sts.asked
    expect(asked?.signer).toBeUndefined()
    expect(sent[0]?.headers.has('authorization')).toBe(false)
    const { WebIdentityToken, Policy, ...parameters } = asked?.parameters ?? {}
    expect(parameters).toEqual({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/bulkway-web',
      RoleSessionName: `demo@${grant.grantId}`,
      DurationSeconds: '1800',
    })
    expect(Policy).toContain(grant.grantId)
    const keys = (await issuer.publicKeys()) as JSONWebKeySet
    const { payload } = await jwtVerify(WebIdentityToken ?? '', createLocalJWKSet(keys), {
      currentDate: new Date(clock.now),
    })
    expect(payload).toMatchObject({
      iss: 'https://gateway.example',
      aud: 'sts.amazonaws.com',
      sub: `endpoint:demo:grant:${grant.grantId}`,
    })
    expect(minted.s3Config.accessSecret.reveal()).toBe(sessionSecret)
    expect(minted.s3Config.sessionToken?.reveal()).toBe(sessionToken)
    expect(JSON.stringify(minted)).not.toContain(WebIdentityToken)
    expect(sts.asked).toHaveLength(1)
  })

  test('sends a new token with every try', async () => {
    const { clock, sts, minter } = open()
    sts.answers.push(fault(400, 'IDPCommunicationError', 'later'), fault(400, 'Throttling'))
    await minter.mint(grantOf(clock.now))
    const tokens = sts.asked.map(({ parameters }) => parameters['WebIdentityToken'])
    expect(new Set(tokens).size).toBe(3)
  })

  test('is refused where the session ends with the token, as SeaweedFS has it', async () => {
    const { clock, sts, minter } = open()
    sts.expiration = () => new Date(clock.now + 60_000).toISOString()
    const grant = { ...grantOf(clock.now), writeExpiresAt: clock.now + 600_000 }
    const error = await minter.mint(grant).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'access_refused' })
    expect(reasonOf((error as { cause: unknown }).cause)).toContain('The session ends at')
    expect(sts.asked[0]?.parameters['DurationSeconds']).toBe('900')
  })

  test.each([
    'InvalidIdentityToken',
    'ExpiredTokenException',
    'IDPRejectedClaim',
    'AccessDenied',
    'MalformedPolicyDocument',
  ])('is refused with %s, and the token is told nobody', async (code) => {
    const { clock, sts, minter } = open()
    const refuse = sts.send
    sts.send = async (request) => {
      const token = new URLSearchParams(String(Buffer.from(request.body as Uint8Array))).get(
        'WebIdentityToken',
      )
      sts.answers.push(fault(400, code, `token ${token} is bad`))
      return await refuse(request)
    }
    const error = await minter.mint(grantOf(clock.now)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'access_refused' })
    const reason = reasonOf((error as { cause: unknown }).cause)
    expect(reason).toContain(`${code}: token ***`)
    expect(reason).not.toContain('eyJ')
    expect(sts.asked).toHaveLength(1)
  })
})
