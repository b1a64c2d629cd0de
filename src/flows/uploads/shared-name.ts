import { GatewayError } from '../../errors.ts'
import { headObject } from '../../store/head-object.ts'
import { persistentKey, sharedRoot } from '../../store/keys.ts'
import type { ObjectStore } from '../../store/store.ts'
import { sharedKey } from '../../store/volume/volume-path.ts'
import { ownerHash } from '../../uploads/by-sha256.ts'
import { holderOf } from '../../uploads/kept-name.ts'
import { isShared, turnName } from '../../uploads/turn-name.ts'
import type { Upload } from '../../uploads/upload.ts'
import type { Deps } from '../deps.ts'

/**
 * Key of a file that is kept under a name: in a shared folder of a network volume the name is its
 * path, elsewhere each owner has names of its own.
 *
 * @throws {GatewayError} invalid_request for a name that no file can have
 */
export async function keptKeyOf(
  { config }: Pick<Deps, 'config'>,
  { storeId, owner, endpointId }: Pick<Upload, 'storeId' | 'owner' | 'endpointId'>,
  name: string,
): Promise<string> {
  const volume = config.stores.get(storeId)?.volume
  const shared = volume && sharedKey(volume, name)
  return shared ?? persistentKey(await ownerHash(owner), endpointId, name)
}

/**
 * Refuses at the start of an upload a shared name that could not be had at its end.
 *
 * @throws {GatewayError} forbidden; store_unavailable
 */
export async function requireFreeName(
  deps: Deps,
  store: ObjectStore,
  upload: Upload,
  isMine: (owner: string) => Promise<boolean>,
): Promise<void> {
  const { keptKey } = upload
  if (keptKey === undefined || !isShared(keptKey)) return
  const holder = await holderOf(deps.stateStore, turnName({ ...upload, keptKey }))
  await requireOwnName(deps, { ...upload, keptKey }, holder, isMine)
  if (holder !== undefined) return
  // One that nobody holds may be left of an upload that is about to be completed: the end tells.
  const head = await headObject(store, keptKey)
  if (head !== undefined && head.size !== upload.size) throw nameTaken(keptKey)
}

/**
 * Lets only its owner replace the file of a shared name.
 *
 * @throws {GatewayError} forbidden; store_unavailable
 */
export async function requireOwnName(
  { uploads }: Deps,
  upload: Upload & { readonly keptKey: string },
  holder: string | undefined,
  isMine: (owner: string) => Promise<boolean>,
): Promise<void> {
  if (holder === undefined || holder === upload.uploadId) return
  const held = await uploads.read(holder)
  if (held === undefined || held.owner === upload.owner || (await isMine(held.owner))) return
  throw nameTaken(upload.keptKey)
}

/** The error of a shared name that is somebody else's, or of a file that the gateway did not put there. */
export function nameTaken(keptKey: string): GatewayError {
  const name = keptKey.slice(sharedRoot.length)
  const detail = `Choose another name than "${name}": a file of somebody else has it on the volume`
  return new GatewayError('forbidden', detail, { pointer: '/name' })
}
