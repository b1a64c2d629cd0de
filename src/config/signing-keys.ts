import { Secret } from '../log.ts'

/** A private key as it is written, perhaps with its certificate. */
export interface SigningKeyText {
  /** PEM, PKCS #8. */
  readonly privateKey: Secret
  readonly certificate?: {
    readonly pem: string
    /** DER in base64 without line breaks. */
    readonly base64: string
  }
}

const shortestBits = 2048

/** rsaEncryption, 1.2.840.113549.1.1.1, as DER has it. */
const rsaIdentifier = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]

const block = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g

const toPkcs8 = 'convert it with openssl pkcs8 -topk8 -nocrypt'
const refusedLabels: Readonly<Record<string, string>> = {
  'RSA PRIVATE KEY': `is PKCS #1: ${toPkcs8}`,
  'EC PRIVATE KEY': 'is an EC key: RSA is needed',
  'ENCRYPTED PRIVATE KEY': `is encrypted: ${toPkcs8}`,
  'PUBLIC KEY': 'is a public key',
}

/**
 * Splits PEM text into private keys, each with the certificate after it; `fault` is told what is wrong,
 * never with a value. A key's numbers are not looked at beyond its length.
 */
export function parseSigningKeys(text: Secret, fault: (message: string) => void): SigningKeyText[] {
  // Whoever must write a variable on one line writes the line breaks so.
  const pem = text.reveal().replaceAll('\\n', '\n')
  if (pem.replace(block, '').trim() !== '') fault('holds text beside whole PEM blocks')
  const keys: SigningKeyText[] = []
  const seen = new Set<string>()
  for (const [index, [whole, label = '', body = '']] of [...pem.matchAll(block)].entries()) {
    const base64 = body.replace(/\s+/g, '')
    const der = decode(base64)
    const wrong = (message: string) => fault(`Block ${index + 1} (${label}) ${message}`)
    const last = keys.at(-1)
    if (der === undefined) wrong('is not base64')
    else if (label === 'CERTIFICATE') {
      if (last === undefined || last.certificate !== undefined) wrong('follows no private key')
      else keys[keys.length - 1] = { ...last, certificate: { pem: whole, base64 } }
    } else if (label !== 'PRIVATE KEY') {
      wrong(refusedLabels[label] ?? 'is neither a private key nor a certificate')
    } else {
      const reason = seen.has(base64) ? 'is given twice' : faultOfKey(der)
      if (reason !== undefined) wrong(reason)
      seen.add(base64)
      keys.push({ privateKey: new Secret(whole) })
    }
  }
  if (keys.length === 0) fault('holds no private key: PEM (PKCS #8) is expected')
  return keys
}

function decode(base64: string): Uint8Array | undefined {
  try {
    return base64 === '' ? undefined : Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** PrivateKeyInfo of RFC 5208: version, algorithm, an octet string that holds RSAPrivateKey. */
function faultOfKey(der: Uint8Array): string | undefined {
  const info = children(der, 0x30)
  const identifier = info?.[1]
  if (info === undefined || identifier === undefined) return 'is not PKCS #8'
  if (!rsaIdentifier.every((byte, at) => identifier[at] === byte)) return 'is no RSA key'
  const modulus = info[2] && children(info[2], 0x30)?.[1]
  if (modulus === undefined) return 'is not PKCS #8'
  const first = modulus.findIndex((byte) => byte !== 0)
  const bits = first < 0 ? 0 : (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24
  return bits < shortestBits ? `has ${bits} bits, ${shortestBits} are needed` : undefined
}

/** Contents of the elements inside the one element of `der`; undefined when its lengths are wrong. */
function children(der: Uint8Array, tag: number): Uint8Array[] | undefined {
  const [outer, ...more] = elements(der) ?? []
  if (outer === undefined || more.length > 0 || der[0] !== tag) return undefined
  return elements(outer)
}

function elements(der: Uint8Array): Uint8Array[] | undefined {
  const found: Uint8Array[] = []
  for (let at = 0; at < der.length; ) {
    const short = der[at + 1] ?? 0
    const count = short < 0x80 ? 0 : short & 0x7f
    if (count > 4) return undefined
    let length = count === 0 ? short : 0
    for (const byte of der.subarray(at + 2, at + 2 + count)) length = length * 256 + byte
    const start = at + 2 + count
    if (start + length > der.length) return undefined
    found.push(der.subarray(start, start + length))
    at = start + length
  }
  return found
}
