import { FlattenedEncrypt, type FlattenedJWE, flattenedDecrypt } from 'jose'
import type { Keyring } from '../config/keyring.ts'
import { Secret } from '../log.ts'
import type { Grant } from './grant.ts'

const encoder = new TextEncoder()

/**
 * Seals a grant: flattened JWE, `dir` + A256GCM under the current kid's `grant-seal` key, bound to
 * the object key it is stored under.
 */
export async function sealGrant(
  keyring: Keyring,
  objectKey: string,
  grant: Grant,
): Promise<Uint8Array> {
  const kid = keyring.current
  const key = await keyring.derive(kid, 'grant-seal')
  if (key === undefined) throw new TypeError('The current master key is unknown')
  const secrets = grant.secrets.map(({ kind, value }) => ({ kind, value: value.reveal() }))
  const plain = JSON.stringify({ v: 1, ...grant, secrets })
  const { aad: _implied, ...sealed } = await new FlattenedEncrypt(encoder.encode(plain))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
    .setAdditionalAuthenticatedData(encoder.encode(objectKey))
    .encrypt(key)
  return encoder.encode(JSON.stringify(sealed))
}

/**
 * Opens a sealed grant with whichever accepted kid sealed it.
 * @throws when it was altered, moved to another key, or sealed under a kid no longer accepted
 */
export async function openGrant(
  keyring: Keyring,
  objectKey: string,
  sealed: Uint8Array,
): Promise<Grant> {
  const jwe: FlattenedJWE = JSON.parse(new TextDecoder().decode(sealed))
  const { plaintext } = await flattenedDecrypt(
    { ...jwe, aad: base64url(encoder.encode(objectKey)) },
    async (header) => {
      const kid = header?.kid
      const key = kid === undefined ? undefined : await keyring.derive(kid, 'grant-seal')
      if (key === undefined) throw new TypeError('The grant was sealed under an unknown kid')
      return key
    },
    { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
  )
  const { v, secrets, ...rest } = JSON.parse(new TextDecoder().decode(plaintext))
  if (v !== 1) throw new TypeError('The grant has an unknown version')
  const opened: { kind: string; value: string }[] = secrets
  return { ...rest, secrets: opened.map(({ kind, value }) => ({ kind, value: new Secret(value) })) }
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
