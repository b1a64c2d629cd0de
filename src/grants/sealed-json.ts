import { FlattenedEncrypt, type FlattenedJWE, flattenedDecrypt } from 'jose'
import { encodeBase64url } from '../bytes/base64url.ts'
import type { Keyring, KeyUse } from '../config/keyring.ts'

const encoder = new TextEncoder()

/**
 * Seals a record of the state store: flattened JWE, `dir` + A256GCM under the current kid's key for
 * this use, bound to the object key it is stored under.
 */
export async function sealJson(
  keyring: Keyring,
  use: KeyUse,
  objectKey: string,
  plain: unknown,
): Promise<Uint8Array> {
  const kid = keyring.current
  const key = await keyring.derive(kid, use)
  if (key === undefined) throw new TypeError('The current master key is unknown')
  const { aad: _implied, ...sealed } = await new FlattenedEncrypt(
    encoder.encode(JSON.stringify(plain)),
  )
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
    .setAdditionalAuthenticatedData(encoder.encode(objectKey))
    .encrypt(key)
  return encoder.encode(JSON.stringify(sealed))
}

/**
 * Opens a record that `sealJson` made of a `T`, with whichever accepted kid sealed it.
 * @throws when it was altered, moved to another key, or sealed under a kid no longer accepted
 */
export async function openJson<T>(
  keyring: Keyring,
  use: KeyUse,
  objectKey: string,
  sealed: Uint8Array,
): Promise<T> {
  const jwe: FlattenedJWE = JSON.parse(new TextDecoder().decode(sealed))
  const { plaintext } = await flattenedDecrypt(
    { ...jwe, aad: encodeBase64url(encoder.encode(objectKey)) },
    async (header) => {
      const kid = header?.kid
      const key = kid === undefined ? undefined : await keyring.derive(kid, use)
      if (key === undefined) throw new TypeError('The record was sealed under an unknown kid')
      return key
    },
    { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
  )
  return JSON.parse(new TextDecoder().decode(plaintext))
}
