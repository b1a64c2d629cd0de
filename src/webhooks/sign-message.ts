import { concat } from '../bytes/concat.ts'
import type { Keyring } from '../config/keyring.ts'
import type { Secret } from '../log.ts'
import type { Platform } from '../platform.ts'
import { signEd25519 } from './ed25519.ts'
import { type SignerIds, signingSecrets } from './signing-secret.ts'
import { createStreamHmac } from './stream-hmac.ts'

/** What is signed, and by whom. */
export interface Signing {
  readonly platform: Pick<Platform, 'sha256' | 'now'>
  readonly keyring: Keyring
  readonly signer: SignerIds
  /** Ed25519 private keys, base64 of PKCS #8; none where `body` is no bytes. */
  readonly ed25519: readonly Secret[]
  readonly messageId: string
  /** Bytes, or chunks that are valid until the next one is read. */
  readonly body: Uint8Array | { read(): Promise<Uint8Array | undefined> }
}

/**
 * The headers of Standard Webhooks for one attempt: id, time of the attempt (seconds) and, one after the
 * other, `v1` of every secret of the signer and `v1a` of every Ed25519 key. Reads the body to its end.
 */
export async function signMessage(signing: Signing): Promise<Headers> {
  const { platform, keyring, signer, messageId, body, ed25519 } = signing
  const timestamp = Math.floor(platform.now() / 1000)
  const head = new TextEncoder().encode(`${messageId}.${timestamp}.`)
  const secrets = await signingSecrets(keyring, signer)
  const macs = await Promise.all(secrets.map((secret) => createStreamHmac(platform, secret)))
  const update = async (chunk: Uint8Array) => {
    for (const mac of macs) await mac.update(chunk)
  }

  await update(head)
  const isWhole = body instanceof Uint8Array
  if (isWhole) await update(body)
  else for (let chunk = await body.read(); chunk; chunk = await body.read()) await update(chunk)
  const signatures: string[] = []
  for (const mac of macs) signatures.push(`v1,${encode(await mac.digest())}`)
  if (isWhole && ed25519.length > 0) {
    const made = await signEd25519(ed25519, concat([head, body]))
    signatures.push(...made.map((signature) => `v1a,${encode(signature)}`))
  }
  return new Headers({
    'webhook-id': messageId,
    'webhook-timestamp': `${timestamp}`,
    'webhook-signature': signatures.join(' '),
  })
}

function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
