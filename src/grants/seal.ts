import type { Keyring } from '../config/keyring.ts'
import { Secret } from '../log.ts'
import type { Grant } from './grant.ts'
import { openJson, sealJson } from './sealed-json.ts'

/** Seals a grant, its secrets among it. */
export async function sealGrant(
  keyring: Keyring,
  objectKey: string,
  grant: Grant,
): Promise<Uint8Array> {
  const secrets = grant.secrets.map(({ kind, value }) => ({ kind, value: value.reveal() }))
  return await sealJson(keyring, 'grant-seal', objectKey, { v: 1, ...grant, secrets })
}

/**
 * Opens a sealed grant.
 * @throws as `openJson`, and when it is of an unknown version
 */
export async function openGrant(
  keyring: Keyring,
  objectKey: string,
  sealed: Uint8Array,
): Promise<Grant> {
  const { v, secrets, ...rest } = await openJson<StoredGrant>(
    keyring,
    'grant-seal',
    objectKey,
    sealed,
  )
  if (v !== 1) throw new TypeError('The grant has an unknown version')
  return {
    ...rest,
    secrets: secrets.map(({ kind, value }) => ({ kind, value: new Secret(value) })),
  }
}

type StoredGrant = Omit<Grant, 'secrets'> & {
  readonly v: unknown
  readonly secrets: readonly { readonly kind: string; readonly value: string }[]
}
