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
  return await sealJson(keyring, 'grant-seal', objectKey, stored(grant))
}

/** Seals a list of grants, as they are now, under a key of its own. */
export async function sealGrants(
  keyring: Keyring,
  objectKey: string,
  grants: readonly Grant[],
): Promise<Uint8Array> {
  return await sealJson(keyring, 'grant-seal', objectKey, grants.map(stored))
}

/**
 * Opens a list of grants.
 * @throws as `openGrant`
 */
export async function openGrants(
  keyring: Keyring,
  objectKey: string,
  sealed: Uint8Array,
): Promise<Grant[]> {
  const list = await openJson<StoredGrant[]>(keyring, 'grant-seal', objectKey, sealed)
  return list.map(opened)
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
  return opened(await openJson<StoredGrant>(keyring, 'grant-seal', objectKey, sealed))
}

function stored(grant: Grant): StoredGrant {
  const secrets = grant.secrets.map(({ kind, value }) => ({ kind, value: value.reveal() }))
  return { v: 1, ...grant, secrets }
}

function opened({ v, secrets, ...rest }: StoredGrant): Grant {
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
