import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { readConfig } from '../../src/config/read-config.ts'

const pem = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()

function read(webhooks: object | undefined, signingKeys = pem): Config['webhooks'] {
  const secret = { env: 'ANY' }
  const document = {
    publicUrl: 'https://gateway.example',
    stores: {
      main: {
        kind: 's3',
        endpoint: 'https://store.example',
        region: 'auto',
        bucket: 'bucket',
        accessKeyId: secret,
        secretAccessKey: secret,
      },
    },
    stateStore: 'main',
    endpoints: { '*': { store: 'main' } },
    auth: { mode: 'passthrough' },
    masterKeys: { env: 'MASTER' },
    ...(webhooks && { webhooks }),
  }
  const secrets: Record<string, string> = {
    MASTER: `k1:${btoa('a'.repeat(32))}`,
    KEYS: signingKeys,
    ANY: 'any',
  }
  return readConfig(JSON.stringify(document), (name) => secrets[name]).webhooks
}

describe('webhooks', () => {
  test('are relayed and signed by HMAC alone where nothing is said', () => {
    expect(read(undefined)).toEqual({
      durable: false,
      signingKeys: [],
      ed25519MaxBytes: 262_144,
      attemptSeconds: 300,
      pollSeconds: 5,
    })
  })

  test('have keys that are never shown', () => {
    const webhooks = read({ durable: true, signingKeys: { env: 'KEYS' } })
    expect(webhooks).toMatchObject({ durable: true, pollSeconds: 5 })
    expect(webhooks.signingKeys).toHaveLength(1)
    expect(JSON.stringify(webhooks)).toContain('[secret]')
  })

  test.each([
    ['a key that is none', { signingKeys: { env: 'KEYS' } }, 'no key', 'is neither PEM nor whsk_'],
    ['a secret that is missing', { signingKeys: { env: 'MISSING' } }, '', 'MISSING'],
    ['a key in the document', { signingKeys: 'whsk_AAAA' }, '', '/webhooks/signingKeys'],
    ['an attempt of no time', { attemptSeconds: 1 }, '', '/webhooks/attemptSeconds'],
    ['a field that is unknown', { retries: 3 }, '', 'retries'],
  ])('are refused with %s', (_name, webhooks, keys, reason) => {
    expect(() => read(webhooks, keys)).toThrow(reason)
  })
})
