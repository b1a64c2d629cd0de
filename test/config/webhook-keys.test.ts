import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseWebhookKeys } from '../../src/config/webhook-keys.ts'
import { Secret } from '../../src/log.ts'

const make = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const der = privateKey.export({ type: 'pkcs8', format: 'der' })
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const seed = der.subarray(-32)
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    base64: der.toString('base64'),
    short: `whsk_${seed.toString('base64')}`,
    long: `whsk_${Buffer.concat([seed, raw]).toString('base64')}`,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
const one = make()
const two = make()
const three = make()

function parse(text: string) {
  const faults: string[] = []
  const keys = parseWebhookKeys(new Secret(text), (message) => void faults.push(message))
  return { keys: keys.map((key) => key.reveal()), faults }
}

describe('the keys that sign webhooks', () => {
  test('are read in their order, in every form', () => {
    const { keys, faults } = parse(`${one.short}, ${two.pem}${three.long}`)
    expect(faults).toEqual([])
    expect(keys).toEqual([one.base64, two.base64, three.base64])
  })

  test('may be written on one line', () => {
    expect(parse(one.pem.replaceAll('\n', '\\n'))).toEqual({ keys: [one.base64], faults: [] })
  })

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const x25519 = generateKeyPairSync('x25519').privateKey
  test.each([
    ['nothing', ' ', 'holds no Ed25519 private key'],
    ['a word', 'hello', 'is neither PEM nor whsk_'],
    ['a secret of the other kind', `whsec_${'A'.repeat(32)}`, 'is neither PEM nor whsk_'],
    ['too few bytes', 'whsk_AAAA', 'has 3 bytes: 32 or 64 are needed'],
    ['what is not base64', 'whsk_!', 'is not base64'],
    ['an RSA key', rsa.export({ type: 'pkcs8', format: 'pem' }).toString(), 'is no Ed25519 key'],
    ['an X25519 key', x25519.export({ type: 'pkcs8', format: 'pem' }).toString(), 'is no Ed25519'],
    ['a public key', one.publicPem, 'is a PUBLIC KEY: a PRIVATE KEY is needed'],
    ['a key twice', `${one.pem}${one.short}`, 'Key 2 is given twice'],
    ['a block without its end', one.pem.slice(0, -10), 'is neither PEM nor whsk_'],
  ])('are no good with %s', (_name, text, reason) => {
    expect(parse(text).faults.join()).toContain(reason)
  })

  test('are never shown in a fault', () => {
    const { faults } = parse(`${one.pem.slice(0, -10)} x${two.short}`)
    const text = faults.join()
    for (const { base64, short } of [one, two]) {
      expect(text).not.toContain(base64.slice(-20))
      expect(text).not.toContain(short.slice(-20))
    }
  })
})
