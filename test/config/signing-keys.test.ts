import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSigningKeys } from '../../src/config/signing-keys.ts'
import { Secret } from '../../src/log.ts'
import { makeSigningKey } from '../access/signing-key.ts'

const one = makeSigningKey()
const two = makeSigningKey(3072)

function parse(text: string) {
  const faults: string[] = []
  const keys = parseSigningKeys(new Secret(text), (message) => void faults.push(message))
  return { keys, faults }
}

describe('signing keys', () => {
  test('are read in their order, each with the certificate after it', () => {
    const { keys, faults } = parse(`${two.pem}\n${two.certificate}${one.pem}`)
    expect(faults).toEqual([])
    expect(keys.map(({ privateKey }) => privateKey.reveal().trim())).toEqual([
      two.pem.trim(),
      one.pem.trim(),
    ])
    expect(keys[0]?.certificate?.base64).toBe(two.certificateDer.toString('base64'))
    expect(keys[1]?.certificate).toBeUndefined()
  })

  test('may be written on one line', () => {
    const { keys, faults } = parse((one.pem + one.certificate).replaceAll('\n', '\\n'))
    expect(faults).toEqual([])
    expect(keys[0]?.privateKey.reveal()).toBe(one.pem.trim())
  })

  const pkcs1 = one.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const encrypted = one.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const pem = (label: string, bytes: Buffer) =>
    `-----BEGIN ${label}-----\n${bytes.toString('base64')}\n-----END ${label}-----\n`
  const der = one.privateKey.export({ type: 'pkcs8', format: 'der' })

  test.each([
    ['nothing', ' ', 'holds no private key'],
    ['text', 'a key', 'text beside whole PEM blocks'],
    ['a block without its end', one.pem.slice(0, -10), 'text beside whole PEM blocks'],
    ['PKCS #1', pkcs1, 'is PKCS #1: convert it with openssl'],
    ['an encrypted key', encrypted, 'is encrypted'],
    ['an EC key', elliptic.export({ type: 'pkcs8', format: 'pem' }).toString(), 'is no RSA key'],
    ['an EC key of its own form', pem('EC PRIVATE KEY', der), 'RSA is needed'],
    ['a public key', pem('PUBLIC KEY', der), 'is a public key'],
    ['a key that is too short', makeSigningKey(1024).pem, 'has 1024 bits, 2048 are needed'],
    ['a key twice', one.pem + one.pem, 'is given twice'],
    ['a certificate alone', one.certificate, 'follows no private key'],
    ['two certificates', one.pem + one.certificate + one.certificate, 'follows no private key'],
    ['what is not base64', one.pem.replace('MII', '!!!'), 'is not base64'],
    ['half a key', pem('PRIVATE KEY', der.subarray(0, 600)), 'is not PKCS #8'],
    ['no DER', pem('PRIVATE KEY', Buffer.from('hello')), 'is not PKCS #8'],
  ])('are no good with %s', (_name, text, reason) => {
    const { faults } = parse(text)
    expect(faults.join('\n')).toContain(reason)
    for (const fault of faults) expect(fault).not.toMatch(/[A-Za-z0-9+/]{40}/)
  })

  test('takes anything without an error of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(der.length), (bytes, at) => {
        const changed = Buffer.from(der)
        changed.set(bytes.subarray(0, der.length - at), at)
        parse(pem('PRIVATE KEY', changed))
        parse(pem('PRIVATE KEY', Buffer.from(bytes)))
      }),
    )
  })
})
