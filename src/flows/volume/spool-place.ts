import type { Grant } from '../../grants/grant.ts'
import type { ObjectStore } from '../../store/store.ts'
import type { Deps } from '../deps.ts'

/**
 * Where a webhook's body waits for its client: in the store of its job, or in the state store where
 * that is a network volume, which is slow and room that the job's owner pays for. Undefined where the
 * configuration has the job's store no more.
 */
export function spoolPlace(
  { config, store, stateStore }: Pick<Deps, 'config' | 'store' | 'stateStore'>,
  { storeId }: Pick<Grant, 'storeId'>,
): { readonly storeId: string; readonly store: ObjectStore } | undefined {
  if (config.stores.get(storeId)?.volume !== undefined) {
    return { storeId: config.stateStoreId, store: stateStore }
  }
  const own = store(storeId)
  return own && { storeId, store: own }
}
