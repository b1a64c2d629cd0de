import { decodeBase64url } from '../bytes/base64url.ts'
import type { Secret } from '../log.ts'

const algorithm = 'Ed25519'

/** Signs a message by each key, base64 of PKCS #8; 64 bytes a signature. */
export async function signEd25519(
  keys: readonly Secret[],
  message: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array[]> {
  const signatures: Uint8Array[] = []
  for (const key of keys) {
    const signer = await importKey(key, false)
    signatures.push(new Uint8Array(await crypto.subtle.sign(algorithm, signer, message)))
  }
  return signatures
}

/** The public halves, 32 bytes each. */
export async function publicKeysOf(keys: readonly Secret[]): Promise<Uint8Array[]> {
  const halves: Uint8Array[] = []
  for (const key of keys) {
    // Of a private key WebCrypto tells the public half in this form alone.
    const jwk = await crypto.subtle.exportKey('jwk', await importKey(key, true))
    const half = decodeBase64url('x' in jwk ? `${jwk.x}` : '')
    if (half?.length !== 32) throw new TypeError('The runtime does not tell a public key')
    halves.push(half)
  }
  return halves
}

async function importKey(key: Secret, extractable: boolean): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(key.reveal()), (character) => character.charCodeAt(0))
  return await crypto.subtle.importKey('pkcs8', bytes, algorithm, extractable, ['sign'])
}
