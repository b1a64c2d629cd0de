import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/log.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import { publicKeysOf } from '../../src/webhooks/ed25519.ts'
import { messageIdOf } from '../../src/webhooks/message-id.ts'
import { signMessage } from '../../src/webhooks/sign-message.ts'
import { signerIds, signingSecrets } from '../../src/webhooks/signing-secret.ts'
import { createStreamHmac } from '../../src/webhooks/stream-hmac.ts'
import { ringOf } from '../config/rings.ts'

const platform = createNodePlatform({ write: () => undefined })
const body = '{"id":"job-1","status":"COMPLETED","output":"größer"}'
const bytes = new TextEncoder().encode(body)
const pair = generateKeyPairSync('ed25519')
const signingKey = new Secret(
  pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
)

function sign(keyring = ringOf('k1'), signed: Parameters<typeof signMessage>[0]['body'] = bytes) {
  const messageId = 'msg_test'
  const ed25519 = [signingKey]
  return signMessage({ platform, keyring, signer: 's:me', ed25519, messageId, body: signed })
}

const whsec = (secret: Uint8Array | undefined) =>
  `whsec_${Buffer.from(secret ?? []).toString('base64')}`

describe('the HMAC of a stream', () => {
  test('is that of the message, wherever it is cut', async () => {
    const key = Buffer.alloc(32, 9)
    const expected = createHmac('sha256', key).update(body).digest('hex')
    for (let at = 0; at <= bytes.length; at++) {
      const mac = await createStreamHmac(platform, key)
      await mac.update(bytes.subarray(0, at))
      await mac.update(bytes.subarray(at))
      expect(Buffer.from(await mac.digest()).toString('hex')).toBe(expected)
    }
  })
})

describe('a signed message', () => {
  test("is verified by the standard's own package", async () => {
    const [secret] = await signingSecrets(ringOf('k1'), 's:me')
    const headers = Object.fromEntries(await sign())
    expect(new Webhook(whsec(secret)).verify(body, headers)).toEqual(JSON.parse(body))
    expect(() => new Webhook(whsec(secret)).verify(`${body} `, headers)).toThrow('No matching')
    const [other] = await signingSecrets(ringOf('k1'), 's:you')
    expect(() => new Webhook(whsec(other)).verify(body, headers)).toThrow('No matching')
  })

  test('is verified by the secrets of all accepted master keys', async () => {
    const headers = Object.fromEntries(await sign(ringOf('k2', 'k1')))
    for (const ring of [ringOf('k1'), ringOf('k2')]) {
      const [secret] = await signingSecrets(ring, 's:me')
      expect(() => new Webhook(whsec(secret)).verify(body, headers)).not.toThrow()
    }
  })

  test('has the same signature when it comes in pieces, but none that needs it whole', async () => {
    const pieces = [bytes.subarray(0, 7), bytes.subarray(7, 8), bytes.subarray(8)]
    const whole = (await sign()).get('webhook-signature')?.split(' ')
    const streamed = await sign(ringOf('k1'), { read: async () => pieces.shift() })
    expect(whole?.map((text) => text.split(',')[0])).toEqual(['v1', 'v1a'])
    expect(streamed.get('webhook-signature')).toBe(whole?.[0])
  })

  test('has an Ed25519 signature that the public half verifies', async () => {
    const headers = await sign()
    const [id, time] = [headers.get('webhook-id'), headers.get('webhook-timestamp')]
    const signature = /v1a,(\S+)/.exec(headers.get('webhook-signature') ?? '')?.[1] ?? ''
    const message = Buffer.from(`${id}.${time}.${body}`)
    expect(verify(null, message, pair.publicKey, Buffer.from(signature, 'base64'))).toBe(true)
    const [half] = await publicKeysOf([signingKey])
    const x = Buffer.from(half ?? []).toString('base64url')
    const told = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
    expect(told.equals(pair.publicKey)).toBe(true)
  })
})

describe("a principal's secrets", () => {
  test('are one for each master key, under its own id of the principal', async () => {
    const ring = ringOf('k2', 'k1')
    const ids = signerIds(ring, ['k:new', 'k:old'])
    expect(ids).toEqual({ k2: 'k:new', k1: 'k:old' })
    const [before] = await signingSecrets(ringOf('k1'), 'k:old')
    const secrets = await signingSecrets(ring, ids)
    expect(secrets).toHaveLength(2)
    expect(secrets[1]).toEqual(before)
    expect(signerIds(ring, ['s:me'])).toBe('s:me')
    // A master key that came after the job has no id of its principal.
    expect(await signingSecrets(ringOf('k3', 'k1'), ids)).toEqual([before])
  })
})

describe('the id of a message', () => {
  test('is that of an outcome, not of a delivery', async () => {
    const grantId = 'mfrggzdfmztwq2lknnwg23tpoa'
    const ids = await Promise.all([
      messageIdOf(grantId, 0, 'FAILED'),
      messageIdOf(grantId, 0, 'COMPLETED'),
      messageIdOf(grantId, 1, 'FAILED'),
      messageIdOf(grantId, 2, 'FAILED'),
      messageIdOf('aaaggzdfmztwq2lknnwg23tpoa', 0, 'FAILED'),
    ])
    expect(new Set(ids).size).toBe(ids.length)
    expect(await messageIdOf(grantId, 0, 'FAILED')).toBe(ids[0])
    for (const id of ids) expect(id).toMatch(/^msg_[a-z2-7]{26}$/)
  })
})
