import { Secret } from '../log.ts'

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7). */
const pkcs8Head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
const seedBytes = 32

/** A PEM block, or one word of anything else. */
const entry = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----|[^\s,]+/g

/**
 * Splits text into Ed25519 private keys, PEM (PKCS #8) or `whsk_` and base64 of 32 bytes, or of 64
 * with the public half; gives base64 of PKCS #8 of each. `fault` is told what is wrong, never a value.
 */
export function parseWebhookKeys(text: Secret, fault: (message: string) => void): Secret[] {
  // Whoever must write a variable on one line writes the line breaks so.
  const written = text.reveal().replaceAll('\\n', '\n')
  const keys = new Set<string>()
  for (const [index, [word, label, body = '']] of [...written.matchAll(entry)].entries()) {
    const seed = label === undefined ? seedOfWord(word) : seedOfBlock(label, body)
    const pkcs8 = typeof seed === 'string' ? '' : encode([...pkcs8Head, ...seed])
    if (typeof seed === 'string') fault(`Key ${index + 1} ${seed}`)
    else if (keys.has(pkcs8)) fault(`Key ${index + 1} is given twice`)
    else keys.add(pkcs8)
  }
  if (keys.size === 0) fault('holds no Ed25519 private key')
  return [...keys].map((key) => new Secret(key))
}

/** The key's own bytes, or what is wrong with it. */
function seedOfWord(word: string): Uint8Array | string {
  if (!word.startsWith('whsk_')) return 'is neither PEM nor whsk_'
  const bytes = decode(word.slice('whsk_'.length))
  if (bytes === undefined) return 'is not base64'
  const isKey = bytes.length === seedBytes || bytes.length === 2 * seedBytes
  return isKey ? bytes.subarray(0, seedBytes) : `has ${bytes.length} bytes: 32 or 64 are needed`
}

function seedOfBlock(label: string, body: string): Uint8Array | string {
  if (label === 'ENCRYPTED PRIVATE KEY') {
    return 'is encrypted: convert it with openssl pkcs8 -topk8 -nocrypt'
  }
  if (label !== 'PRIVATE KEY') return `is a ${label}: a PRIVATE KEY is needed`
  const bytes = decode(body.replace(/\s+/g, ''))
  if (bytes === undefined) return 'is not base64'
  const isKey =
    bytes.length === pkcs8Head.length + seedBytes &&
    pkcs8Head.every((byte, at) => bytes[at] === byte)
  return isKey ? bytes.subarray(pkcs8Head.length) : 'is no Ed25519 key in PKCS #8'
}

function encode(bytes: readonly number[]): string {
  return btoa(String.fromCharCode(...bytes))
}

function decode(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
