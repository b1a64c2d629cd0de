import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** An RSA key of its own, as an operator writes it. */
export interface SigningKeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** PKCS #8. */
  readonly pem: string
  /** Self-signed. */
  readonly certificate: string
  readonly certificateDer: Buffer
  /** SHA-1 of the certificate, hex. */
  readonly thumbprint: string
}

/** Makes a key and a certificate for it. */
export function makeSigningKey(modulusLength = 2048): SigningKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength })
  const der = certify(privateKey, publicKey)
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return {
    privateKey,
    publicKey,
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    certificateDer: der,
    thumbprint: createHash('sha1').update(der).digest('hex'),
  }
}

/** X.509 v3 (RFC 5280), signed by the key itself: CN=bulkway, good from 2026 to 2036. */
function certify(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const sha256WithRsa = sequence(element(6, '2a864886f70d01010b'), element(5))
  const name = sequence(
    element(0x31, sequence(element(6, '550403'), element(12, Buffer.from('bulkway')))),
  )
  const validity = sequence(
    element(23, Buffer.from('260101000000Z')),
    element(23, Buffer.from('360101000000Z')),
  )
  const body = sequence(
    element(0xa0, element(2, '02')),
    element(2, '01'),
    sha256WithRsa,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, privateKey)
  return sequence(body, sha256WithRsa, element(3, Buffer.concat([Buffer.alloc(1), signature])))
}

function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts))
}

function element(tag: number, content: Buffer | string = ''): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'hex') : content
  const { length } = bytes
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), bytes])
}
